"""Two streams, each encoded by itself, that then read each other (Chen et al. 2017).

Legend: B examples, T and S positions of the two streams, D width of what comes in, W width of the encoders.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention import Interactive
from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.assemble import build_encoder
from salience.models.encoders.encoder import Encoded


class InteractivePair(nn.Module):
    r"""Each position knows what the other stream has to say to it: :math:`y_t = \mathrm{gelu}(W\,[h_t, r_t, h_t - r_t,
    h_t \odot r_t])`.

    :math:`h` is a stream as its own encoder gives it, and :math:`r` what it reads of the other by `Interactive`
    attention; differences and products say where both agree. Streams have encoders of their own and share W.

    Args:
        encoder: of each stream, as a config names it.

    Raises:
        ConfigError: an unknown name or option.

    Reference: Chen et al. 2017, "Enhanced LSTM for Natural Language Inference", sections 3.1 and 3.2.

    >>> pair = InteractivePair(4)
    >>> question, text = torch.randn(1, 2, 4), torch.randn(1, 3, 4)
    >>> layouts = Layout(torch.tensor([2]), 2), Layout(torch.tensor([3]), 3)
    >>> (read, to_text), (_, to_question) = pair(question, text, layouts=layouts)
    >>> read.values.shape, to_text.shape, to_question.shape
    (torch.Size([1, 2, 4]), (1, 1, 2, 3), (1, 1, 3, 2))
    """

    def __init__(self, width: int, *, encoder: str | Mapping[str, Any] = "Recurrent") -> None:
        super().__init__()
        one, two = (build_encoder(encoder, width) for _ in range(2))
        self.width: int = one.width
        self.encoders = nn.ModuleList([one, two])
        self.attention = Interactive(self.width)
        self.join = nn.Linear(4 * self.width, self.width)

    def forward(
        self,
        first: Float[Tensor, "B T D"],
        second: Float[Tensor, "B S D"],
        *,
        layouts: tuple[Layout, Layout],
    ) -> tuple[tuple[Encoded, Attention], tuple[Encoded, Attention]]:
        """For each stream what it holds now, and where it looked in the other one."""
        one, two = (
            encoder(values, layout)
            for encoder, values, layout in zip(self.encoders, (first, second), layouts, strict=True)
        )
        (read_one, to_two), (read_two, to_one) = self.attention.both(
            one.values, two.values, layout=two.layout, query_layout=one.layout
        )
        return (self._joined(one, read_one), to_two), (self._joined(two, read_two), to_one)

    def _joined(self, own: Encoded, read: Float[Tensor, "B S W"]) -> Encoded:
        values = torch.cat([own.values, read, own.values - read, own.values * read], dim=-1)
        return Encoded(blank(nn.functional.gelu(self.join(values)), own.layout), own.layout, own.records)
