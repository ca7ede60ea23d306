"""A record of scaled dot-product attention under any mask, as models of others use it: sliding windows, shared keys.

Legend: B examples, H heads, K heads of the keys, T queries, S sources, R asked rows, E width of a head.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks, normalise


class MaskedScores(Attention):
    r"""Self-attention weights, computed when asked: :math:`\mathrm{softmax}(c\,q k^\top + m)`.

    It holds query, key and the mask that exists anyway. Padding has weight zero, whatever the mask says.

    Args:
        mask: True where a query may look at a source, or numbers to add to scores.
        causal: query t sees the sources 0 to t.
        scale: c, 1/sqrt(E) by default.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B K T E"],
        *,
        layout: Layout,
        mask: Tensor | None = None,
        causal: bool = False,
        scale: float | None = None,
    ) -> None:
        self._query = query
        self._key = key
        self._layout = layout
        self._mask = mask
        self._causal = causal
        self._scale = query.shape[-1] ** -0.5 if scale is None else scale
        batch, heads, queries, _ = query.shape
        self.shape = (batch, heads, queries, key.shape[2])
        self.asked = layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        seen = masks.padding(index, layout=self._layout, query_layout=self._layout)[:, None]
        if self._causal:
            seen = seen & masks.causal(index, size=self._layout.size)
        scores = self._scores(index)
        if self._mask is not None:
            mask = self._mask if self._mask.shape[-2] == 1 else self._mask[..., index, :]
            if mask.dtype == torch.bool:
                seen = seen & mask
            else:
                scores = scores + mask
        return normalise.softmax(scores, seen)

    def _scores(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        wide = torch.promote_types(self._query.dtype, torch.float32)
        # Several heads of queries may share one head of keys.
        key = self._key.repeat_interleave(self._query.shape[1] // self._key.shape[1], dim=1).to(wide)
        # Autocast would round the scores to half precision again.
        with torch.autocast(index.device.type, enabled=False):
            return self._scale * self._query[:, :, index].to(wide) @ key.transpose(-2, -1)
