"""Segment recurrence: each position sees its segment and, as memory, the segment before (Dai et al. 2019).

Legend: B examples, H heads, T and S positions, D width, E width of a head (D / H), C positions of a segment,
P distances.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.attention.heads import check_heads, split_heads
from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.kernels.segmented import Distances, Segmented


class SegmentRecurrence(nn.Module):
    r"""Attention within segments and back to the segment before, with learned scores of distance.

    Idea: cut a long history into segments, so that time grows with its length only. Each layer of these looks one
    segment further back, so that several of them see far.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_s(((q^h_t + u^h) \cdot k^h_s + (q^h_t + v^h) \cdot W_r^h R_{t-s}) /
    \sqrt E)` over the s of the same segment and of the one before, where R are waves (sine and cosine) of the distance
    and u, v are learned; :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h x_s]_h`. Queries and keys have no bias; u does what
    theirs would.

    The segment before is memory: no gradient reaches its positions through it, only the projections. Gradients with
    respect to inputs therefore tell less than the weights do. Segments are cut in each call anew, from the first
    position; nothing is kept between calls.

    Cost: O(S D^2 + S C D) time, O(S (D + H C)) memory in the call; the record holds O(S D) numbers.

    Works badly when: a position has to be compared with one further back than the segment before, and there are few
    layers; or where segments begin matters, since a position at the start of one sees less of its own.

    Reference: Dai et al. 2019, "Transformer-XL: Attentive Language Models beyond a Fixed-Length Context", section 3.

    Args:
        heads: number of heads; divides the width.
        segment: positions of a segment, C.
        causal: query t sees no position after t.
        dropout: share of output channels dropped in training.

    Vectors (1, 0), (0, 1), (0, 1), segments of one, projections that change nothing, distances that do not count. The
    second compares itself, 1 / sqrt(2), with the first, 0, and gets 1 / (1 + exp(-1 / sqrt(2))) = 0.66976. The third
    sees two that are alike, and no longer the first.

    >>> mechanism = SegmentRecurrence(2, heads=1, segment=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = nn.init.eye_(each.weight)
    >>> _ = nn.init.zeros_(mechanism.distance.weight)
    >>> _, record = mechanism(torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]]), layout=Layout(torch.tensor([3]), 3))
    >>> print(record.weights()[0, 0].detach())
    tensor([[1.0000, 0.0000, 0.0000],
            [0.3302, 0.6698, 0.0000],
            [0.0000, 0.5000, 0.5000]])
    """

    #: See `salience.attention.mechanism.Mechanism`.
    among_themselves: ClassVar[bool] = True

    def __init__(
        self, width: int, *, heads: int = 4, segment: int = 64, causal: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_heads(self, width, heads)
        if segment < 1:
            raise ConfigError(
                f"expected segments of at least one position, got {segment}",
                where="SegmentRecurrence",
                fix="raise `segment`",
            )
        self.heads = heads
        self.segment = segment
        self.causal = causal
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.distance = nn.Linear(width, width, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, width // heads))
        self.distance_bias = nn.Parameter(torch.zeros(heads, width // heads))
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        for each in (self.query, self.key, self.value, self.distance, self.out):
            nn.init.xavier_uniform_(each.weight)
        for each in (self.value, self.out):
            nn.init.zeros_(each.bias)

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        only_among_themselves(self, source, query_layout)
        values = blank(query, layout)
        memory = values.detach()
        record = Segmented(
            self._split(self.query(values)),
            self._split(self.key(values)),
            self._split(self.key(memory)),
            Distances(self._distance_keys(), self.content_bias, self.distance_bias),
            segment=self.segment,
            causal=self.causal,
            layout=layout,
        )
        mixed = record.mixed(self._split(self.value(values)), self._split(self.value(memory)))  # [B, H, T, E]
        return self.dropout(self.out(mixed.transpose(1, 2).flatten(2))), record

    def extra_repr(self) -> str:
        return f"heads={self.heads}, segment={self.segment}, causal={self.causal}"

    def _split(self, projected: Float[Tensor, "B S D"]) -> Float[Tensor, "B H S E"]:
        return split_heads(projected, self.heads)

    def _distance_keys(self) -> Float[Tensor, "H P E"]:
        weight = self.distance.weight
        distances = torch.arange(2 * self.segment - 1, -self.segment, -1, device=weight.device)
        return self._split(self.distance(waves(distances, weight.shape[0]).to(weight.dtype))[None])[0]


def waves(distances: Int[Tensor, "P"], width: int) -> Float[Tensor, "P D"]:
    """Sines and then cosines of each distance, of wave lengths from 2 pi to 10,000 times that.

    >>> waves(torch.tensor([0, 1]), 2)
    tensor([[0.0000, 1.0000],
            [0.8415, 0.5403]], dtype=torch.float64)
    """
    exponents = torch.arange(0, width, 2, device=distances.device, dtype=torch.float64) / width
    angles = distances[:, None] * 10_000.0**-exponents
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[:, :width]
