"""Recurrent networks (Hochreiter and Schmidhuber 1997; Cho et al. 2014).

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from salience.core.batch import Layout
from salience.core.errors import ConfigError, did_you_mean
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded

CELLS: dict[str, type[nn.LSTM | nn.GRU | nn.RNN]] = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}


class Recurrent(nn.Module):
    r"""Reads in order, from one side or both: :math:`h_s = \mathrm{cell}(x_s, h_{s-1})`.

    Idea: each position knows all that came before it (and after it, with two directions), most of all what is near.
    Cost: O(S W^2) time, S steps one after the other; O(S W) memory per layer.
    Works badly when: weights over positions shall point at words, because a state may carry a word from afar
    (Jain and Wallace 2019, "Attention is not Explanation").

    Args:
        cell: "LSTM", "GRU" or "RNN".
        directions: 1 (left to right) or 2; two share the W channels equally.
        layers: number of layers, at least 1.
        dropout: share of channels dropped between layers in training.

    Raises:
        ConfigError: an unknown cell, no layer, or a width that the directions cannot share.
    """

    def __init__(
        self, width: int, *, cell: str = "LSTM", directions: int = 2, layers: int = 1, dropout: float = 0.1
    ) -> None:
        super().__init__()
        _check(width, cell, directions, layers)
        self.width = width
        self.network = CELLS[cell](
            width,
            width // directions,
            num_layers=layers,
            bidirectional=directions == 2,
            batch_first=True,
            dropout=dropout if layers > 1 else 0.0,
        )
        self._start(forget_gate=cell == "LSTM")

    def forward(self, values: Float[Tensor, "B S W"], layout: Layout) -> Encoded:
        # A packed sequence must have a position; what an empty row then gives is zeroed below.
        lengths = layout.lengths.clamp(min=1).cpu()
        packed = pack_padded_sequence(blank(values, layout), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.network(packed)[0], batch_first=True, total_length=layout.size)
        return Encoded(blank(states, layout), layout)

    def _start(self, *, forget_gate: bool) -> None:
        """Orthogonal recurrence keeps gradients alive; a forget gate that starts open keeps memories."""
        for name, parameter in self.network.named_parameters():
            if name.startswith("weight_hh"):
                for gate in parameter.data.split(self.network.hidden_size):
                    nn.init.orthogonal_(gate)
            elif name.startswith("bias"):
                nn.init.zeros_(parameter)
                if forget_gate and name.startswith("bias_ih"):
                    parameter.data[self.network.hidden_size : 2 * self.network.hidden_size] = 1.0


def _check(width: int, cell: str, directions: int, layers: int) -> None:
    if cell not in CELLS:
        raise ConfigError(f"there is no cell '{cell}'", where="Recurrent", fix=did_you_mean(cell, CELLS))
    if directions not in (1, 2) or width % directions:
        raise ConfigError(
            f"expected 1 or 2 directions that share {width} channels equally, got {directions}",
            where="Recurrent",
            fix="choose an even width, or directions: 1",
        )
    if layers < 1:
        raise ConfigError(f"expected at least 1 layer, got {layers}", where="Recurrent", fix="or use Identity")
