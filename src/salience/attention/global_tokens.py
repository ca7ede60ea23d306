"""Local attention with a few positions that see and are seen by all (Beltagy et al. 2020; Zaheer et al. 2020).

Legend: B examples, H heads, G heads of keys, S positions, D width, E width of a head (D / H), w window, g tokens.
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


class GlobalTokens(Headed):
    r"""Multi-head attention in a sliding window, and through the first `tokens` positions.

    Idea: a window alone needs many layers to cross a long text. A few positions that everybody reads and that read
    everybody make it two steps from anywhere to anywhere. They are positions of the input, its first ones (a
    classification token, a question, a title), so that each weight still falls on something the input has.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_{s \in V(t)}(W_q^h x_t \cdot W_k^h x_s / \sqrt E)` over
    :math:`V(t) = \{s : |s - t| \leq w \text{ or } s < g \text{ or } t < g\}`; :math:`y_t = W_o\,[\sum_s a^h_{ts} W_v^h
    x_s]_h`.

    Cost: O(S D^2 + S (w + g) D) time, O(S (D + w + g)) memory; nothing of size S S is made.

    Works badly when: the first positions are not special. They then carry everybody's news besides their own, and what
    they received says little about what stood there.

    Reference: Beltagy, Peters and Cohan 2020, "Longformer", section 3.1; Zaheer et al. 2020, "Big Bird: Transformers
    for Longer Sequences" (there ITC), whose projections are shared as here.

    Args:
        tokens: how many of the first positions see all and are seen by all; at least 1.
        window: how many positions the others see to either side, besides themselves; at least 1.
        heads: number of heads; divides the width.
        dropout: share of output channels dropped in training.

    Four equal vectors, one head, a window of 1 and one token: the first looks at all four alike, the last at the first,
    its neighbour and itself.

    >>> import torch
    >>> from salience.core.batch import Layout
    >>> mechanism = GlobalTokens(2, tokens=1, window=1, heads=1)
    >>> _, record = mechanism(torch.ones(1, 4, 2), layout=Layout(torch.tensor([4]), size=4))
    >>> print(record.weights()[0, 0, [0, 3]].detach())
    tensor([[0.2500, 0.2500, 0.2500, 0.2500],
            [0.3333, 0.0000, 0.3333, 0.3333]])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(self, width: int, *, tokens: int = 1, window: int = 32, heads: int = 4, dropout: float = 0.0) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if tokens < 1 or window < 1:
            raise ConfigError(
                f"expected at least 1 token and a window of at least 1 position, got {tokens} and {window}",
                where="GlobalTokens",
                fix="raise them; without tokens choose LocalWindow",
            )
        self.tokens = tokens
        self.window = window

    def mix(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B G S E"],
        value: Float[Tensor, "B G S E"],
        *,
        layout: Layout,
        query_layout: Layout,  # noqa: ARG002
    ) -> tuple[Float[Tensor, "B H S E"], Attention]:
        return banded(query, key, value, layout=layout, band=Band(self.window, tokens=self.tokens))

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, tokens={self.tokens}, window={self.window}"
