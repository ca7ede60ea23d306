"""A linear map of what differs from the last value (Zeng et al. 2023).

Legend: L steps of the look-back, F steps of the horizon, Q numbers per forecast.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.models.networks.linear_map import LinearMap
from salience.models.networks.network import WindowShape


class NLinear(LinearMap):
    r"""Takes the last value away, maps what is left to the horizon, and adds the last value again.

    Idea: forecasts start where the window ends, so that a series may wander off from the level of its training rows.
    All variables share the weights.

    Formula: :math:`\hat y = W (x - x_L) + x_L + b`.

    Cost: O(L F V) time, L F parameters.

    Works badly when: the last value is an accident, since all of the forecast moves with it.

    Its record is no attention but the exact parts of the sum, see `Contributions`; the last step holds what it adds
    and what it takes away.

    Reference: Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", section 4.2.
    """

    def __init__(self, shape: WindowShape) -> None:
        super().__init__(shape)
        size = (shape.horizon * shape.outputs, shape.look_back)
        self.differences = nn.Parameter(nn.init.uniform_(torch.empty(size), -1, 1) / shape.look_back**0.5)

    @property
    def weight(self) -> Float[Tensor, "FQ L"]:
        last = 1 - self.differences.sum(dim=-1, keepdim=True)
        return self.differences + F.pad(last, (self.shape.look_back - 1, 0))
