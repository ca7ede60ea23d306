"""Local attention: each position sees its neighbours only (Beltagy et al. 2020).

Legend: B examples, H heads, G heads of keys, S positions, D width, E width of a head (D / H), w window.
"""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.core.record import Attention
from salience.kernels.banded import Band, banded


class LocalWindow(Headed):
    r"""Multi-head attention in a sliding window.

    Idea: most of what a word, a step or a frame needs stands near it. With L layers, news still travels L w positions.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{|s - t| \leq w}(W_q^h x_t \cdot W_k^h x_s / \sqrt E)`;
    :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h x_s]_h`.

    Cost: O(S D^2 + S w D) time, O(S (D + w)) memory, in blocks of the band; nothing of size S S is made.

    Works badly when: what matters is farther away than layers times window, or order means nothing (neighbours in a
    table or a set are chance).

    Reference: Beltagy, Peters and Cohan 2020, "Longformer: The Long-Document Transformer", section 3.1.

    Args:
        window: how many positions each sees to either side, besides itself; at least 1.
        heads: number of heads; divides the width.
        causal: position t sees none after itself.
        dropout: share of output channels dropped in training.

    Three equal vectors, one head, a window of 1: each looks at all it sees alike, the first and last at two, the middle
    one at three.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> _, record = LocalWindow(2, window=1, heads=1)(torch.ones(1, 3, 2), layout=Layout(torch.tensor([3]), size=3))
    >>> print(record.weights()[0, 0].detach())
    tensor([[0.5000, 0.5000, 0.0000],
            [0.3333, 0.3333, 0.3333],
            [0.0000, 0.5000, 0.5000]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(
        self, width: int, *, window: int = 32, heads: int = 4, causal: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if window < 1:
            raise ConfigError(
                f"expected a window of at least 1 position, got {window}", where="LocalWindow", fix="raise `window`"
            )
        self.window = window
        self.causal = causal

    def mix(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,  # noqa: ARG002
    ) -> tuple[Float[Tensor, "B H S E"], Attention]:
        return banded(query, key, value, layout=layout, band=Band(self.window, causal=self.causal))

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, window={self.window}, causal={self.causal}"
