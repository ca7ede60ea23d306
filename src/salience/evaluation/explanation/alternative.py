"""How far away could a model have looked, and answered the same? (Jain and Wallace 2019)

Legend: B examples of a batch, N rows, H heads, T queries, S sources, K starts.

From K random starts, Adam moves weights away from those of the model and from each other, and pays for every change of
the answer beyond epsilon. Kept is the furthest that was passed on the way with the answer within epsilon.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import ConfigError
from salience.core.seed import derive
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation.distance import Change, change_from
from salience.evaluation.explanation.looking import apart, divergence, largest_weight, looks, read
from salience.evaluation.explanation.summary import DRAWS, Breakdown, break_down, predicted
from salience.models.intervene import LastLook, Look
from salience.pipeline import Pipeline

# How much more a change of the answer costs than divergence brings.
_PENALTY = 500.0
# How far the logits of a start are from each other.
_SPREAD = 3.0

#: The weights of one look, or their logits, of all starts.
Starts = Float[Tensor, "K B H T S"]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The largest Jensen-Shannon divergence, in nats, from weights that give the same answer; at most ln 2 = 0.693.

    Zero where no other weights were found.
    """

    divergence: Breakdown
    epsilon: float
    starts: int
    steps: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def measure_alternatives(
    pipeline: Pipeline,
    rows: Iterable[Any],
    *,
    epsilon: float = 0.01,
    starts: int = 5,
    steps: int = 500,
    rate: float = 0.01,
    seed: int = 0,
    bootstrap: Bootstrap = DRAWS,
) -> Alternatives:
    """Search other weights for each row. What is found is a lower bound: there may be further ones.

    Everything before the last looks stays as it is. With several looks, queries or heads, the divergence is their mean.
    Cost: one prediction, and starts x steps answers from there on with their gradients.

    Args:
        rows: rows that training has not seen.
        epsilon: by how much the answer may change (`answer_distance`): 0.01 for a class in the paper.
        starts: from how many random weights to search.
        steps: of Adam, from each.
        rate: of Adam.
        seed: what the starts follow from.

    Raises:
        ConfigError: a number is not positive.
        DataError: there are no rows.
        NotAvailable: what the model answers is no function of where it looks.

    Reference: Jain and Wallace 2019, "Attention is not Explanation", section 4.2.2.
    """
    if min(epsilon, starts, steps, rate) <= 0:
        raise ConfigError(
            f"epsilon, starts, steps and rate must be above 0, got {epsilon}, {starts}, {steps} and {rate}"
        )
    encoded = read(pipeline, rows)
    generator = torch.Generator().manual_seed(derive(seed, "alternatives"))
    found, largest = np.zeros(len(encoded)), np.zeros(len(encoded))
    for index, look in looks(pipeline, encoded):
        change = change_from(pipeline.task, look.told(look.weights))
        logits = [_SPREAD * torch.randn(starts, *each.shape, generator=generator).to(each) for each in look.weights]
        found[index] = _furthest(look, change, logits, epsilon, steps, rate).double().numpy(force=True)
        largest[index] = largest_weight(look).double().numpy(force=True)
    classes = predicted(pipeline, pipeline.raw(encoded))
    return Alternatives(break_down(found, classes, largest, bootstrap), epsilon, starts, steps, seed)


def _furthest(
    look: LastLook, change: Change, logits: Sequence[Tensor], epsilon: float, steps: int, rate: float
) -> Float[Tensor, "B"]:
    """The largest divergence within epsilon on the way from these logits."""
    optimizer = torch.optim.Adam([each.requires_grad_() for each in logits], lr=rate, amsgrad=True)
    own = look.weights[0]
    best = torch.zeros(len(own), device=own.device)
    for step in range(steps + 1):
        with torch.enable_grad():
            weights = [each.normalised(of) for each, of in zip(look.looks, logits, strict=True)]
            far = divergence(look, weights)  # [K, B]
            moved = torch.stack([change(look.told(start)) for start in zip(*weights, strict=True)])  # [K, B]
            best = torch.maximum(best, torch.where(moved <= epsilon, far, 0.0).amax(0).detach())
            if step == steps:
                break
            loss = _PENALTY * (moved - epsilon).relu().sum() - far.sum() - _spread(look.looks, weights).sum()
        gradients = torch.autograd.grad(loss, list(logits))
        for each, gradient in zip(logits, gradients, strict=True):
            each.grad = gradient
        optimizer.step()
    return best


def _spread(looks: Sequence[Look], weights: Sequence[Tensor]) -> Float[Tensor, "B"]:
    """The divergence between each two starts, summed and divided by K (K - 1)."""
    count = len(weights[0])
    first, second = torch.triu_indices(count, count, 1)
    pairs = [apart(look, each[first], each[second]) for look, each in zip(looks, weights, strict=True)]
    return torch.stack(pairs).mean(0).sum(0) / max(1, count * (count - 1))
