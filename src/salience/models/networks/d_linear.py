"""A linear map of what is slow and one of what is left (Zeng et al. 2023).

Legend: L steps of the look-back, F steps of the horizon, Q numbers per forecast.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.errors import ConfigError
from salience.models.networks.linear_map import LinearMap
from salience.models.networks.network import WindowShape


class DLinear(LinearMap):
    r"""Takes a window apart into a moving average and the rest, and maps each to the horizon by itself.

    Idea: what is slow and what comes back each day need other weights. All variables share them. An attention model
    that loses to this one has no case.

    Formula: :math:`\hat y = W_{rest} (x - M x) + W_{trend} M x + b`, where M averages over neighbouring steps and
    repeats the first and the last one beyond the ends.

    Cost: O(L F V) time, 2 L F parameters.

    Works badly when: the level of a series moves away from what training rows had, see `NLinear`; or one variable
    tells of another.

    Its record is no attention but the exact parts of the sum, see `Contributions`.

    Args:
        average: steps that are averaged, an odd number.

    Raises:
        ConfigError: an even number of steps, or none.

    Reference: Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?", section 4.2.
    """

    #: The matrix M.
    average: Tensor

    def __init__(self, shape: WindowShape, *, average: int = 25) -> None:
        super().__init__(shape)
        if average < 1 or average % 2 == 0:
            raise ConfigError(
                f"expected an odd number of steps to average, got {average}",
                where="DLinear",
                fix="choose an odd number, so that as many steps lie before as after",
            )
        size = (shape.horizon * shape.outputs, shape.look_back)
        self.trend, self.rest = (nn.Parameter(nn.init.uniform_(torch.empty(size), -1, 1)) for _ in range(2))
        for each in (self.trend, self.rest):
            each.data /= shape.look_back**0.5
        self.register_buffer("average", moving_average(shape.look_back, average), persistent=False)

    @property
    def weight(self) -> Float[Tensor, "FQ L"]:
        return self.rest + (self.trend - self.rest) @ self.average


def moving_average(size: int, width: int) -> Float[Tensor, "L L"]:
    """The matrix M that averages over `width` steps; beyond the ends stand the first and the last one.

    >>> moving_average(3, 3) * 3
    tensor([[2., 1., 0.],
            [1., 1., 1.],
            [0., 1., 2.]])
    """
    reach = width // 2
    matrix = torch.zeros(size, size)
    for shift in range(-reach, reach + 1):
        read = (torch.arange(size) + shift).clamp(0, size - 1)
        matrix[torch.arange(size), read] += 1 / width
    return matrix
