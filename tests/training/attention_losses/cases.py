"""One row per attention loss: options that are not the defaults, a value computed by hand, and where it is least."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Dense
from salience.training.looked import Looked, look


@dataclass(frozen=True)
class Case:
    """`value` is the loss of weights 1/2, 1/4, 1/4 where the second and third position are marked."""

    name: str
    value: float
    options: dict[str, Any]
    #: Whether marks are its target, and descent moves attention onto them.
    marks: bool = True


CASES = (
    Case("KL", math.log(2), {"sharpness": 5.0}),
    Case("Mass", math.log(2), {"head": 0}),
    Case("MeanSquaredError", 1 / 4 + 2 / 16, {"weight": 0.3}),
    # Both pairs lack the margin of 1 and the distance ln 2.
    Case("PairwiseRanking", 1 + math.log(2), {"margin": 0.1}),
    # Logits ln(3/2), and twice ln(3/4): chances 3/5 and 3/7.
    Case("BinaryCrossEntropy", -(math.log(3 / 7) + math.log(2 / 5)) / 2, {"balanced": False}),
    Case("Entropy", 1.5 * math.log(2) / math.log(3), {"weight": -1.0}, marks=False),
    # Scores ln 2, 0 and 0: sparsemax takes ln 2 - tau, -tau and -tau with tau = (ln 2 - 1) / 3.
    Case("FenchelYoung", math.nan, {"alpha": 2.0}),
    Case("Honesty", math.log(2), {"after": 0, "method": "LeaveOneOut"}, marks=False),
)


def looked(logits: Tensor, lengths: list[int] | None = None, readout: Any = None) -> Looked:
    """What a pool with these scores looked at."""
    layout = Layout(torch.tensor(lengths or [logits.shape[1]] * len(logits)), logits.shape[1])
    weights = logits.masked_fill(~layout.mask, -torch.inf).softmax(-1)
    return look([Dense(weights[:, None, None], layout.lengths.clamp(max=1))], layout, readout=readout)
