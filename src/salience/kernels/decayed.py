"""A record of attention whose scores fall with the time between query and source, in either direction.

Legend: B examples, H heads, S positions, R asked rows, E width of a head.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels import masks, normalise


class Decayed(Attention):
    r"""The weights :math:`\mathrm{softmax}_s(q_t \cdot k_s / \sqrt E - \lambda\, |\tau_t - \tau_s|)`, computed when
    asked, with one rate :math:`\lambda` per head. It holds O(S E) numbers.

    Rows are differentiable with respect to query, key and rate; with half precision inputs they are computed and
    returned in float32, also under autocast.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B H S E"],
        rate: Float[Tensor, "H"],
        times: Float[Tensor, "B S"],
        *,
        layout: Layout,
    ) -> None:
        self._query = query
        self._key = key
        self._rate = rate
        self._times = times
        self._layout = layout
        batch, heads, size, _ = query.shape
        self.shape = (batch, heads, size, size)
        self.asked = layout.lengths
        self.normalised = True

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        with torch.autocast(index.device.type, enabled=False):
            query = _exact(self._query[:, :, index]) * self._query.shape[-1] ** -0.5
            elapsed = (self._times[:, index, None] - self._times[:, None]).abs()  # [B, R, S]
            scores = query @ _exact(self._key).mT - _exact(self._rate)[:, None, None] * elapsed[:, None]
        seen = masks.padding(index, layout=self._layout, query_layout=self._layout)
        return normalise.softmax(scores, seen[:, None])

    def mixed(self, value: Float[Tensor, "B H S E"]) -> Float[Tensor, "B H S E"]:
        """The values of each query, mixed by its weights, in blocks of rows. Padding may hold any finite number."""
        return torch.cat([self.rows(index).to(value.dtype) @ value for index in self._blocks()], dim=2)


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
