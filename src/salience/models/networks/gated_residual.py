"""A gated residual network: a small network that may be passed over (Lim et al. 2021).

Legend: D width in, W width out.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class GatedResidual(nn.Module):
    r"""Adds to its input as much of a small network as a gate lets through.

    Formula: :math:`y = \mathrm{norm}(W_r x + \sigma(W_g h) \odot W_h h)` with :math:`h = \mathrm{elu}(W_1 x)`, the
    weights :math:`W_r` only where the width changes.

    Args:
        out: the width of what comes out; that of the input by default.
        dropout: share of channels of h dropped in training.

    Reference: Lim et al. 2021, "Temporal Fusion Transformers for Interpretable Multi-horizon Time Series Forecasting",
    section 4.1.
    """

    def __init__(self, width: int, *, out: int | None = None, dropout: float = 0.1) -> None:
        super().__init__()
        out = width if out is None else out
        self.hidden = nn.Linear(width, out)
        self.gate = Gated(out, dropout=dropout)
        self.stay = nn.Identity() if out == width else nn.Linear(width, out)
        self.norm = nn.LayerNorm(out)

    def forward(self, values: Float[Tensor, "*rest D"]) -> Float[Tensor, "*rest W"]:
        return self.norm(self.stay(values) + self.gate(F.elu(self.hidden(values))))


class Gated(nn.Module):
    r"""Lets a linear map through as far as another one says: :math:`\sigma(W_g x) \odot W_h x`.

    Reference: Dauphin et al. 2017, "Language Modeling with Gated Convolutional Networks".
    """

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.both = nn.Linear(width, 2 * width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Float[Tensor, "*rest D"]) -> Float[Tensor, "*rest D"]:
        return F.glu(self.both(self.dropout(values)), dim=-1)
