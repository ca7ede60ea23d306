"""Selection of variables at each step, then attention over steps (Lim et al. 2021).

Legend: B windows, S cells, L steps of the look-back, F steps of the horizon, T steps that are read, E steps of both,
V variables, K variables that are known ahead, D width, Q numbers per forecast, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention import MultiHead
from salience.core.batch import Batch, Layout
from salience.core.record import Attention
from salience.models.groups import Groups, OverGroups
from salience.models.intervene import LastLook, Look, Weights
from salience.models.model import Output
from salience.models.networks.gated_residual import Gated, GatedResidual
from salience.models.networks.instance import Instance
from salience.models.networks.network import Network, WindowShape
from salience.models.networks.variable_selection import VariableSelection


class TemporalFusion(Network):
    r"""Says which variable counts at each step, and which steps count for each step of the horizon.

    Idea: a forecast can be read off: its attention is over steps whose vectors are weighted sums of variables, so that
    the product of both weights belongs to one variable at one moment, and each step of the horizon has its own.

    Formula: :math:`x_t = \sum_v a_{tv}\, g(e_{tv})` selects variables; :math:`h = \mathrm{LSTM}(x)` goes on into the
    horizon; :math:`\hat y_t = W f(h_t + \mathrm{attention}(h_t, h))`, all steps gated, at the level and scale of the
    window. Heads share keys and values, so that the mean of their weights tells what was read.

    Cost: O(T V D^2 + F T D) time, T steps one after the other; O(T V D) memory.

    Works badly when: windows are long, since an LSTM reads them step by step and may carry what it saw to another step;
    or training windows are few.

    Records: the selection (steps ask their variables), then the attention, one query per step of the horizon.

    Args:
        width: of a step inside.
        heads: of the attention; divides the width.
        dropout: share of channels dropped in training before each gate.

    Raises:
        ConfigError: heads that do not divide the width.

    Reference: Lim et al. 2021, "Temporal Fusion Transformers for Interpretable Multi-horizon Time Series Forecasting".
    """

    elements: ClassVar[str] = "cells"

    def __init__(self, shape: WindowShape, *, width: int = 16, heads: int = 4, dropout: float = 0.1) -> None:
        super().__init__(shape)
        # Per variable, and again per variable that is known ahead: what a number there is multiplied with, and added.
        self.stem = nn.Parameter(torch.randn(shape.variables + shape.future, 2, width) * width**-0.5)
        self.select = VariableSelection(width, variables=shape.variables, dropout=dropout)
        self.select_ahead = VariableSelection(width, variables=shape.future, dropout=dropout) if shape.future else None
        self.steps = nn.Parameter(0.02 * torch.randn(shape.horizon, width))
        self.past = nn.LSTM(width, width, batch_first=True)
        self.ahead = nn.LSTM(width, width, batch_first=True)
        self.after_recurrence = _GatedSkip(width, dropout=dropout)
        self.enrich = GatedResidual(width, dropout=dropout)
        self.attention = MultiHead(width, heads=heads, kv_heads=1)
        self.after_attention = _GatedSkip(width, dropout=dropout)
        self.forward_step = GatedResidual(width, dropout=dropout)
        self.after_all = _GatedSkip(width, dropout=dropout)
        self.head = nn.Linear(width, len(shape.targets) * shape.outputs)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        past, ahead = self._apart(self.values(batch))  # [B, L, V, 1], [B, F, K, 1]
        windows = past[..., 0].transpose(1, 2)
        past = self.taken(windows).transpose(1, 2)[..., None]
        number = self.shape.variables
        cells = [
            (each * weight + bias).flatten(1, 2)
            for each, (weight, bias) in (
                (past, self.stem[:number].unbind(1)),
                (ahead, self.stem[number:].unbind(1)),
            )
        ]
        return {column: torch.cat(cells, dim=1) for column in self.columns}

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        (column,) = self.columns
        steps, selected = self._selected(embedded[column])
        states, then = self._states(steps)
        mixed, record = self._attended(states)
        layout = batch.streams[column].layout
        groups = Groups(Layout(layout.lengths, layout.size, groups=self._steps_of(layout)))
        every = torch.cat([each.flatten(1) for each in selected], dim=1)
        selection = OverGroups(every[:, None], groups, normalised=True)
        return Output(self._forecast(mixed, states, then, batch), {column: (selection, record)})

    def last_look(self, batch: Batch) -> LastLook:
        """The attention and, because importance is their product, the selection: each step counts there for what the
        attention gives it."""
        cells = self.embed(batch)[self.columns[0]]
        steps, selected = self._selected(cells)
        _, record = self._attended(self._states(steps)[0])
        counts = record.received().mean(1).split([each.shape[1] for each in selected], dim=1)
        looks = [_free(each[:, None], of) for each, of in zip(selected, counts, strict=True)]

        def told(weights: Sequence[Tensor]) -> Float[Tensor, "B C"]:
            steps, _ = self._selected(cells, [each[:, 0] for each in weights[:-1]])
            states, then = self._states(steps)
            return self._forecast(self.attention.remix(weights[-1], self._read(states)), states, then, batch)

        return LastLook((*looks, _free(record.weights())), told)

    def _selected(
        self, cells: Float[Tensor, "B S D"], told: Sequence[Tensor] = ()
    ) -> tuple[Float[Tensor, "B E D"], list[Tensor]]:
        """A vector per step of the look-back and of the horizon, and the weights of the variables there: the own ones,
        or those that are told."""
        past, ahead = self._apart(cells)
        first, weights = self.select(past, *told[:1])
        then = self.steps.expand(len(cells), -1, -1)
        every = [weights]
        if self.select_ahead is not None:
            known, weights = self.select_ahead(ahead, *told[1:])
            then = then + known
            every.append(weights)
        return torch.cat([first, then], dim=1), every

    def _states(self, steps: Float[Tensor, "B E D"]) -> tuple[Float[Tensor, "B E D"], Float[Tensor, "B F D"]]:
        """What steps hold when they look at each other, and what those of the horizon held before."""
        first, state = self.past(steps[:, : self.shape.look_back])
        then, _ = self.ahead(steps[:, self.shape.look_back :], state)
        return self.enrich(self.after_recurrence(torch.cat([first, then], dim=1), steps)), then

    def _attended(self, states: Float[Tensor, "B E D"]) -> tuple[Float[Tensor, "B F D"], Attention]:
        read = self._read(states)
        return self.attention(states[:, self.shape.look_back :], read, layout=_full(read))

    def _read(self, states: Float[Tensor, "B E D"]) -> Float[Tensor, "B T D"]:
        # Steps of the horizon of which nothing is known ask, but have nothing to tell.
        return states[:, : self.shape.rows]

    def _forecast(
        self,
        mixed: Float[Tensor, "B F D"],
        states: Float[Tensor, "B E D"],
        then: Float[Tensor, "B F D"],
        batch: Batch,
    ) -> Float[Tensor, "B C"]:
        shape = self.shape
        answers = self.forward_step(self.after_attention(mixed, states[:, shape.look_back :]))
        answers = self.head(self.after_all(answers, then))  # [B, F, N * Q]
        forecast = answers.unflatten(-1, (len(shape.targets), shape.outputs)).transpose(1, 2)
        past, _ = self._apart(self.values(batch))
        return self.answer(Instance.of(past[..., 0].transpose(1, 2)).given(forecast, shape.targets))

    def _apart(self, cells: Float[Tensor, "B S D"]) -> tuple[Float[Tensor, "B L V D"], Float[Tensor, "B F K D"]]:
        shape = self.shape
        past, ahead = cells.split([shape.look_back * shape.variables, shape.horizon * shape.future], dim=1)
        ahead = ahead.unflatten(1, (shape.horizon, shape.future))
        return past.unflatten(1, (shape.look_back, shape.variables)), ahead

    def _steps_of(self, layout: Layout) -> Tensor:
        shape = self.shape
        past = torch.arange(shape.look_back).repeat_interleave(shape.variables)
        ahead = shape.look_back + torch.arange(shape.horizon).repeat_interleave(shape.future)
        steps = torch.cat([past, ahead]).to(layout.lengths.device)
        return steps.expand(len(layout.lengths), -1).masked_fill(~layout.mask, -1)


class _GatedSkip(nn.Module):
    """Adds what a gate lets through to what was there before, and normalises."""

    def __init__(self, width: int, *, dropout: float) -> None:
        super().__init__()
        self.gate = Gated(width, dropout=dropout)
        self.norm = nn.LayerNorm(width)

    def forward(self, new: Float[Tensor, "B T D"], before: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return self.norm(before + self.gate(new))


def _full(values: Float[Tensor, "B T D"]) -> Layout:
    return Layout(torch.full((len(values),), values.shape[1], device=values.device), values.shape[1])


def _free(weights: Weights, counts: Float[Tensor, "B T"] | None = None) -> Look:
    """A look that may go anywhere."""
    return Look(weights, torch.ones_like(weights[:, 0], dtype=torch.bool), counts)
