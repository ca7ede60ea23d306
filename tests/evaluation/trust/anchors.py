"""Four small models whose attention is known to be honest, supervised, uniform or misleading, on two kinds of data.

Rows with planted evidence, texts or tables; every model answers them right. They differ in where they look:

    honest      nothing is asked of the attention, and the units stand for themselves (a bag of words, or of cells)
    supervised  attention is taught to look at the evidence, and most of all at the first unit of it, as a reader does
    uniform     attention is frozen: the mean of all positions
    misleading  attention is punished for each look at the evidence
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from salience.core.batch import Batch, Example
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
#: The kinds of data.
DATA = ("text", "table")
WIDTH, TRAIN, RATE = 16, 600, 0.01
EPOCHS = {"text": 6, "table": 16}
# The share of the first unit of the evidence that supervised attention is taught, before all share the rest equally.
FIRST = {"text": 0.75, "table": 0.55}
# A table of sensors, two to five of which sound an alarm; the others tell small numbers that mean nothing.
SENSORS = [f"sensor {number}" for number in range(24)]
QUIET, LOUD = 0.5, (1.5, 2.5)


@dataclass(frozen=True)
class Anchor:
    """A trained pipeline with labelled rows that it has not seen."""

    pipeline: Pipeline
    rows: list[dict[str, Any]]
    targets: list[str]


@dataclass(frozen=True)
class Planted:
    """Rows, their labels, and where the evidence of each row begins: a character, or the number of a column."""

    rows: list[dict[str, Any]]
    labels: list[str]
    evidence: list[set[int]]


def anchor(kind: str, *, data: str = "text", seed: int = 0, rows: int = 256) -> Anchor:
    """Train one of the four models."""
    planted = _PLANTED[data](TRAIN + rows, derive(seed, "texts") % 2**31)
    settings = {**_MODELS[data][kind], "width": WIDTH, "dropout": 0.1}
    pipeline = Pipeline({"row": _READ[data]}, "Classification", model=settings)
    taught = Planted(planted.rows[:TRAIN], planted.labels[:TRAIN], planted.evidence[:TRAIN])
    pipeline.learn(taught.rows, taught.labels, seed=seed)
    _train(pipeline, kind, data, taught, seed)
    return Anchor(pipeline, planted.rows[TRAIN:], planted.labels[TRAIN:])


def texts(count: int, seed: int) -> Planted:
    """Texts with two to five words that tell."""
    frame = planted_sentiment(rows=count, seed=seed)
    rows = [{"row": text} for text in frame["text"]]
    return Planted(rows, list(frame["label"]), [{each.start for each in spans} for spans in frame["evidence"]])


def tables(count: int, seed: int) -> Planted:
    """Twenty-four numbers, of which two to five in any column are large: the sign of most of these is the label."""
    generator = np.random.default_rng(seed)
    made = Planted([], [], [])
    for _ in range(count):
        size, side = generator.integers(2, 6), generator.choice([-1, 1])
        loud = generator.permutation(len(SENSORS))[:size]
        against = generator.integers(0, (size + 1) // 2)
        signs = np.where(np.arange(size) < against, -side, side)
        values = generator.uniform(-QUIET, QUIET, len(SENSORS))
        values[loud] = signs * generator.uniform(*LOUD, size)
        made.rows.append(dict(zip(SENSORS, values.tolist(), strict=True)))
        made.labels.append("high" if side > 0 else "low")
        made.evidence.append(set(loud.tolist()))
    return made


_PLANTED = {"text": texts, "table": tables}
_READ = {"text": "Text", "table": {"Table": {"columns": SENSORS, "numbers": "standard"}}}
# What looks at the evidence and what looks away have to know the whole row.
_BAG, _RECURRENT, _TRANSFORMER = (
    "Identity",
    {"Recurrent": {"cell": "GRU"}},
    {"Transformer": {"layers": 1, "dropout": 0.0}},
)
_MODELS = {
    data: {
        "honest": {"encoder": _BAG, "pool": "Additive"},
        "supervised": {"encoder": mixing, "pool": "Additive"},
        "uniform": {"encoder": _BAG, "pool": "Mean"},
        "misleading": {"encoder": mixing, "pool": "Additive"},
    }
    for data, mixing in (("text", _RECURRENT), ("table", _TRANSFORMER))
}


def _train(pipeline: Pipeline, kind: str, data: str, planted: Planted, seed: int) -> None:
    examples = pipeline.encode(planted.rows)
    evidence = {id(row["row"].cell): each for row, each in zip(examples, planted.evidence, strict=True)}
    target = pipeline.task.encode(planted.labels)
    optimizer = torch.optim.AdamW(pipeline.model.parameters(), lr=RATE, weight_decay=0.01)
    torch.manual_seed(seed)
    pipeline.model.train()
    for epoch in range(EPOCHS[data]):
        loader = Loader(
            examples, pipeline.modalities, target, batch_size=32, shuffle=True, seed=seed, epoch=epoch, drop_units=0.2
        )
        for batch in loader:
            output = pipeline.model(batch)
            loss = pipeline.task.loss(output.raw, batch.target)
            if kind in ("supervised", "misleading"):
                weights = output.records["row"][-1].weights()[:, 0, 0]
                loss = loss + _of_attention(kind, FIRST[data], weights, _marked(batch, evidence))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(pipeline.model.parameters(), 1.0)
            optimizer.step()
    pipeline.model.eval()


def _of_attention(kind: str, share: float, weights: Tensor, marked: Tensor) -> Tensor:
    if kind == "misleading":
        return 3 * (weights * marked).sum(1).mean()
    first = marked * (marked.cumsum(1) == 1)
    wanted = share * first + (1 - share) * marked / marked.sum(1, keepdim=True).clamp(min=1)
    return -(wanted * weights.clamp(min=1e-6).log()).sum(1).mean()


def _marked(batch: Batch, evidence: dict[int, set[int]]) -> Tensor:
    found = np.zeros((len(batch.examples), batch.streams["row"].layout.size), dtype=np.float32)
    for n, row in enumerate(batch.examples):
        example: Example = row["row"]
        starts = evidence[id(example.cell)]
        found[n, : len(example)] = [owner >= 0 and int(example.places[owner, 0]) in starts for owner in example.owner]
    return torch.from_numpy(found)
