"""Space-time attention: along time at each place, then over the places of each frame (Bertasius et al. 2021).

Legend: B examples, H heads, F frames, P places, S positions (F P, frame by frame), D width, E width of a head.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.heads import Headed, split_heads
from salience.core.batch import Layout
from salience.core.errors import DataError
from salience.kernels import attend
from salience.kernels.factorised import Factorised
from salience.kernels.grid import extents, lines


class SpaceTime(Headed):
    r"""Two small attentions instead of one over all frames and places; together they reach everything.

    Idea: what happens at a place over time, and then where in the frame. F + P comparisons per position stand for F P.

    Formula: :math:`m^h_{tp} = \sum_{t'} a^{hp}_{tt'} v^h_{t'p}` with :math:`a^{hp}_{tt'} =
    \mathrm{softmax}_{t'}(q^h_{tp} \cdot k^h_{t'p} / \sqrt E)`, then :math:`y_{tp} = W_o\,[\sum_{p'} b^{ht}_{pp'}
    m^h_{tp'}]_h` with :math:`b^{ht}_{pp'} = \mathrm{softmax}_{p'}(\hat q^h_{tp} \cdot \hat k^h_{tp'} / \sqrt E)`, where
    :math:`\hat q` and :math:`\hat k` are learned maps of all heads of m. The slowest axis of the grid is time.

    Cost: O(S D^2 + S (F + P) D) time, O(S D) memory.

    Weights: :math:`b^{ht}_{pp'} a^{hp'}_{tt'}`, exactly the share with which the value of a source enters the output,
    since values are projected once, before both attentions, and each head passes its own on. (The papers project values
    again in between, where no such product of heads exists.) Weights are a product at each query: they cannot choose
    one place in one frame and another place in another frame without also weighing the two other pairs.

    Works badly when: things move, so that what belongs together is at other places in other frames.

    Reference: Bertasius et al. 2021, "Is Space-Time Attention All You Need for Video Understanding?", section 3
    (divided attention); Arnab et al. 2021, "ViViT: A Video Vision Transformer", section 3.3 (factorised).

    Args:
        heads: number of heads; divides the width.
        dropout: share of output channels dropped in training.

    Raises:
        DataError: positions that do not lie in a grid of at least two axes, or an example that ends inside a frame.

    Two frames of two places that hold (1, 0) and (0, 1). Queries along time want nothing, so that both frames count
    half. Then place 0 compares itself, 1 / sqrt(2), with place 1, 0, and keeps 1 / (1 + exp(-1 / sqrt(2))) = 0.66976:
    half of it for each frame.

    >>> mechanism = SpaceTime(2, heads=1)
    >>> _ = nn.init.zeros_(mechanism.query.weight)
    >>> for each in (mechanism.value, mechanism.place_query, mechanism.place_key):
    ...     _ = nn.init.eye_(each.weight)
    >>> frame = torch.eye(2)
    >>> layout = Layout(torch.tensor([4]), 4, grid=(2, 2))
    >>> _, record = mechanism(torch.cat([frame, frame])[None], layout=layout)
    >>> print(record.rows(torch.tensor([0]))[0, 0].detach())
    tensor([[0.3349, 0.1651, 0.3349, 0.1651]])
    """

    among_themselves: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("grid",)

    def __init__(self, width: int, *, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        self.place_query = nn.Linear(width, width)
        self.place_key = nn.Linear(width, width, bias=False)
        for each in (self.place_query, self.place_key):
            nn.init.xavier_uniform_(each.weight)
        nn.init.zeros_(self.place_query.bias)

    def mix(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B H S E"],
        value: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H S E"], Factorised]:
        grid = _grid(layout)
        shape = (len(value), grid[0], math.prod(grid[1:]))  # [B, F, P]
        reach = lines(layout, grid)  # frames of each example
        at_places = Layout(reach.repeat_interleave(shape[2] * self.heads), shape[1])
        over_time = (_by_place(each, shape) for each in (query, key, value))
        mixed, frames = attend(*over_time, layout=at_places, query_layout=at_places)
        mixed = _from_places(mixed, self.heads, shape)

        seen = mixed.transpose(1, 2).flatten(2)  # [B, S, D]
        asking, offering = (split_heads(each(seen), self.heads) for each in (self.place_query, self.place_key))
        real = torch.arange(shape[1], device=reach.device) < reach[:, None]  # [B, F]
        in_frames = Layout((shape[2] * real).flatten(), shape[2])
        over_places = (_by_frame(each, shape) for each in (asking, offering, mixed))
        mixed, places = attend(*over_places, layout=in_frames, query_layout=in_frames)
        return _from_frames(mixed, shape), Factorised(frames, places, query_layout.lengths)


def _grid(layout: Layout) -> tuple[int, ...]:
    if layout.grid is None or len(layout.grid) < 2:
        raise DataError(
            f"expected positions in a grid of time and at least one more axis, got {layout.grid or 'a sequence'}",
            where="SpaceTime",
            fix="give the extents in `grid`, slowest first, as in (frames, height, width); or use Temporal",
        )
    return extents(layout, axes=len(layout.grid), where="SpaceTime")


def _by_place(values: Float[Tensor, "B H S E"], shape: tuple[int, int, int]) -> Float[Tensor, "BPH 1 F E"]:
    # Heads are examples here, because each has query weights of its own when it is asked what sources received.
    return values.unflatten(2, shape[1:]).permute(0, 3, 1, 2, 4).flatten(0, 2)[:, None]


def _from_places(
    mixed: Float[Tensor, "BPH 1 F E"], heads: int, shape: tuple[int, int, int]
) -> Float[Tensor, "B H S E"]:
    return mixed[:, 0].unflatten(0, (shape[0], shape[2], heads)).permute(0, 2, 3, 1, 4).flatten(2, 3)


def _by_frame(values: Float[Tensor, "B H S E"], shape: tuple[int, int, int]) -> Float[Tensor, "BF H P E"]:
    return values.unflatten(2, shape[1:]).transpose(1, 2).flatten(0, 1)


def _from_frames(mixed: Float[Tensor, "BF H P E"], shape: tuple[int, int, int]) -> Float[Tensor, "B H S E"]:
    return mixed.unflatten(0, shape[:2]).transpose(1, 2).flatten(2, 3)
