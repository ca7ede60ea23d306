"""Convolutional block attention: first which channels pass, then which positions (Woo et al. 2018).

Legend: B examples, S positions, D width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import grid as grids
from salience.kernels.gate import Gate
from salience.kernels.masks import blank


class CBAM(nn.Module):
    r"""A gate for each channel of an example, and then a gate for each of its positions.

    Idea: what matters is decided by the whole example, and where it matters by the neighbourhood of each position.

    Formula: :math:`c = \sigma(m(\mathrm{mean}_s x_s) + m(\max_s x_s)),\ m(z) = W_2\,\mathrm{ReLU}(W_1 z + b_1) + b_2`
    and :math:`x'_s = c \odot x_s`, then :math:`p = \sigma(K * [\mathrm{mean}_d x'_d;\ \max_d x'_d] + b)` with one
    kernel K, :math:`y_s = p_s\,x'_s`. Means and maxima are over real positions; around the grid there are zeros.

    Cost: O(S D + D^2 / reduction + S kernel^axes) time, O(S D) memory.

    Weights: row s holds one number, how much of position s passes both gates, :math:`\|y_s\| / \|x_s\|`. What the gates
    were decided by, the whole example and the neighbourhood, is not in it. Rows do not sum to one.

    Works badly when: positions have to exchange what they hold. Each only gets louder or softer.

    Reference: Woo et al. 2018, "CBAM: Convolutional Block Attention Module", section 3; without the batch normalisation
    of its published code.

    Args:
        axes: of the grid in which positions lie: 1 for a sequence, 2 for an image, 3 for frames of images.
        reduction: how many times narrower than the width the hidden layer is; at least one unit remains.
        kernel: extent of the kernel along each axis, in positions; odd.

    Raises:
        ConfigError: axes that are not 1 to 3, a reduction below 1, or a kernel that is not odd.
        DataError: the positions lie in a grid of another number of axes.

    Positions (3, 4) and (1, 0), channel gates of 0.5 (sigmoid of 0 twice), and a kernel that triples the mean of the
    position itself: after the first gate the means are 1.75 and 0.25, so that half of sigmoid(5.25) = 0.99478 of the
    first position passes, and half of sigmoid(0.75) = 0.67918 of the second.

    >>> from salience.core.batch import Layout
    >>> mechanism = CBAM(2, kernel=3)
    >>> for each in mechanism.parameters():
    ...     _ = nn.init.zeros_(each)
    >>> mechanism.position.weight.data[0, 0, 1] = 3.0
    >>> pair = torch.tensor([[[3.0, 4.0], [1.0, 0.0]]])
    >>> _, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0].detach())
    tensor([[0.4974, 0.0000],
            [0.0000, 0.3396]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(self, width: int, *, axes: int = 1, reduction: int = 4, kernel: int = 7) -> None:
        super().__init__()
        if reduction < 1:
            raise ConfigError(
                f"expected a reduction of at least 1, got {reduction}",
                where="CBAM",
                fix="raise `reduction`; 1 keeps the width",
            )
        if kernel < 1 or kernel % 2 == 0:
            raise ConfigError(
                f"expected an odd extent of the kernel, got {kernel}", where="CBAM", fix="write kernel: 3, 5 or 7"
            )
        self.axes = grids.checked_axes(axes, most=3, where="CBAM")
        self.squeeze = nn.Linear(width, max(1, width // reduction))
        self.excite = nn.Linear(max(1, width // reduction), width)
        self.position = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1](2, 1, kernel, padding=kernel // 2)

    def forward(
        self,
        query: Float[Tensor, "B S D"],
        source: Float[Tensor, "B S2 D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B S D"], Attention]:
        only_among_themselves(self, source, query_layout)
        values = blank(query, layout)
        grid = grids.extents(layout, axes=self.axes, where="CBAM attention")
        mean, highest = _mean_and_max(values, layout)
        chosen = values * torch.sigmoid(self._channels(mean) + self._channels(highest))[:, None]
        told = torch.stack([chosen.mean(dim=-1), chosen.amax(dim=-1)], dim=-1)  # [B, S, 2]
        out = chosen * torch.sigmoid(grids.convolved(self.position, told, grid))
        return out, Gate(values, out, layout)

    def _channels(self, pooled: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:
        return self.excite(torch.relu(self.squeeze(pooled)))


def _mean_and_max(values: Float[Tensor, "B S D"], layout: Layout) -> tuple[Float[Tensor, "B D"], Float[Tensor, "B D"]]:
    """Over real positions; zeros where there are none."""
    mean = values.sum(dim=1) / layout.lengths.clamp(min=1)[:, None]
    if not layout.size:
        return mean, mean
    highest = torch.where(layout.mask[..., None], values, -torch.inf).amax(dim=1)
    return mean, torch.where(layout.lengths[:, None] > 0, highest, 0.0)
