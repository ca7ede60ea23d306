"""Variable selection: at each step, weights of the variables and one vector made of them (Lim et al. 2021).

Legend: B windows, T steps, V variables, D width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from salience.models.networks.gated_residual import GatedResidual


class VariableSelection(nn.Module):
    r"""Weighs the variables of a step by what all of them say together: :math:`y_t = \sum_v a_{tv}\,
    \mathrm{GatedResidual}(x_{tv}),\ a_t = \mathrm{softmax}(\mathrm{GatedResidual}([x_{t1}, ..., x_{tV}]))`.

    The network of single variables is one for all of them, which have vectors of their own already.

    Reference: Lim et al. 2021, "Temporal Fusion Transformers for Interpretable Multi-horizon Time Series Forecasting",
    section 4.2.
    """

    def __init__(self, width: int, *, variables: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.each = GatedResidual(width, dropout=dropout)
        self.weigh = nn.Sequential(
            GatedResidual(variables * width, out=width, dropout=dropout), nn.Linear(width, variables)
        )

    def forward(
        self, cells: Float[Tensor, "B T V D"], told: Float[Tensor, "B T V"] | None = None
    ) -> tuple[Float[Tensor, "B T D"], Float[Tensor, "B T V"]]:
        """The vector of each step, and the weights it was made with: its own, or those that are told."""
        weights = self.weigh(cells.flatten(2)).softmax(dim=-1) if told is None else told
        return (weights[..., None, :] @ self.each(cells)).squeeze(-2), weights
