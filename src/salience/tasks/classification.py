"""Classification: one class out of several.

Legend: N rows, C classes, D width, M models.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.tasks.answer import Answer
from salience.tasks.calibration import temperature


class Classification:
    r"""One class out of C, by softmax.

    The loss of a row with class c is :math:`-w_c (1 - p_c)^\gamma \log p_c`, averaged over rows weighted by w. With
    `hinge` it is :math:`w_c \max(0, 1 + \max_{j \ne c} z_j - z_c)` of the raw numbers z (Crammer and Singer 2001);
    of two classes :math:`\max(0, 1 - y (z_1 - z_0))` with y = 1 or -1: rows answered clearly enough teach no more.

    Args:
        balanced: weigh classes by :math:`w_c = N / (C N_c)`, so that rare ones count as much as frequent ones.
        smoothing: share of the target spread evenly over all classes, in [0, 1).
        focal: the exponent :math:`\gamma` >= 0 that quietens rows already answered well (Lin et al. 2017).
        hinge: learn a margin in place of probabilities; these come from the temperature alone then.

    Raises:
        ConfigError: smoothing or focal lies outside its range, or stands beside hinge.
    """

    scores: tuple[str, ...] = ("accuracy", "macro_f1", "auroc", "log_loss", "ece")

    def __init__(
        self, *, balanced: bool = False, smoothing: float = 0.0, focal: float = 0.0, hinge: bool = False
    ) -> None:
        if not 0 <= smoothing < 1 or focal < 0:
            raise ConfigError(
                f"smoothing must be at least 0 and below 1, and focal 0 or more, got {smoothing!r} and {focal!r}",
                where="the options of Classification",
            )
        if hinge and (smoothing or focal):
            raise ConfigError(
                "a hinge loss has no probabilities to smooth or to focus",
                where="the options of Classification",
                fix="leave hinge out, or smoothing and focal",
            )
        self.balanced = balanced
        self.smoothing = smoothing
        self.focal = focal
        self.hinge = hinge
        self.labels: list[str] = []
        self.weights: list[float] = []
        self.temperature = 1.0

    def fit(self, targets: Sequence[str]) -> Self:
        counts = Counter(targets)
        if len(counts) < 2:
            raise DataError(f"expected at least two classes in the training rows, got {len(counts)}")
        self.labels = sorted(counts)
        even = [len(targets) / (len(counts) * counts[label]) for label in self.labels]
        self.weights = even if self.balanced else [1.0] * len(counts)
        return self

    def encode(self, targets: Sequence[str]) -> Int[Tensor, "N"]:
        index = {label: i for i, label in enumerate(self.labels)}
        for row, target in enumerate(targets):
            if target not in index:
                raise DataError(
                    f"the class {target!r} does not occur in the training rows",
                    where=f"target of row {row + 1}",
                    fix=did_you_mean(str(target), self.labels[:20]),
                )
        return torch.tensor([index[target] for target in targets], dtype=torch.long)

    def head(self, width: int) -> nn.Module:
        return nn.Linear(width, len(self.labels))

    def loss(self, raw: Float[Tensor, "N C"], target: Int[Tensor, "N"]) -> Float[Tensor, ""]:
        weights = torch.tensor(self.weights, dtype=raw.dtype, device=raw.device)
        if self.hinge:
            own = raw.gather(1, target[:, None])
            others = raw.scatter(1, target[:, None], float("-inf")).amax(1, keepdim=True)
            return ((1 + others - own).relu()[:, 0] * weights[target]).sum() / weights[target].sum()
        if self.focal == 0:
            return F.cross_entropy(raw, target, weight=weights, label_smoothing=self.smoothing)
        each = F.cross_entropy(raw, target, weight=weights, label_smoothing=self.smoothing, reduction="none")
        right = raw.softmax(-1).gather(1, target[:, None]).squeeze(1)
        return ((1 - right) ** self.focal * each).sum() / weights[target].sum()

    def calibrate(self, raw: Float[Tensor, "N C"], target: Int[Tensor, "N"]) -> None:
        self.temperature = temperature(lambda t: F.cross_entropy(raw.double() / t, target))

    def probabilities(self, raw: Float[Tensor, "N C"]) -> Float[Tensor, "N C"]:
        return (raw / self.temperature).softmax(-1)

    def average(self, raws: Float[Tensor, "M N C"]) -> Float[Tensor, "N C"]:
        r""":math:`\log \frac{1}{M} \sum_m \mathrm{softmax}(z_m)`, with z the raw numbers: see `Averaging`."""
        return raws.log_softmax(-1).logsumexp(0) - math.log(len(raws))

    def decode(self, raw: Float[Tensor, "N C"]) -> list[Answer]:
        best = self.choose(raw).tolist()
        return [
            Answer(self.labels[i], row[i], dict(zip(self.labels, row, strict=True)))
            for i, row in zip(best, self.probabilities(raw).tolist(), strict=True)
        ]

    def choose(self, raw: Float[Tensor, "N C"]) -> Int[Tensor, "N"]:
        return raw.argmax(-1)

    def focus(self, raw: Float[Tensor, "N C"], choice: Int[Tensor, "N"] | None = None) -> Float[Tensor, "N"]:
        r"""Log-odds of the chosen class: :math:`\log p_c - \log(1 - p_c)`, exact where p itself would round to 1."""
        choice = self.choose(raw) if choice is None else choice
        cold = raw / self.temperature
        others = cold.scatter(1, choice[:, None], float("-inf"))
        return cold.gather(1, choice[:, None]).squeeze(1) - others.logsumexp(-1)

    def state(self) -> dict[str, Any]:
        return {"labels": self.labels, "weights": self.weights, "temperature": self.temperature}

    def restore(self, state: Mapping[str, Any]) -> Self:
        self.labels = list(state["labels"])
        self.weights = list(state["weights"])
        self.temperature = float(state["temperature"])
        return self
