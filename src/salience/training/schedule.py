"""The course of the learning rate. Each schedule turns an optimiser into what Lightning steps."""

from __future__ import annotations

import math
from typing import Any, Protocol

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from salience.core.errors import ConfigError

__all__ = ["Constant", "Cosine", "Exponential", "OneCycle", "Plateau"]


class Schedule(Protocol):
    """A course of the learning rate over a run of so many steps."""

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        """Lightning's description of the scheduler."""


class Cosine:
    r"""Linear warm-up, then half a cosine down to zero.

    With progress p in [0, 1] and warm-up w the rate is multiplied by p / w before w, and by
    :math:`\frac12 (1 + \cos \pi \frac{p - w}{1 - w})` after it (Loshchilov and Hutter 2017).

    Args:
        warmup: share of all steps in which the rate rises, in [0, 1).
    """

    def __init__(self, *, warmup: float = 0.05) -> None:
        self.warmup = _share(warmup, "warmup")

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        return _each_step(LambdaLR(optimizer, lambda step: self.factor(step / max(1, steps))))

    def factor(self, progress: float) -> float:
        """What the highest rate is multiplied by at `progress` in [0, 1].

        >>> [round(Cosine(warmup=0.5).factor(p), 3) for p in (0.25, 0.5, 0.75, 1.0)]
        [0.5, 1.0, 0.5, 0.0]
        """
        if progress < self.warmup:
            return progress / self.warmup
        return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - self.warmup) / (1 - self.warmup))))


class OneCycle:
    """A cosine up to the highest rate, then a cosine down to a thousandth of it (Smith and Topin 2018).

    Args:
        rise: share of all steps in which the rate rises, in [0, 1).
    """

    def __init__(self, *, rise: float = 0.3) -> None:
        self.rise = _share(rise, "rise")

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        return _each_step(LambdaLR(optimizer, lambda step: self.factor(step / max(1, steps))))

    def factor(self, progress: float) -> float:
        """What the highest rate is multiplied by at `progress` in [0, 1].

        >>> [round(OneCycle(rise=0.5).factor(p), 3) for p in (0.0, 0.5, 1.0)]
        [0.04, 1.0, 0.001]
        """
        if progress < self.rise:
            return _between(0.04, 1.0, progress / self.rise)
        return _between(1.0, 0.001, min(1.0, (progress - self.rise) / (1 - self.rise)))


class Exponential:
    """Down to a share of the highest rate, by the same factor in each step: a rate that halves each epoch, for example.

    With progress p in [0, 1] the rate is multiplied by final ** p.

    Args:
        final: what the rate is multiplied by in the end, above 0 and below 1; 0.001 halves it ten times.
    """

    def __init__(self, *, final: float = 0.001) -> None:
        if not 0 < final < 1:
            raise ConfigError(f"final must be above 0 and below 1, got {final!r}", where="train.schedule")
        self.final = final

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        return _each_step(LambdaLR(optimizer, lambda step: self.factor(step / max(1, steps))))

    def factor(self, progress: float) -> float:
        """What the highest rate is multiplied by at `progress` in [0, 1].

        >>> [Exponential(final=0.25).factor(p) for p in (0.0, 0.5, 1.0)]
        [1.0, 0.5, 0.25]
        """
        return self.final ** min(1.0, progress)


class Constant:
    """The same rate throughout, after a linear warm-up.

    Args:
        warmup: share of all steps in which the rate rises, in [0, 1).
    """

    def __init__(self, *, warmup: float = 0.0) -> None:
        self.warmup = _share(warmup, "warmup")

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        return _each_step(LambdaLR(optimizer, lambda step: self.factor(step / max(1, steps))))

    def factor(self, progress: float) -> float:
        """What the highest rate is multiplied by at `progress` in [0, 1]."""
        return min(1.0, progress / self.warmup) if self.warmup else 1.0


class Plateau:
    """Multiply the rate by `factor` after `patience` epochs without a better validation score.

    Args:
        factor: what the rate is multiplied by, in [0, 1).
        patience: epochs without a better score that are put up with.
    """

    def __init__(self, *, factor: float = 0.3, patience: int = 1) -> None:
        if patience < 0:
            raise ConfigError(f"patience must be 0 or more, got {patience}", where="train.schedule")
        self.factor = _share(factor, "factor")
        self.patience = patience

    def over(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:  # noqa: ARG002
        scheduler = ReduceLROnPlateau(optimizer, mode="max", factor=self.factor, patience=self.patience)
        return {"scheduler": scheduler, "interval": "epoch", "monitor": "validation"}


def _each_step(scheduler: LambdaLR) -> dict[str, Any]:
    return {"scheduler": scheduler, "interval": "step"}


def _between(start: float, stop: float, share: float) -> float:
    return stop + (start - stop) * 0.5 * (1 + math.cos(math.pi * share))


def _share(value: float, name: str) -> float:
    if not 0 <= value < 1:
        raise ConfigError(f"{name} must be at least 0 and below 1, got {value!r}", where="train.schedule")
    return value
