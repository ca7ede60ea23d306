"""A record of attention within segments and back to the segment before, with scores of content and of distance.

Legend: B examples, H heads, S positions, R asked rows, E width of a head, C positions of a segment, N segments,
K context of a segment (2 C: the segment before, then its own), P distances (3 C - 1).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor
from torch.nn import functional as F

from salience.core.batch import Layout
from salience.core.record import Attention, Dense
from salience.kernels import masks, normalise


@dataclass(frozen=True)
class Distances:
    r"""What a distance adds to a score: :math:`v \cdot r_d` whatever the query is, and :math:`q \cdot r_d`."""

    #: One key for each distance, from 2 C - 1 positions before the query to C - 1 after it.
    keys: Float[Tensor, "H P E"]
    #: Added to queries before they meet keys of content: u.
    content_bias: Float[Tensor, "H E"]
    #: Added to queries before they meet keys of distances: v.
    distance_bias: Float[Tensor, "H E"]


class Segmented(Attention):
    r"""Weights :math:`\mathrm{softmax}_s(((q_t + u) \cdot k_s + (q_t + v) \cdot r_{t - s}) / \sqrt E)` over the
    positions of the same segment and of the one before; only those up to t if `causal`.

    Keys that are seen from the next segment are `memory`, the same numbers as `key` with another gradient. It holds
    O(S E) numbers. `received` and `entropy` cost O(S C E) time. Everything is computed in at least float32.
    """

    def __init__(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B H S E"],
        memory: Float[Tensor, "B H S E"],
        distances: Distances,
        *,
        segment: int,
        causal: bool,
        layout: Layout,
    ) -> None:
        self._query = query
        self._key = key
        self._memory = memory
        self._distances = distances
        self._segment = segment
        self._causal = causal
        self._layout = layout
        batch, heads, size, _ = query.shape
        self.shape = (batch, heads, size, size)
        self.asked = layout.lengths
        self.normalised = True

    def mixed(self, value: Float[Tensor, "B H S E"], memory: Float[Tensor, "B H S E"]) -> Float[Tensor, "B H S E"]:
        """The values each query sees, mixed by its weights; from the segment before they are those of `memory`.

        Padded positions may hold any finite number.
        """
        with torch.autocast(value.device.type, enabled=False):
            mixed = self._band() @ self._context(_exact(value), _exact(memory))  # [B, H, N, C, E]
        return mixed.flatten(2, 3)[:, :, : self.shape[3]].to(value.dtype)

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        with torch.autocast(index.device.type, enabled=False):
            content, distant = self._asking(self._query[:, :, index])
            position = torch.arange(self.shape[3], device=index.device)
            before = (index[:, None] // self._segment) - position // self._segment  # segments, [R, S]
            own, memory = (content @ _exact(each).mT for each in (self._key, self._memory))
            far = 2 * self._segment - 1 - (index[:, None] - position)
            place = far.clamp(0, 3 * self._segment - 2).expand(*own.shape)
            scores = torch.where(before == 0, own, memory) + distant.gather(-1, place)
        seen = masks.padding(index, layout=self._layout, query_layout=self._layout) & ((before == 0) | (before == 1))
        if self._causal:
            seen = seen & masks.causal(index, size=self.shape[3])
        return normalise.softmax(scores, seen[:, None])

    def received(self, query_weights: Float[Tensor, "B S"] | None = None) -> Float[Tensor, "B H S"]:
        """What each source received from its own segment and the next."""
        with torch.autocast(self._query.device.type, enabled=False):
            band = self._band()
            weights = self.uniform(band.dtype) if query_weights is None else query_weights.to(band.dtype)
            weights = self._cut(weights[:, None, :, None])  # [B, 1, N, C, 1]
            before, own = (band * weights).sum(dim=3).chunk(2, dim=-1)  # [B, H, N, C]
        return (own + _shifted(before, -1)).flatten(2)[:, :, : self.shape[3]]

    def entropy(self) -> Float[Tensor, "B H S"]:
        band = self._band().flatten(2, 3)[:, :, : self.shape[3]]
        return Dense(band, self.asked).entropy()

    def _band(self) -> Float[Tensor, "B H N C K"]:
        """The weights of all queries over what their segments see."""
        with torch.autocast(self._query.device.type, enabled=False):
            content, distant = (self._cut(each) for each in self._asking(self._query))
            scores = content @ self._context(_exact(self._key), _exact(self._memory)).mT + _aligned(distant)
        return normalise.softmax(scores, self._seen())

    def _asking(self, query: Float[Tensor, "B H R E"]) -> tuple[Float[Tensor, "B H R E"], Float[Tensor, "B H R P"]]:
        """Scaled queries as they meet keys, and their scores for each distance, furthest before first."""
        query, scale = _exact(query), query.shape[-1] ** -0.5
        content = scale * (query + self._distances.content_bias[:, None])
        distant = scale * (query + self._distances.distance_bias[:, None])
        return content, distant @ _exact(self._distances.keys).mT

    def _context(self, own: Float[Tensor, "B H S E"], memory: Float[Tensor, "B H S E"]) -> Float[Tensor, "B H N K E"]:
        return torch.cat([_shifted(self._cut(memory), 1), self._cut(own)], dim=3)

    def _seen(self) -> Bool[Tensor, "B 1 N C K"]:
        real = self._cut(self._layout.mask[:, None, :, None])  # [B, 1, N, C, 1]
        context = torch.cat([_shifted(real, 1), real], dim=3)
        seen = real & context.mT
        if self._causal:
            place = torch.arange(2 * self._segment, device=real.device)
            seen = seen & (place <= place[self._segment :, None])
        return seen

    def _cut(self, values: Tensor) -> Tensor:
        """Segments along a new axis after the heads, the last one filled up with zeros."""
        size = values.shape[2]
        count = -(-size // self._segment)
        return F.pad(values, (0, 0, 0, count * self._segment - size)).unflatten(2, (count, self._segment))


def _shifted(segments: Shaped[Tensor, "B H N *rest"], by: int) -> Shaped[Tensor, "B H N *rest"]:
    """Each segment at the place of the next one (1) or of the one before (-1); zeros where none comes."""
    if by > 0:
        return torch.cat([torch.zeros_like(segments[:, :, :1]), segments[:, :, :-1]], dim=2)
    return torch.cat([segments[:, :, 1:], torch.zeros_like(segments[:, :, :1])], dim=2)


def _aligned(distant: Float[Tensor, "B H N C P"]) -> Float[Tensor, "B H N C K"]:
    """From a column for each distance to a column for each position of the context.

    Row i begins C - 1 - i columns later. With one column more, the rows read as one line do that by themselves.
    """
    segment, count = distant.shape[-2:]
    line = F.pad(distant, (0, 1)).flatten(-2)[..., segment - 1 :][..., : segment * count]
    return line.unflatten(-1, (segment, count))[..., : 2 * segment]


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
