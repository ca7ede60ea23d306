"""Sparse selection in steps (after Arik and Pfister 2021, "TabNet"): each step looks at a few positions and decides.

Legend: B examples, S sources, N steps, W width.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.kernels.masks import blank
from salience.kernels.normalise import sparsemax
from salience.models.encoders.encoder import Encoded
from salience.models.groups import OverSteps
from salience.models.intervene import LastLook, Look

_TINY = 1e-12


class TabNet(nn.Module):
    r"""One vector per step: :math:`d_i, c_i = f_i(\sum_s M_{is} v(x_s))`, with the mask
    :math:`M_i = \mathrm{sparsemax}_s(q_i(c_{i-1}) \cdot k(x_s) / \sqrt W + \log P_{is})` and what is left for it,
    :math:`P_{is} = \prod_{j<i} (\gamma - M_{js})`.

    Idea: a step looks at few positions and lets the next one look elsewhere, so that most weights are exactly zero. The
    record has steps for queries; times the weights of a pool over steps it gives the weight of every position. What a
    position gives has not been mixed with others, so that its weight is about itself.
    Cost: O(N S W + S W^2) time, O(S W) memory.
    Works badly when: many positions matter together.

    Other than in the original, positions are scored by what they hold instead of by their number, so that any of them
    may be left out; what is left is added as a logarithm, and with a relaxation of 1 a position that is used up is out
    of reach until all are; LayerNorm stands for batch norm, and the weights of a pool for the sum over steps;
    the first step has seen nothing yet.

    Args:
        steps: number of steps, at least 1.
        gamma: relaxation: 1 lets a position be used up once, larger values let later steps come back to it.
        dropout: share of channels dropped in training from what each step has read.

    Raises:
        ConfigError: no step, or a relaxation below 1.

    Reference: Arik and Pfister 2021, "TabNet: Attentive Interpretable Tabular Learning", section 3.
    """

    def __init__(self, width: int, *, steps: int = 3, gamma: float = 1.3, dropout: float = 0.1) -> None:
        super().__init__()
        if steps < 1 or gamma < 1:
            raise ConfigError(
                f"expected at least 1 step and a relaxation of at least 1, got {steps} and {gamma}", where="TabNet"
            )
        self.width = width
        self.gamma = gamma
        self.norm = nn.LayerNorm(width)
        # A constant added to all scores changes no mask, so that keys need no bias.
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width)
        # The first step asks every example alike, so that nothing of it passes by the masks.
        self.start = nn.Parameter(torch.randn(width) / width**0.5)
        self.queries = nn.ModuleList(nn.Linear(width, width) for _ in range(steps))
        self.shared = _Gated(width)
        self.deciders = nn.ModuleList(_Gated(width) for _ in range(steps))
        self.contexts = nn.ModuleList(nn.Linear(width, width) for _ in range(steps - 1))
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        return self.remix(None, values, layout)

    def remix(self, told: Float[Tensor, "B N S"] | None, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        """What the steps decide under other masks than their own, which are zero at padding; one stands for all.

        Of masks that are told, later steps know no more than what they read.
        """
        values = self.norm(blank(values, layout))
        context = self.start.expand(len(values), -1)
        keys, given = self.keys(values) / self.width**0.5, self.values(values)
        left, decisions, masks = torch.ones_like(keys[..., 0]), [], []
        for number, (query, decide) in enumerate(zip(self.queries, self.deciders, strict=True)):
            if told is None:
                scores = torch.einsum("bsw,bw->bs", keys, query(context)) + left.clamp(min=_TINY).log()
                mask = sparsemax(scores, _open(left, layout)).to(values.dtype)
                left = left * (self.gamma - mask)
            else:
                mask = told[:, min(number, told.shape[1] - 1)].to(values.dtype)
            read = decide(self.shared(self.dropout(torch.einsum("bs,bsw->bw", mask, given))))
            if number < len(self.contexts):
                context = self.contexts[number](read)
            decisions.append(read)
            masks.append(mask)
        return self._encoded(torch.stack(decisions, 1), torch.stack(masks, 1), layout)

    def last_look(self, values: Float[Tensor, "B S W"], layout: Layout) -> LastLook:
        """The masks of its steps, as if these were heads: all of them read the same positions."""
        masks = self(values, layout).records[0].weights()[:, 0]  # [B, N, S]
        look = Look(masks[:, :, None], layout.mask[:, None])
        return LastLook((look,), lambda weights: self.remix(weights[0][:, :, 0], values, layout))

    def _encoded(self, decisions: Float[Tensor, "B N W"], masks: Float[Tensor, "B N S"], layout: Layout) -> Encoded:
        count = decisions.shape[1]
        steps = Layout(layout.lengths.clamp(max=1) * count, count)
        return Encoded(blank(decisions, steps), steps, (OverSteps(masks[:, None], steps.lengths),))


def _open(left: Float[Tensor, "B S"], layout: Layout) -> Bool[Tensor, "B S"]:
    """The positions that are not used up; where all are, the steps begin again."""
    fresh = layout.mask & (left > _TINY)
    return torch.where(fresh.any(1, keepdim=True), fresh, layout.mask)


class _Gated(nn.Module):
    """Half of what a linear layer gives opens the other half; what came in is kept beside it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Float[Tensor, "B W"]) -> Float[Tensor, "B W"]:
        return self.norm(values + nn.functional.glu(self.linear(values), dim=-1))
