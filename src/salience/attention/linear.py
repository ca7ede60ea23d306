"""Linear attention: positive features instead of exponentials, so that sums over sources are made once for all queries
(Katharopoulos et al. 2020).

Legend: B examples, H heads, T queries, S sources, E width of a head, F features, V columns, C positions of a chunk,
N chunks.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.heads import Headed
from salience.attention.mechanism import only_among_themselves
from salience.core.batch import Layout
from salience.core.record import Attention
from salience.kernels.low_rank import LowRank
from salience.kernels.masks import blank

# Positions whose pairs are formed at once under `causal`: about the width of a head, which balances pairs and states.
CHUNK = 64


def elu_plus_one(values: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Positive everywhere: `x + 1` above zero, `exp(x)` below.

    >>> elu_plus_one(torch.tensor([2.0, -1.0]))
    tensor([3.0000, 0.3679])
    """
    # ELU itself subtracts one first, which leaves nothing of small features in half precision.
    return torch.where(values > 0, values + 1, values.clamp(max=0).exp())


class Linear(Headed):
    r"""Attention whose time and memory grow with the number of sources, not with the number of pairs.

    Idea: if the weight of a pair is a product of features of the query and of the key, the sum over sources does not
    depend on the query, and is made once.

    Formula: :math:`a^h_{ts} = \phi(q^h_t) \cdot \phi(k^h_s) / \sum_r \phi(q^h_t) \cdot \phi(k^h_r)`, and
    :math:`y_t = W_o\,[\sum_s a^h_{ts} v^h_s]_h`, computed as :math:`\phi(q_t)^\top \sum_s \phi(k_s) v_s^\top`.

    Cost: O((T + S) D^2) time, O((T + S) D) memory. The record gives what each source received, exactly, in O((T + S) D)
    time; its rows cost O(S D) each.

    Weights: exact, positive, and they sum to one. They cannot be sharp: each is a smooth function of few features, so
    that the largest weight of a query says less than in softmax attention.

    Works badly when: one source among many has to be found exactly, as for copying or lookup.

    Reference: Katharopoulos et al. 2020, "Transformers are RNNs: Fast Autoregressive Transformers with Linear
    Attention", sections 3.2 and 3.3.

    Args:
        heads: number of heads; divides the width.
        causal: query t sees the positions 0 to t. Self-attention only.
        dropout: share of output channels dropped in training.
        features: :math:`\phi`, from the channels of a head to as many features as it likes, none of them negative.

    Vectors (1, 2) and (3, 4), projections that change nothing: the features are (2, 3) and (4, 5). The first vector
    has 2 * 2 + 3 * 3 = 13 with itself and 2 * 4 + 3 * 5 = 23 with the second, which gets 23 / 36 = 0.63889.

    >>> from salience.core.batch import Layout
    >>> mechanism = Linear(2, heads=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = nn.init.eye_(each.weight)
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.3611, 0.6389])
    >>> print(output[0, 0].detach())
    tensor([2.2778, 3.2778])
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        causal: bool = False,
        dropout: float = 0.0,
        features: Callable[[Tensor], Tensor] = elu_plus_one,
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        # Unlike scores under a softmax, features change with a bias.
        self.key_bias = nn.Parameter(torch.zeros(width))
        self.causal = causal
        self.features = features

    def forward(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"] | None = None,
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[Float[Tensor, "B T D"], Attention]:
        if self.causal:
            only_among_themselves(self, source, query_layout)
        return super().forward(query, source, layout=layout, query_layout=query_layout)

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B H S E"],
        value: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], LowRank]:
        # Sums over many sources would lose small terms in half precision.
        with torch.autocast(value.device.type, enabled=False):
            key = key + self.key_bias.view(self.heads, 1, -1)
            asked, offered = _exact(self.features(query)), blank(_exact(self.features(key)), layout)
            # A column of ones beside the values adds up to the normaliser.
            columns = F.pad(_exact(value), (0, 1), value=1.0)
            sums = _causal_sums(asked, offered, columns) if self.causal else asked @ (offered.mT @ columns)
            total = sums[..., -1:]
            # Nothing is seen, or features so small that their products vanished: such rows are zero.
            total = torch.where(total > torch.finfo(total.dtype).tiny, total, torch.inf)
            asked = blank(asked / total, query_layout)
            record = LowRank(asked, offered, query_layout.lengths, causal=self.causal, normalised=True)
            return (sums[..., :-1] / total).to(value.dtype), record

    def extra_repr(self) -> str:
        return f"heads={self.heads}, causal={self.causal}"


def _causal_sums(
    left: Float[Tensor, "B H S F"], right: Float[Tensor, "B H S F"], columns: Float[Tensor, "B H S V"]
) -> Float[Tensor, "B H S V"]:
    r""":math:`\sum_{s \leq t} (l_t \cdot r_s)\, c_s`: pairs within a chunk, and running sums of the chunks before."""
    size = left.shape[2]
    chunks = -(-size // CHUNK)

    def chunked(values: Tensor) -> Tensor:
        return F.pad(values, (0, 0, 0, chunks * CHUNK - size)).unflatten(2, (chunks, CHUNK))

    left, right, columns = chunked(left), chunked(right), chunked(columns)  # [B, H, N, C, ...]
    states = right.mT @ columns  # [B, H, N, F, V]
    before = states.cumsum(dim=2).roll(1, dims=2)
    before = torch.where(torch.arange(chunks, device=left.device)[:, None, None] > 0, before, 0.0)
    sums = (left @ right.mT).tril() @ columns + left @ before
    return sums.flatten(2, 3)[:, :, :size]


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
