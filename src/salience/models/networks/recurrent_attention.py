"""A recurrent network reads, another one writes and looks back at each step (Bahdanau et al. 2015; Qin et al. 2017).

Legend: B windows, L steps of the look-back, F steps of the horizon, T steps that are read, V variables, D width,
Q numbers per forecast, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

import salience.attention as mechanisms
from salience.attention import MultiHead
from salience.core.batch import Batch, Layout
from salience.core.build import build
from salience.core.errors import ConfigError, did_you_mean
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.encoders.recurrent import CELLS
from salience.models.intervene import LastLook, Look
from salience.models.model import Output
from salience.models.networks.instance import Instance
from salience.models.networks.network import Network, WindowShape


class RecurrentAttention(Network):
    r"""Each step of the horizon asks the states of the look-back.

    Idea: a recurrent network keeps order and forgets; attention brings back the moment that matters for the step that
    is written.

    Formula: :math:`h_s = \mathrm{cell}(x_s, h_{s-1})` over the look-back, :math:`d_t = \mathrm{cell}'(e_t, d_{t-1})`
    over the horizon, from the last h on; :math:`\hat y_t = W [d_t, \mathrm{attention}(d_t, h)]`, at the level and
    scale of the window.

    Cost: O(T D^2 + F T D) time, T steps one after the other; O(T D) memory. With `among`, what that costs.

    Works badly when: weights shall point at moments, because a state may carry what happened before; or windows are
    long and not recurrent in any sense, where patches read faster.

    Records: that of `among` if there is one, then the attention, one query per step of the horizon.

    Args:
        width: of a state.
        cell: "LSTM", "GRU" or "RNN".
        heads: of the attention; divides the width.
        among: a mechanism by which states look at each other before they are asked: `Temporal`, whose scores fall with
            the time that passed (Li et al. 2020), `SegmentRecurrence` for long histories, or any other one.
        dropout: share of channels dropped in training from states and answers.

    Raises:
        ConfigError: an unknown cell, heads that do not divide the width, or an unknown mechanism.

    Reference: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate"; Qin et al.
    2017, "A Dual-Stage Attention-Based Recurrent Neural Network for Time Series Prediction", section 3.
    """

    elements: ClassVar[str] = "times"

    def __init__(
        self,
        shape: WindowShape,
        *,
        width: int = 32,
        cell: str = "LSTM",
        heads: int = 4,
        among: str | Mapping[str, Any] | None = None,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(shape)
        if cell not in CELLS:
            raise ConfigError(f"there is no cell '{cell}'", where="RecurrentAttention", fix=did_you_mean(cell, CELLS))
        self.stem = nn.Linear(shape.variables, width)
        self.steps = nn.Parameter(0.02 * torch.randn(shape.horizon, width))
        self.past, self.ahead = (CELLS[cell](width, width, batch_first=True) for _ in range(2))
        self.among = None if among is None else build(among, mechanisms, width)
        self.attention = MultiHead(width, heads=heads)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, len(shape.targets) * shape.outputs)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B T D"]]:
        past, ahead = self._apart(self.values(batch))
        windows = past.transpose(1, 2)
        steps = torch.cat([self.taken(windows).transpose(1, 2), ahead], dim=1)
        return {column: self.stem(steps) for column in self.columns}

    def read(self, embedded: Mapping[str, Float[Tensor, "B T D"]], batch: Batch) -> Output:
        (column,) = self.columns
        asking, states, records = self._states(embedded, batch)
        mixed, record = self.attention(asking, states, layout=self._layout(batch))
        return Output(self._forecast(asking, mixed, batch), {column: (*records, record)})

    def last_look(self, batch: Batch) -> LastLook:
        """Steps of the horizon that look at states. What `among` mixes before stays as it is."""
        layout = self._layout(batch)
        asking, states, _ = self._states(self.embed(batch), batch)
        weights = self.attention(asking, states, layout=layout)[1].weights()
        states = blank(states, layout)
        return LastLook(
            (Look(weights, layout.mask[:, None].expand(-1, weights.shape[2], -1)),),
            lambda told: self._forecast(asking, self.attention.remix(told[0], states), batch),
        )

    def _states(
        self, embedded: Mapping[str, Float[Tensor, "B T D"]], batch: Batch
    ) -> tuple[Float[Tensor, "B F D"], Float[Tensor, "B T D"], list[Attention]]:
        """What asks, what is asked, and where states looked at each other."""
        (column,), shape = self.columns, self.shape
        past, ahead = self._apart(embedded[column])
        first, state = self.past(past)
        known = ahead if shape.future else torch.zeros_like(self.steps)
        asking, _ = self.ahead((self.steps + known).expand(len(first), -1, -1), state)
        # Steps of the horizon of which nothing is known ask, but have nothing to tell.
        states = self.dropout(torch.cat([first, asking], dim=1)[:, : shape.rows])
        records: list[Attention] = []
        if self.among is not None:
            delta, record = self.among(states, layout=batch.streams[column].layout)
            states = states + delta
            records.append(record)
        return asking, states, records

    def _forecast(
        self, asking: Float[Tensor, "B F D"], mixed: Float[Tensor, "B F D"], batch: Batch
    ) -> Float[Tensor, "B C"]:
        shape = self.shape
        answers = self.head(self.dropout(torch.cat([asking, mixed], dim=-1)))  # [B, F, N * Q]
        forecast = answers.unflatten(-1, (len(shape.targets), shape.outputs)).transpose(1, 2)
        windows = self._apart(self.values(batch))[0].transpose(1, 2)
        return self.answer(Instance.of(windows).given(forecast, shape.targets))

    def _layout(self, batch: Batch) -> Layout:
        layout = batch.streams[self.columns[0]].layout
        return Layout(layout.lengths, layout.size)

    def _apart(self, steps: Float[Tensor, "B T D"]) -> tuple[Float[Tensor, "B L D"], Float[Tensor, "B ahead D"]]:
        return steps[:, : self.shape.look_back], steps[:, self.shape.look_back :]
