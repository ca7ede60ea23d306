"""Temporal attention: scores fall with the time that passed, at a rate that each head learns (after Press et al. 2022).

Legend: B examples, H heads, S positions, E width of a head.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from salience.attention.heads import Headed
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.core.record import Attention
from salience.kernels import attend
from salience.kernels.decayed import Decayed


class Temporal(Headed):
    r"""Multi-head attention that forgets: what is far away in time needs a higher score to count.

    Idea: events come at uneven times, and old ones matter less. How fast they fade is learned, by each head for itself.

    Formula: :math:`a^h_{ts} = \mathrm{softmax}_s(q^h_t \cdot k^h_s / \sqrt E - \lambda_h\, |\tau_t - \tau_s| / u)` with
    :math:`\lambda_h = \log(1 + e^{r_h})`, times :math:`\tau` and the unit u; :math:`y_t = W_o\,[\sum_s a^h_{ts}
    v^h_s]_h`. Without times, :math:`\tau_t = t`. At equal scores a weight halves in every :math:`\log 2 / \lambda_h`
    units; :math:`r_h = 0` halves it in each one. Rates begin as 1/4, 1/16, 1/64, 1/256 for four heads.

    Cost: O(S D^2 + S^2 D) time. O(S D) memory if `causal`, since :math:`\lambda \tau_t` is then the same for all
    sources of a query, and what is left depends on the source alone. Else O(S D) in inference and O(H S^2) in training.

    Works badly when: what matters comes back at regular times, as every Monday; or the unit is far from the usual time
    between events, so that at first nothing or everything is forgotten. In float16 (not bfloat16), `causal` histories
    in which :math:`\lambda_h` times their length in units exceeds about 65,000 / :math:`\sqrt E` overflow.

    Reference: Press et al. 2022, "Train Short, Test Long: Attention with Linear Biases Enables Input Length
    Extrapolation", where positions stand for times and rates are fixed; for elapsed times, Li et al. 2020, "Time
    Interval Aware Self-Attention for Sequential Recommendation".

    Args:
        heads: number of heads; divides the width.
        causal: query t sees the positions 0 to t, whose times may not fall.
        unit: u, about the usual time between two neighbours, in the unit of the times.
        dropout: share of output channels dropped in training.

    Raises:
        DataError: times that are not finite, not one for each position, or fall although the mechanism is `causal`.

    Three events at 0, 1 and 3, queries that want nothing, a weight that halves in each unit: the last one sees them
    with 1/8, 1/4 and 1, which are 1/11, 2/11 and 8/11.

    >>> mechanism = Temporal(2, heads=1)
    >>> for each in (mechanism.query.weight, mechanism.rate):
    ...     _ = nn.init.zeros_(each)
    >>> layout = Layout(torch.tensor([3]), 3, times=torch.tensor([[0.0, 1.0, 3.0]]))
    >>> _, record = mechanism(torch.randn(1, 3, 2), layout=layout)
    >>> print(11 * record.weights()[0, 0, 2].detach())
    tensor([1., 2., 8.])
    """

    among_themselves: ClassVar[bool] = True

    def __init__(
        self, width: int, *, heads: int = 4, causal: bool = False, unit: float = 1.0, dropout: float = 0.0
    ) -> None:
        super().__init__(width, heads=heads, dropout=dropout)
        if not (unit > 0 and math.isfinite(unit)):
            raise ConfigError(
                f"expected a positive unit of time, got {unit}",
                where="Temporal",
                fix="set `unit` to the usual time between two neighbours, in the unit of the times",
            )
        self.causal = causal
        self.unit = unit
        rates = 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)
        # The inverse of softplus.
        self.rate = nn.Parameter(rates.expm1().log())

    def mix(
        self,
        query: Float[Tensor, "B H S E"],
        key: Float[Tensor, "B H S E"],
        value: Float[Tensor, "B H S E"],
        *,
        layout: Layout,
        query_layout: Layout,
    ) -> tuple[Float[Tensor, "B H S E"], Attention]:
        rate, times = F.softplus(_exact(self.rate)), _since_start(layout, causal=self.causal) / self.unit
        if not self.causal:
            record = Decayed(query, key, rate, times, layout=layout)
            return record.mixed(value), record
        # What a source gains by being late is one more channel of its key, for a query that holds a one there.
        width = query.shape[-1]
        gained = _parts((width**0.5 * rate[:, None] * times[:, None])[..., None], key.dtype)  # [B, H, S, 1 or 3]
        mixed, scored = attend(
            torch.cat([query, torch.ones_like(gained)], dim=-1),
            torch.cat([key, gained], dim=-1),
            # Fused kernels want values as wide as keys.
            F.pad(value, (0, gained.shape[-1])),
            layout=layout,
            query_layout=query_layout,
            causal=True,
            scale=width**-0.5,
        )
        return mixed[..., :width], scored

    def extra_repr(self) -> str:
        return f"heads={self.heads}, causal={self.causal}, unit={self.unit}"


def _since_start(layout: Layout, *, causal: bool) -> Float[Tensor, "B S"]:
    """The time of each real position since the first one of its example, at least in float32; 0 at padding."""
    if layout.times is None:
        position = torch.arange(layout.size, device=layout.lengths.device, dtype=torch.float32)
        return position * layout.mask
    if layout.times.shape != layout.mask.shape:
        raise DataError(
            f"expected one time per position, {tuple(layout.mask.shape)}, got {tuple(layout.times.shape)}",
            where="Temporal",
            fix="give `times` as [examples, positions]",
        )
    times = torch.where(layout.mask, _exact(layout.times), 0.0)
    times = torch.where(layout.mask, times - times[:, :1], 0.0)
    # A compiled graph cannot look at numbers.
    if not torch.compiler.is_compiling():
        _check(times, layout, causal=causal)
    return times


def _check(times: Float[Tensor, "B S"], layout: Layout, *, causal: bool) -> None:
    if not bool(times.isfinite().all()):
        raise DataError("times are not all finite", where="Temporal", fix="fill in or drop positions without a time")
    falls = (times.diff(dim=1) < 0) & layout.mask[:, 1:]
    if causal and bool(falls.any()):
        example, position = falls.nonzero()[0].tolist()
        raise DataError(
            f"the time of position {position + 1} lies before that of position {position}",
            where=f"Temporal, example {example} of the batch",
            fix="sort positions by time, or leave out `causal`",
        )


def _parts(values: Float[Tensor, "*any 1"], dtype: torch.dtype) -> Float[Tensor, "*any parts"]:
    """Numbers of this type that add up to the values: times since the start grow, and half precision would round away
    what lies between neighbours."""
    if dtype.itemsize >= values.dtype.itemsize:
        return values.to(dtype)
    first = values.to(dtype)
    second = (values - first).to(dtype)
    return torch.cat([first, second, (values - first - second).to(dtype)], dim=-1)


def _exact(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))
