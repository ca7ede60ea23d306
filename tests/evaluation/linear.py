"""A pipeline whose true importances are known: log-odds that add up over words.

The log-odds of "yes" are a bias plus one weight per word. So the contribution of a word is its weight, for every method
that is right, and attention can be made to tell the truth about it, or the opposite, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from salience.core.batch import Batch
from salience.core.record import Dense
from salience.models.model import Output
from salience.pipeline import Pipeline

TRUE, FALSE, EVEN = 1.0, -1.0, 0.0


class Linear(nn.Module):
    """Raw numbers [0, bias + sum of the weights of all words], or the sum alone for a regression.

    Attention is the softmax of `honesty` times the contribution of each word to the prediction.
    """

    def __init__(self, columns: Mapping[str, Tensor], *, bias: float, honesty: float, outputs: int) -> None:
        super().__init__()
        self.columns = list(columns)
        self.words = nn.ParameterList(weights.clone() for weights in columns.values())
        self.bias = bias
        self.honesty = honesty
        self.outputs = outputs

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    def embed(self, batch: Batch) -> dict[str, Tensor]:
        # Two numbers per position: contributions must be summed over the width.
        return {
            column: torch.stack([words[batch.streams[column].values], words[batch.streams[column].values]], -1)
            for column, words in zip(self.columns, self.words, strict=True)
        }

    def read(self, embedded: Mapping[str, Tensor], batch: Batch) -> Output:
        layouts = {column: batch.streams[column].layout for column in self.columns}
        given = {
            column: (embedded[column] @ torch.tensor([0.25, 0.75], dtype=embedded[column].dtype)).masked_fill(
                ~layout.mask, 0.0
            )
            for column, layout in layouts.items()
        }
        total = self.bias + torch.stack([each.sum(1) for each in given.values()]).sum(0)
        side = torch.ones_like(total) if self.outputs == 1 else torch.where(total > 0, 1.0, -1.0)
        records = {}
        for column, layout in layouts.items():
            logits = (self.honesty * side[:, None] * given[column]).masked_fill(~layout.mask, float("-inf"))
            records[column] = (Dense(logits.softmax(-1)[:, None, None], layout.lengths.clamp(max=1)),)
        raw = total[:, None] if self.outputs == 1 else torch.stack([torch.zeros_like(total), total], 1)
        return Output(raw, records)


def linear(
    *columns: Mapping[str, float], bias: float = 0.0, honesty: float = TRUE, task: str = "Classification"
) -> Pipeline:
    """A pipeline with columns a, b, ... and the given weight per word; a word it does not know weighs nothing."""
    names = [chr(ord("a") + i) for i in range(len(columns))]
    pipeline = Pipeline({name: {"Text": {"min_count": 1}} for name in names}, task, model={"width": 2})
    rows = [{name: " ".join(words) for name, words in zip(names, columns, strict=True)}] * 2
    pipeline.learn(rows, [-1.0, 1.0] if task == "Regression" else ["no", "yes"])
    weights = {
        name: torch.tensor([words.get(key, 0.0) for key in keys(pipeline, name)], dtype=torch.float64)
        for name, words in zip(names, columns, strict=True)
    }
    outputs = 1 if task == "Regression" else 2
    pipeline.model = Linear(weights, bias=bias, honesty=honesty, outputs=outputs)  # type: ignore[assignment]
    return pipeline


def keys(pipeline: Pipeline, column: str) -> list[str]:
    """The words of a column by their number."""
    return list(pipeline.modalities[column].vocabulary.words)  # type: ignore[attr-defined]
