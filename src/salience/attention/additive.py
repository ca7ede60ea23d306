"""Additive attention: a small network scores each pair of query and source (Bahdanau et al. 2015).

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import Scoring
from salience.core.errors import ConfigError


class Additive(Scoring):
    r"""Scores come from a network with one hidden layer that reads query and source.

    Idea: what makes a source important is learned, and need not be similarity.

    Formula: :math:`a_{ts} = \mathrm{softmax}_s(v^\top \tanh(W q_t + U s_s + b)),\ y_t = \sum_s a_{ts} s_s`.

    Cost: O((T + S) D N + T S N) time and O(T S N) memory, with N hidden units; as a pool with one query O(S N) memory.

    Works badly when: there are many queries. Every pair passes the hidden layer by itself, where a dot product would be
    one matrix product.

    Reference: Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate", A.1.2.

    Args:
        hidden: units of the hidden layer; `width` by default.

    One hidden unit that reads half of a source's first channel, the query (0, 0), the sources (1, 2) and (3, 4): the
    scores are tanh(0.5) = 0.46212 and tanh(1.5) = 0.90515, so that the second source gets
    1 / (1 + exp(-0.44303)) = 0.60898.

    >>> from salience.core.batch import Layout
    >>> mechanism = Additive(2, hidden=1)
    >>> _ = nn.init.ones_(mechanism.v.weight)
    >>> _ = mechanism.source.load_state_dict({"weight": torch.tensor([[0.5, 0.0]]), "bias": torch.zeros(1)})
    >>> query, source = torch.zeros(1, 1, 2), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    >>> _, record = mechanism(query, source, layout=Layout(torch.tensor([2]), size=2))
    >>> print(f"{record.weights()[0, 0, 0, 1]:.5f}")
    0.60898
    """

    def __init__(self, width: int, *, hidden: int | None = None) -> None:
        super().__init__(width)
        hidden = width if hidden is None else hidden
        if hidden < 1:
            raise ConfigError(
                f"expected at least one hidden unit, got {hidden}", where="Additive", fix="raise `hidden`"
            )
        self.query = nn.Linear(width, hidden, bias=False)
        self.source = nn.Linear(width, hidden)
        self.v = nn.Linear(hidden, 1, bias=False)

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        unit = torch.tanh(self.query(query)[:, :, None] + self.source(source)[:, None])  # [B, T, S, hidden]
        return self.v(unit).squeeze(-1)
