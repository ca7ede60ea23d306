"""Linformer: keys and values of all positions are projected to a few landmarks by learned maps (Wang et al. 2020).

Legend: B examples, H heads, T queries, S sources, E width of a head, L landmarks.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.kernels.low_rank import LowRank
from salience.kernels.masks import blank


class Linformer(Headed):
    r"""Queries look at L mixtures of the sources, and the mixtures are learned position by position.

    Idea: the matrix of attention weights is nearly of low rank, so that a few mixtures of keys and values may stand for
    all of them.

    Formula: :math:`b^h_{tl} = \mathrm{softmax}_l(q^h_t \cdot \sum_s E_{ls} k^h_s / \sqrt E)`,
    :math:`a^h_{ts} = \sum_l b^h_{tl} F_{ls}`, :math:`y_t = W_o\,[\sum_s a^h_{ts} v^h_s]_h`. The maps E and F are shared
    by the heads. Padded positions are left out of both sums.

    Cost: O((T + S) (D^2 + D L)) time, O((T + S) (D + H L)) memory, and 2 L numbers to learn for each of the `longest`
    positions.

    Weights: the share :math:`a_{ts}` with which the value of a source enters the output, exactly. It may be negative,
    and shares need not sum to one. It says little of what a source *is*: F depends on positions only, so that sources
    are told apart by place, and by content only through the choice of landmarks.

    Works badly when: lengths differ much or things stand anywhere, since a map learned at one place says nothing of
    another. There is no causal variant, since every landmark mixes the whole sequence.

    Reference: Wang et al. 2020, "Linformer: Self-Attention with Linear Complexity", section 4.

    Args:
        heads: number of heads; divides the width.
        landmarks: how many mixtures, L.
        longest: how many positions the maps know.
        dropout: share of output channels dropped in training.

    Raises:
        DataError: more than `longest` sources.

    Vectors (1, 2) and (3, 4), projections that change nothing, one landmark that takes the first value and takes half
    the second away: every query has no choice but that landmark, so that the weights are 1 and -0.5.

    >>> mechanism = Linformer(2, heads=1, landmarks=1, longest=2)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = nn.init.eye_(each.weight)
    >>> _ = mechanism.value_map.data.copy_(torch.tensor([[1.0, -0.5]]))
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0, 0].detach(), output[0, 0].detach())
    tensor([ 1.0000, -0.5000]) tensor([-0.5000,  0.0000])
    """

    def __init__(
        self, width: int, *, heads: int = 4, landmarks: int = 32, longest: int = 512, dropout: float = 0.0
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if landmarks < 1 or longest < 1:
            raise ConfigError(
                f"expected at least one landmark and one position, got landmarks={landmarks} and longest={longest}",
                where="Linformer",
                fix="raise `landmarks` or `longest`",
            )
        # Mixtures of `longest` keys are then as large as one key.
        self.key_map = nn.Parameter(longest**-0.5 * torch.randn(landmarks, longest))
        self.value_map = nn.Parameter(longest**-0.5 * torch.randn(landmarks, longest))

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B H S E"],
        value: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], LowRank]:
        longest = self.key_map.shape[1]
        if layout.size > longest:
            raise DataError(
                f"expected at most {longest} positions, got {layout.size}",
                where="Linformer",
                fix="cut the input, raise `longest`, or use Nystrom or Linear, which read any length",
            )
        keys = self.key_map[:, : layout.size] @ blank(key, layout)  # [B, H, L, E]
        values = self.value_map[:, : layout.size] @ blank(value, layout)  # [B, H, L, E]
        shares = (query @ keys.mT * query.shape[-1] ** -0.5).softmax(dim=-1)  # [B, H, T, L]
        maps = blank(self.value_map.mT[None, None, : layout.size].expand(len(query), -1, -1, -1), layout)
        return shares @ values, LowRank(blank(shares, query_layout), maps, query_layout.lengths)

    def extra_repr(self) -> str:
        landmarks, longest = self.key_map.shape
        return f"heads={self.heads}, landmarks={landmarks}, longest={longest}"
