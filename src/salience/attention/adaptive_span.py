"""Attention whose reach is learned, one for each head (Sukhbaatar et al. 2019).

Legend: B examples, H heads, G heads of keys, S positions, D width, E width of a head (D / H), K distances.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.banded import Band, banded


class AdaptiveSpan(Headed):
    r"""Multi-head attention in which each head learns how far it looks.

    Idea: most heads need their neighbours only, a few need much more. A mask falls from 1 to 0 over `ramp` positions
    beyond a learned span; add `regulariser()` times a small number to the loss, and spans shrink to what pays.

    Formula: :math:`a^h_{ts} = m^h(|t - s|)\,e^{z^h_{ts}} / \sum_r m^h(|t - r|)\,e^{z^h_{tr}}` with
    :math:`m^h(x) = \min(\max((R + \mathrm{span}_h - x) / R, 0), 1)`, :math:`z^h_{ts} = W_q^h x_t \cdot W_k^h x_s /
    \sqrt E` and :math:`\mathrm{span}_h = w\,\mathrm{sigmoid}(\theta_h)`; :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h
    x_s]_h`.

    Cost: O(S D^2 + S (w + R) D) time, O(S (D + H (w + R))) memory, in blocks of the band; whatever the spans, the time
    is that of the longest allowed.

    Works badly when: nothing pulls spans down. Without the regulariser a head may keep a long span that it does not
    use.

    Reference: Sukhbaatar et al. 2019, "Adaptive Attention Span in Transformers", section 2.2; there the span is a
    clamped parameter, and attention causal.

    Args:
        window: w, the longest span, in positions to either side; at least 1. Spans start at half of it.
        ramp: R, positions over which the mask falls; at least 1.
        heads: number of heads; divides the width.
        causal: position t sees none after itself.
        dropout: share of output channels dropped in training.

    Equal vectors, one head, window 2, ramp 2: the span starts at 1, so that the mask is 1 at distances 0 and 1 and
    (2 + 1 - 2) / 2 = 0.5 at distance 2. The first of four positions shares its weight as 1 : 1 : 0.5 : 0.

    >>> from salience.core.batch import Layout
    >>> mechanism = AdaptiveSpan(2, window=2, ramp=2, heads=1)
    >>> print(mechanism.spans.detach())
    tensor([1.])
    >>> _, record = mechanism(torch.ones(1, 4, 2), layout=Layout(torch.tensor([4]), size=4))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.4000, 0.4000, 0.2000, 0.0000])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(
        self,
        width: int,
        *,
        window: int = 128,
        ramp: int = 16,
        heads: int = 4,
        causal: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if window < 1 or ramp < 1:
            raise ConfigError(
                f"expected a window and a ramp of at least 1 position, got {window} and {ramp}",
                where="AdaptiveSpan",
                fix="raise them",
            )
        self.window = window
        self.ramp = ramp
        self.causal = causal
        self.theta = nn.Parameter(torch.zeros(heads))

    @property
    def spans(self) -> Float[Tensor, "H"]:
        """How far each head looks, in positions; its mask reaches zero `ramp` positions further."""
        exact = torch.promote_types(self.theta.dtype, torch.float32)
        return self.window * self.theta.to(exact).sigmoid()

    def regulariser(self) -> Float[Tensor, ""]:
        """The mean span of the heads, in positions: times 1e-6 or so, a price that a loss can add."""
        return self.spans.mean()

    def mix(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,  # noqa: ARG002
    ) -> tuple[Float[Tensor, "B H S E"], Attention]:
        mask = self._mask()
        # Where the mask is zero its logarithm has no gradient.
        bias = torch.where(mask > 0, torch.where(mask > 0, mask, 1.0).log(), -torch.inf)
        band = Band(mask.shape[1] // 2, causal=self.causal, bias=bias)
        return banded(query, key, value, layout=layout, band=band)

    def _mask(self) -> Float[Tensor, "H K"]:
        # A span is shorter than the window, so that the mask is zero at window + ramp.
        reach = self.window + self.ramp - 1
        distance = torch.arange(-reach, reach + 1, device=self.theta.device).abs()
        return ((self.ramp + self.spans[:, None] - distance) / self.ramp).clamp(0, 1)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, window={self.window}, ramp={self.ramp}, causal={self.causal}"
