"""Nystrom attention: means of segments stand for all positions, and a pseudo-inverse corrects for them
(Xiong et al. 2021).

Legend: B examples, H heads, T queries, S sources, E width of a head, L landmarks.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels.low_rank import LowRank
from salience.kernels.masks import blank
from salience.kernels.normalise import softmax


class Nystrom(Headed):
    r"""Softmax attention from three thin matrices, through landmarks that are means of neighbours.

    Idea: every query is compared with a few mean keys, every key with a few mean queries, and a small inverse takes out
    what the means have in common.

    Formula: :math:`A = \mathrm{softmax}(q \bar k^\top)\, \mathrm{softmax}(\bar q \bar k^\top)^+\, \mathrm{softmax}(\bar
    q k^\top)`, all scores divided by :math:`\sqrt E`, where :math:`\bar q, \bar k` are the means of L segments of equal
    length (of at most one position's difference) over the real positions of each example. An example of n < L positions
    has n landmarks. The pseudo-inverse is approached by :math:`Z \leftarrow Z (13 - M Z (15 - M Z (7 - M Z))) / 4`.

    Cost: O((T + S) (D^2 + D L) + H L^3) time, O((T + S) (D + H L)) memory.

    Weights: the share with which the value of a source enters the output, exactly. Shares only come near to softmax
    weights: they may be slightly negative, and rows sum to about one. The nearer to one, the better the approximation.

    Works badly when: neighbours have little to do with each other, so that their mean stands for none of them, or
    scores are sharp. There is no causal variant, since every landmark mixes a whole segment.

    Reference: Xiong et al. 2021, "Nystromformer: A Nystrom-Based Algorithm for Approximating Self-Attention",
    section 3; its extra convolution of values is left out, because it is not attention. The iteration is Razavi et al.
    2014, "A New Iterative Method for Finding Approximate Inverses of Complex Matrices".

    Args:
        heads: number of heads; divides the width.
        landmarks: how many segments, L.
        iterations: steps towards the pseudo-inverse.
        dropout: share of output channels dropped in training.

    Vectors (1, 2) and (3, 4), projections that change nothing, one landmark: their mean (2, 3) asks for both of them,
    with scores 8 and 18 over the root of 2, which gives the second 1 / (1 + exp(-10 / sqrt(2))) = 0.99915.

    >>> mechanism = Nystrom(2, heads=1, landmarks=1)
    >>> for each in (mechanism.query, mechanism.key, mechanism.value, mechanism.out):
    ...     _ = torch.nn.init.eye_(each.weight)
    >>> pair = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> output, record = mechanism(pair, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0, :, 1].detach())
    tensor([0.9992, 0.9992])
    """

    def __init__(
        self, width: int, *, heads: int = 4, landmarks: int = 32, iterations: int = 6, dropout: float = 0.0
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if landmarks < 1 or iterations < 1:
            raise ConfigError(
                f"expected at least one landmark and one iteration, got landmarks={landmarks}, iterations={iterations}",
                where="Nystrom",
                fix="raise `landmarks` or `iterations`",
            )
        self.landmarks = landmarks
        self.iterations = iterations

    def mix(
        self,
        query: Float[Tensor, "B H T E"],
        key: Float[Tensor, "B H S E"],
        value: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H T E"], LowRank]:
        # The iteration multiplies rounding errors, which half precision cannot bear.
        with torch.autocast(value.device.type, enabled=False):
            query, key = _exact(query) * query.shape[-1] ** -0.5, _exact(key)
            mean_query = _means(query, query_layout, self.landmarks)  # [B, H, L, E]
            mean_key = _means(key, layout, self.landmarks)
            asking, offering = (_there(each, self.landmarks) for each in (query_layout, layout))  # [B, L]
            near = softmax(query @ mean_key.mT, offering[:, None, None])  # [B, H, T, L]
            middle = softmax(mean_query @ mean_key.mT, asking[:, None, :, None] & offering[:, None, None])
            far = softmax(mean_query @ key.mT, asking[:, None, :, None] & layout.mask[:, None, None])  # [B, H, L, S]
            left = blank(near @ pseudo_inverse(middle, iterations=self.iterations), query_layout)
            mixed = left @ (far @ _exact(value))
        return mixed.to(value.dtype), LowRank(left, far.mT, query_layout.lengths)

    def extra_repr(self) -> str:
        return f"heads={self.heads}, landmarks={self.landmarks}, iterations={self.iterations}"


def pseudo_inverse(matrix: Float[Tensor, "*batch L K"], *, iterations: int) -> Float[Tensor, "*batch K L"]:
    """Nears the pseudo-inverse of each non-negative matrix by products alone. Rows and columns of zeros stay zeros.

    >>> pseudo_inverse(torch.tensor([[0.8, 0.2], [0.2, 0.8]]), iterations=6)
    tensor([[ 1.3333, -0.3333],
            [-0.3333,  1.3333]])
    """
    # From here the iteration converges. The bound is each matrix's own, so that examples do not change each other.
    bound = matrix.sum(dim=-1).amax(dim=-1) * matrix.sum(dim=-2).amax(dim=-1)
    inverse = matrix.mT / torch.where(bound > 0, bound, 1.0)[..., None, None]
    one = torch.eye(matrix.shape[-2], dtype=matrix.dtype, device=matrix.device)
    for _ in range(iterations):
        product = matrix @ inverse
        inverse = inverse @ (13 * one - product @ (15 * one - product @ (7 * one - product))) / 4
    return inverse


def _means(values: Float[Tensor, "B H S E"], layout: Layout, landmarks: int) -> Float[Tensor, "B H L E"]:
    """The mean of each segment; zeros for the segments that an example is too short for."""
    segment = _segments(layout, landmarks)
    member = segment[:, None] == torch.arange(landmarks, device=values.device)[:, None]  # [B, L, S]
    member = (member & layout.mask[:, None]).to(values.dtype)
    shares = member / member.sum(dim=-1, keepdim=True).clamp(min=1)
    return shares[:, None] @ values


def _segments(layout: Layout, landmarks: int) -> Int[Tensor, "B S"]:
    """The segment each real position lies in: as many as there are positions, at most `landmarks`."""
    lengths = layout.lengths[:, None]
    position = torch.arange(layout.size, device=lengths.device)
    return position * lengths.clamp(max=landmarks) // lengths.clamp(min=1)


def _there(layout: Layout, landmarks: int) -> Tensor:
    """Which landmarks an example has. [B, L]"""
    return torch.arange(landmarks, device=layout.lengths.device) < layout.lengths[:, None]


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
