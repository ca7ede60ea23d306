"""Focal modulation: each position gathers windows of growing size, and is multiplied by the mix (Yang et al. 2022).

Legend: B examples, S positions, L levels, D width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels import grid as grids
from salience.kernels.length import length
from salience.kernels.masks import blank
from salience.kernels.windows import Windows


class Focal(nn.Module):
    r"""Convolutions gather what lies around, near to far; gates choose how much of each counts; one product applies it.

    Idea: near things matter in detail and far ones in summary. Gather first, for all queries together, then interact.

    Formula: :math:`z^0 = W_z x`, :math:`z^l = \mathrm{GELU}(K^l * z^{l-1})` with one kernel per channel, for the levels
    l = 1 to L, and :math:`z^{L+1} = \frac{1}{n} \sum_s z^L_s` over the n real positions; gates :math:`g = W_g x`; then
    :math:`y_t = W_o\,(W_q x_t \odot W_m \sum_l g_{tl}\,z^l_t)`, where all matrices come with a bias.

    Cost: O(S D^2 + S D sum_l k_l^axes) time, O(S D L) memory, for kernels of k_l = 2 (window + l) - 1 along each axis.

    Weights: which windows a query looks at. Level l gets the share :math:`|g_{tl}|\,\|z^l_t\|` of the sum over levels,
    spread evenly over the real positions that its kernels reach; the last level, over all. Rows sum to one. They do not
    say how a kernel tells positions of one window apart, what is added and what subtracted, nor what the query itself
    contributes as a factor; two sources at the same distance in the same windows always look alike.

    Works badly when: one far position decides. It is seen only through the mean of all.

    Reference: Yang et al. 2022, "Focal Modulation Networks", section 3.

    Args:
        axes: of the grid in which positions lie: 1 for a sequence, 2 for an image, 3 for frames of images.
        levels: number of windows besides the whole.
        window: how many positions the kernel of the first level reaches to each side; that of each next level reaches
            one further, and on top of those before it.

    Raises:
        ConfigError: axes that are not 1 to 3, no levels, or a negative window.
        DataError: the positions lie in a grid of another number of axes.

    One channel, three positions that all hold 1, one level that passes the position itself (a kernel of 0, 1, 0), and
    gates of 1 for the window and 0.5 for the whole. The level gives GELU(1) = 0.84134 everywhere, and so does the
    whole: their shares are 2 / 3 and 1 / 3. In the middle the window holds all three positions, at the ends two of
    them: 2 / 3 / 2 + 1 / 3 / 3 = 0.44444, and 1 / 3 / 3 = 0.11111 for the far end.

    >>> from salience.core.batch import Layout
    >>> mechanism = Focal(1, levels=1)
    >>> _ = nn.init.ones_(mechanism.context.weight), nn.init.zeros_(mechanism.gates.weight)
    >>> _ = mechanism.gates.bias.data.copy_(torch.tensor([1.0, 0.5]))
    >>> _ = mechanism.levels[0].weight.data.copy_(torch.tensor([[[0.0, 1.0, 0.0]]]))
    >>> _, record = mechanism(torch.ones(1, 3, 1), layout=Layout(torch.tensor([3]), size=3))
    >>> print(record.weights()[0, 0].detach())
    tensor([[0.4444, 0.4444, 0.1111],
            [0.3333, 0.3333, 0.3333],
            [0.1111, 0.4444, 0.4444]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(self, width: int, *, axes: int = 1, levels: int = 2, window: int = 1) -> None:
        super().__init__()
        if levels < 1:
            raise ConfigError(f"expected at least one level, got {levels}", where="Focal", fix="raise `levels`")
        if window < 0:
            raise ConfigError(f"expected a window of 0 or more, got {window}", where="Focal", fix="raise `window`")
        self.axes = grids.checked_axes(axes, most=3, where="Focal")
        self.query = nn.Linear(width, width)
        self.context = nn.Linear(width, width)
        self.gates = nn.Linear(width, levels + 1)
        self.modulator = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        for each in (self.query, self.context, self.gates, self.modulator, self.out):
            nn.init.zeros_(each.bias)
        steps = range(window, window + levels)
        self.levels = nn.ModuleList(_kernel(width, axes, step) for step in steps)
        self.reach = [sum(steps[: number + 1]) for number in range(levels)]

    def forward(
        self,
        query: Float[Tensor, "B S D"],
        source: Float[Tensor, "B S2 D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B S D"], Attention]:
        only_among_themselves(self, source, query_layout)
        query = blank(query, layout)
        grid = grids.extents(layout, axes=self.axes, where="Focal attention")
        gates = self.gates(query)
        context, modulator = self.context(query), torch.zeros_like(query)
        lengths = []
        for number, kernel in enumerate(self.levels):
            # A bias or a kernel makes padding non-zero, and the next level reaches into it.
            context = F.gelu(grids.convolved(kernel, blank(context, layout), grid))
            modulator = modulator + gates[..., number, None] * context
            lengths.append(length(context))
        whole = blank(context, layout).sum(dim=1, keepdim=True) / layout.lengths.clamp(min=1)[:, None, None]
        modulator = modulator + gates[..., -1:] * whole
        lengths.append(length(whole).expand_as(lengths[-1]))
        out = self.out(self.query(query) * self.modulator(modulator))
        return out, Windows(_shares(gates, lengths), reach=self.reach, layout=layout, grid=grid)

    def extra_repr(self) -> str:
        return f"axes={self.axes}, reach={self.reach}"


def _kernel(width: int, axes: int, reach: int) -> nn.Module:
    """One kernel for each channel, that reaches this far to each side."""
    convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    return convolution(width, width, 2 * reach + 1, padding=reach, groups=width, bias=False)


def _shares(gates: Float[Tensor, "B S L"], lengths: list[Float[Tensor, "B S"]]) -> Float[Tensor, "B S L"]:
    given = gates.to(lengths[0].dtype).abs() * torch.stack(lengths, dim=-1)
    total = given.sum(dim=-1, keepdim=True)
    return given / torch.where(total == 0, 1.0, total)
