"""Temperature scaling: one number that makes probabilities honest (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

LOWEST, HIGHEST = 0.05, 20.0


def temperature(negative_log_likelihood: Callable[[float], Tensor]) -> float:
    """The temperature between 0.05 and 20 with the smallest loss, by golden-section search on its logarithm.

    The loss is unimodal in the inverse temperature, so the search finds the minimum; where a perfect model would
    want an infinite inverse temperature, the bound is the answer.

    >>> round(temperature(lambda t: torch.tensor((t - 2.0) ** 2)), 2)
    2.0
    """
    ratio = (np.sqrt(5) - 1) / 2
    low, high = np.log(LOWEST), np.log(HIGHEST)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    with torch.no_grad():
        at_left, at_right = (float(negative_log_likelihood(float(np.exp(each)))) for each in (left, right))
        for _ in range(60):
            if at_left <= at_right:
                high, right, at_right = right, left, at_left
                left = high - ratio * (high - low)
                at_left = float(negative_log_likelihood(float(np.exp(left))))
            else:
                low, left, at_left = left, right, at_right
                right = low + ratio * (high - low)
                at_right = float(negative_log_likelihood(float(np.exp(right))))
    return float(np.exp((low + high) / 2))
