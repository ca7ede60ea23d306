"""Telling a model where a position stands, because attention itself sees a set.

Legend: B examples, T queries, S sources, W width, H heads, D width of a head.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.errors import ConfigError, DataError

__all__ = ["Learned", "Rotary", "Sinusoidal"]

# The slowest channel turns once in 2 pi times this many positions.
BASE = 10_000.0


class Sinusoidal(nn.Module):
    r"""Adds waves of many lengths: :math:`p_{s,2i} = \sin(s\,\omega_i),\ p_{s,2i+1} = \cos(s\,\omega_i)`,
    with :math:`\omega_i = 10000^{-2i/W}`.

    Idea: nothing is learned, and any length can be read.

    >>> Sinusoidal(4)(torch.zeros(1, 2, 4))
    tensor([[[0.0000, 1.0000, 0.0000, 1.0000],
             [0.8415, 0.5403, 0.0100, 0.9999]]])

    Raises:
        ConfigError: an odd width.

    Reference: Vaswani et al. 2017, "Attention Is All You Need", section 3.5.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = _even(width, "Sinusoidal")

    def forward(self, values: Float[Tensor, "B S W"]) -> Float[Tensor, "B S W"]:
        angles = _angles(values.shape[1], self.width, like=values)
        return values + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2).to(values.dtype)


class Learned(nn.Module):
    """Adds one learned vector per position: `y_s = x_s + P_s`.

    Idea: positions may mean anything; beyond `longest` nothing can be read.

    Args:
        longest: how many positions have a vector.

    >>> positions = Learned(2, longest=3)
    >>> _ = positions.load_state_dict({"table": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])})
    >>> positions(torch.tensor([[[10.0, 10.0], [20.0, 20.0]]])).tolist()
    [[[11.0, 12.0], [23.0, 24.0]]]

    Raises:
        DataError: more than `longest` positions.

    Reference: Gehring et al. 2017, "Convolutional Sequence to Sequence Learning", section 3.1.
    """

    def __init__(self, width: int, *, longest: int = 512) -> None:
        super().__init__()
        # Small beside embeddings, so that at first words speak louder than places.
        self.table = nn.Parameter(0.02 * torch.randn(longest, width))

    def forward(self, values: Float[Tensor, "B S W"]) -> Float[Tensor, "B S W"]:
        size, longest = values.shape[1], len(self.table)
        if size > longest:
            raise DataError(
                f"expected at most {longest} positions, got {size}",
                where="Learned positions",
                fix="cut the input, raise `longest`, or use Sinusoidal or Rotary positions",
            )
        return values + self.table[:size]


class Rotary(nn.Module):
    r"""Turns queries and keys: each pair of channels :math:`(x_{2i}, x_{2i+1})` at position s by the angle
    :math:`s\,\omega_i`, with :math:`\omega_i = 10000^{-2i/D}`.

    Idea: the product of a turned query and a turned key depends on their distance only.

    >>> heads = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    >>> Rotary(2)(heads, heads)[0]
    tensor([[[[1.0000, 0.0000],
              [0.5403, 0.8415]]]])

    Raises:
        ConfigError: an odd width.

    Reference: Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding".
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = _even(width, "Rotary")

    def forward(
        self, queries: Float[Tensor, "B H T D"], keys: Float[Tensor, "B H S D"]
    ) -> tuple[Float[Tensor, "B H T D"], Float[Tensor, "B H S D"]]:
        return self._turned(queries), self._turned(keys)

    def _turned(self, heads: Float[Tensor, "B H S D"]) -> Float[Tensor, "B H S D"]:
        angles = _angles(heads.shape[2], self.width, like=heads)
        cos, sin = angles.cos().to(heads.dtype), angles.sin().to(heads.dtype)  # [S, D / 2]
        even, odd = heads[..., 0::2], heads[..., 1::2]
        return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


def _angles(size: int, width: int, *, like: Tensor) -> Float[Tensor, "S half"]:
    """Position times frequency; in float64, because float32 loses the angle of far positions."""
    positions = torch.arange(size, device=like.device, dtype=torch.float64)
    exponents = torch.arange(0, width, 2, device=like.device, dtype=torch.float64) / width
    return positions[:, None] * BASE**-exponents


def _even(width: int, where: str) -> int:
    if width % 2:
        raise ConfigError(
            f"expected an even width, got {width}", where=f"{where} positions", fix="choose an even width per head"
        )
    return width
