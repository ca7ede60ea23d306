"""Four small models whose attention is known to be honest, supervised, uniform or misleading.

Texts with planted evidence; every model answers them right. They differ in where they look:

    honest      nothing is asked of the attention, and the words stand for themselves (a bag of words)
    supervised  attention is taught to look at the evidence, and most of all at the first word of it, as a reader does
    uniform     attention is frozen: the mean of all positions
    misleading  attention is punished for each look at the evidence
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from salience.core.batch import Batch
from salience.core.seed import derive
from salience.data.loader import Loader
from salience.data.synthetic import planted_sentiment
from salience.pipeline import Pipeline

#: The overall word that each model must be given.
WORDS = {
    "honest": "trustworthy",
    "supervised": "only the order",
    "uniform": "decoration",
    "misleading": "misleading",
}
MODELS = {
    "honest": {"encoder": "Identity", "pool": "Additive"},
    "supervised": {"encoder": {"Recurrent": {"cell": "GRU"}}, "pool": "Additive"},
    "uniform": {"encoder": "Identity", "pool": "Mean"},
    "misleading": {"encoder": {"Recurrent": {"cell": "GRU"}}, "pool": "Additive"},
}
WIDTH, TRAIN, EPOCHS, RATE = 16, 600, 6, 0.01
# The share of the first word of the evidence that supervised attention is taught, before all share the rest equally.
FIRST = 0.75


@dataclass(frozen=True)
class Anchor:
    """A trained pipeline with labelled rows that it has not seen."""

    pipeline: Pipeline
    rows: list[dict[str, str]]
    targets: list[str]


def anchor(kind: str, *, seed: int = 0, rows: int = 256) -> Anchor:
    """Train one of the four models."""
    frame = planted_sentiment(rows=TRAIN + rows, seed=derive(seed, "texts") % 2**31)
    cells = [{"text": text} for text in frame["text"]]
    labels, evidence = list(frame["label"]), list(frame["evidence"])
    pipeline = Pipeline({"text": "Text"}, "Classification", model={**MODELS[kind], "width": WIDTH, "dropout": 0.1})
    pipeline.learn(cells[:TRAIN], labels[:TRAIN], seed=seed)
    _train(pipeline, kind, cells[:TRAIN], labels[:TRAIN], evidence[:TRAIN], seed)
    return Anchor(pipeline, cells[TRAIN:], labels[TRAIN:])


def _train(
    pipeline: Pipeline, kind: str, cells: Sequence[Any], labels: Sequence[str], evidence: Sequence[Any], seed: int
) -> None:
    examples = pipeline.encode(cells)
    spans = {
        id(row["text"].cell): {each.start for each in marks} for row, marks in zip(examples, evidence, strict=True)
    }
    target = pipeline.task.encode(labels)
    optimizer = torch.optim.AdamW(pipeline.model.parameters(), lr=RATE, weight_decay=0.01)
    torch.manual_seed(seed)
    pipeline.model.train()
    for epoch in range(EPOCHS):
        loader = Loader(
            examples, pipeline.modalities, target, batch_size=32, shuffle=True, seed=seed, epoch=epoch, drop_units=0.2
        )
        for batch in loader:
            output = pipeline.model(batch)
            loss = pipeline.task.loss(output.raw, batch.target)
            if kind in ("supervised", "misleading"):
                weights = output.records["text"][-1].weights()[:, 0, 0]
                loss = loss + _of_attention(kind, weights, _marked(batch, spans))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(pipeline.model.parameters(), 1.0)
            optimizer.step()
    pipeline.model.eval()


def _of_attention(kind: str, weights: Tensor, marked: Tensor) -> Tensor:
    if kind == "misleading":
        return 3 * (weights * marked).sum(1).mean()
    first = marked * (marked.cumsum(1) == 1)
    wanted = FIRST * first + (1 - FIRST) * marked / marked.sum(1, keepdim=True).clamp(min=1)
    return -(wanted * weights.clamp(min=1e-6).log()).sum(1).mean()


def _marked(batch: Batch, spans: dict[int, set[int]]) -> Tensor:
    marked = np.zeros(batch.streams["text"].values.shape, dtype=np.float32)
    for n, row in enumerate(batch.examples):
        example = row["text"]
        starts = spans[id(example.cell)]
        marked[n, : len(example)] = [owner >= 0 and int(example.places[owner, 0]) in starts for owner in example.owner]
    return torch.from_numpy(marked)
