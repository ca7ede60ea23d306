"""A record of two attentions in a row on a grid: first along the frames at each place, then over the places of a frame.

Legend: B examples, H heads, F frames, P places, S positions (F P, frame by frame), R asked rows.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.record import Attention


class Factorised(Attention):
    r"""The product of two attentions, :math:`A_{tp,\,t'p'} = b^t_{pp'}\, a^{p'}_{tt'}`: the share of place p' in frame
    t as place p sees it, times the share of frame t' at that place. Rows sum to one if those of both do.

    It holds the two records. A row costs O(S) times the width of a head, and what each source received two passes over
    the small attentions.

    Args:
        frames: a, with one example for each example, place and head [B P H, 1, F, F].
        places: b, with one example for each example and frame [B F, H, P, P].
        asked: how many positions of each example are real.
    """

    def __init__(self, frames: Attention, places: Attention, asked: Int[Tensor, "B"]) -> None:
        self._frames = frames
        self._places = places
        heads, extent = places.shape[1], frames.shape[2]
        size = extent * places.shape[2]
        self.shape = (len(asked), heads, size, size)
        self.asked = asked
        self.normalised = frames.normalised and places.normalised

    def rows(self, index: Int[Tensor, "R"]) -> Float[Tensor, "B H R S"]:
        batch, heads, _, _ = self.shape
        extent, count = self._frames.shape[2], self._places.shape[2]
        frame, place = index // max(1, count), index % max(1, count)
        each = torch.arange(len(index), device=index.device)
        of_places = self._places.rows(place).view(batch, extent, heads, len(index), count)
        of_places = of_places[:, frame, :, each]  # [R, B, H, P]
        of_frames = self._frames.rows(frame).view(batch, count, heads, len(index), extent)  # [B, P, H, R, F]
        return torch.einsum("rbhp,bphrf->bhrfp", of_places, of_frames).flatten(3)

    def received(self, query_weights: Float[Tensor, "B S"] | None = None) -> Float[Tensor, "B H S"]:
        """What each source received, in two passes: what a place received in a frame, it passes on to all frames."""
        if query_weights is None:
            real = torch.arange(self.shape[2], device=self.asked.device) < self.asked[:, None]
            return self._passed(real.to(torch.float32)) / self.asked.clamp(min=1)[:, None, None]
        return self._passed(query_weights)

    def _passed(self, query_weights: Float[Tensor, "B S"]) -> Float[Tensor, "B H S"]:
        batch, heads, size, _ = self.shape
        extent, count = self._frames.shape[2], self._places.shape[2]
        passed = self._places.received(query_weights.reshape(batch * extent, count))  # [B F, H, P]
        passed = passed.view(batch, extent, heads, count).permute(0, 3, 2, 1)  # [B, P, H, F]
        found = self._frames.received(passed.reshape(batch * count * heads, extent))  # [B P H, 1, F]
        return found.view(batch, count, heads, extent).permute(0, 2, 3, 1).reshape(batch, heads, size)
