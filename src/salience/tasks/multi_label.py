"""Multi-label classification: any number of classes for each row.

Legend: N rows, C classes, D width, M models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.errors import DataError, did_you_mean
from salience.tasks.answer import Answer
from salience.tasks.calibration import temperature


class MultiLabel:
    """Any number of classes out of C, each by its own sigmoid; a class is predicted at probability 0.5 or more.

    Args:
        balanced: weigh the rows that have a class by (rows without it) / (rows with it).
    """

    scores: tuple[str, ...] = ("macro_f1", "micro_f1", "subset_accuracy", "hamming")

    def __init__(self, *, balanced: bool = False) -> None:
        self.balanced = balanced
        self.labels: list[str] = []
        self.weights: list[float] = []
        self.temperature = 1.0

    def fit(self, targets: Sequence[Sequence[str]]) -> Self:
        counts = Counter(label for labels in targets for label in labels)
        if not counts:
            raise DataError("expected at least one label in the training rows, got none")
        self.labels = sorted(counts)
        ratio = [(len(targets) - counts[label]) / counts[label] for label in self.labels]
        self.weights = [max(each, 1e-3) for each in ratio] if self.balanced else [1.0] * len(counts)
        return self

    def encode(self, targets: Sequence[Sequence[str]]) -> Float[Tensor, "N C"]:
        index = {label: i for i, label in enumerate(self.labels)}
        encoded = torch.zeros(len(targets), len(self.labels))
        for row, labels in enumerate(targets):
            for label in labels:
                if label not in index:
                    raise DataError(
                        f"the label {label!r} does not occur in the training rows",
                        where=f"target of row {row + 1}",
                        fix=did_you_mean(str(label), self.labels[:20]),
                    )
                encoded[row, index[label]] = 1
        return encoded

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, len(self.labels))

    def loss(self, raw: Float[Tensor, "N C"], target: Float[Tensor, "N C"]) -> Float[Tensor, ""]:
        weights = torch.tensor(self.weights, dtype=raw.dtype, device=raw.device)
        return F.binary_cross_entropy_with_logits(raw, target.to(raw.dtype), pos_weight=weights)

    def calibrate(self, raw: Float[Tensor, "N C"], target: Float[Tensor, "N C"]) -> None:
        self.temperature = temperature(lambda t: F.binary_cross_entropy_with_logits(raw.double() / t, target.double()))

    def probabilities(self, raw: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        return (raw / self.temperature).sigmoid()

    def average(self, raws: Float[Tensor, "M N C"]) -> Float[Tensor, "N C"]:
        """The log-odds of the mean probability of each class: see `Averaging`."""
        return F.logsigmoid(raws).logsumexp(0) - F.logsigmoid(-raws).logsumexp(0)

    def decode(self, raw: Float[Tensor, "N C"]) -> list[Answer]:
        answers = []
        for row in self.probabilities(raw).tolist():
            chosen = [i for i, each in enumerate(row) if each >= 0.5]
            sure = 1.0
            for i, each in enumerate(row):
                sure *= each if i in chosen else 1 - each
            answers.append(
                Answer(tuple(self.labels[i] for i in chosen), sure, dict(zip(self.labels, row, strict=True)))
            )
        return answers

    def choose(self, raw: Float[Tensor, "N C"]) -> Int[Tensor, "N C"]:
        return (raw >= 0).long()

    def focus(self, raw: Float[Tensor, "N C"], choice: Int[Tensor, "N C"] | None = None) -> Float[Tensor, "N"]:
        """Mean log-odds, over the classes, of the decision taken on each."""
        choice = self.choose(raw) if choice is None else choice
        return (raw / self.temperature * (2 * choice - 1)).mean(-1)

    def state(self) -> dict[str, Any]:
        return {"labels": self.labels, "weights": self.weights, "temperature": self.temperature}

    def restore(self, state: Mapping[str, Any]) -> Self:
        self.labels = list(state["labels"])
        self.weights = list(state["weights"])
        self.temperature = float(state["temperature"])
        return self
