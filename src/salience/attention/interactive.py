"""Interactive attention: two streams score each other once, and each reads the other (Chen et al. 2017).

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import Scoring, mixed, prepared
from salience.core.batch import Layout
from salience.core.record import Attention


class Interactive(Scoring):
    r"""Scores are joint: how well the query fits the source in its words, plus how well the source fits the query.

    Idea: a question and a text, or a premise and a hypothesis, ask each other. A pair has one score for both
    directions, and a softmax each way; `both` gives what each stream reads. Each stream has a map into the channels of
    the other. They bend (tanh), because two linear maps would fold into one.

    Formula: :math:`z_{ts} = \tanh(A q_t) \cdot s_s + \tanh(B s_s) \cdot q_t,\ a_{ts} = \mathrm{softmax}_s(z_{ts}),\ y_t
    = \sum_s a_{ts} s_s`; the other way :math:`a'_{st} = \mathrm{softmax}_t(z_{ts})`.

    Cost: O((T + S) D^2 + T S D) time, O(T S) memory.

    Works badly when: positions do not know their neighbours, since each pair is scored by itself: let an encoder, such
    as a recurrent one in two directions, read each stream first, as `salience.models.InteractivePair` does.

    Reference: Chen et al. 2017, "Enhanced LSTM for Natural Language Inference", section 3.2, where the score is a plain
    dot product; Parikh et al. 2016, "A Decomposable Attention Model for Natural Language Inference".

    Streams (1) and (1), (-1) of width 1, with both maps 1: the pair (1, 1) scores 2 tanh(1) = 1.52319, the pair (1, -1)
    the negative of it, so that the first source gets 1 / (1 + exp(-3.04638)) = 0.95464. The other way each source has
    one position to read.

    >>> from salience.core.batch import Layout
    >>> mechanism = Interactive(1)
    >>> for each in (mechanism.query, mechanism.source):
    ...     _ = nn.init.ones_(each.weight)
    >>> one, two = torch.tensor([[[1.0]]]), torch.tensor([[[1.0], [-1.0]]])
    >>> (_, record), (_, back) = mechanism.both(one, two, layout=Layout(torch.tensor([2]), size=2))
    >>> print(record.weights()[0, 0, 0].detach())
    tensor([0.9546, 0.0454])
    >>> print(back.weights()[0, 0, :, 0].detach())
    tensor([1., 1.])
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.query = nn.Linear(width, width, bias=False)
        self.source = nn.Linear(width, width, bias=False)
        # Scores of independent channels of variance one then start with a variance near one, as in `ScaledDot`.
        for each in (self.query, self.source):
            nn.init.normal_(each.weight, std=1 / width)

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        asked, offered = torch.tanh(self.query(query)), torch.tanh(self.source(source))
        return asked @ source.transpose(1, 2) + query @ offered.transpose(1, 2)

    def both(
        self,
        query: Float[Tensor, "B T D"],
        source: Float[Tensor, "B S D"],
        *,
        layout: Layout,
        query_layout: Layout | None = None,
    ) -> tuple[tuple[Float[Tensor, "B T D"], Attention], tuple[Float[Tensor, "B S D"], Attention]]:
        """What the query stream reads of the source stream, as `forward` gives it, and the other way round."""
        query, source, query_layout = prepared(query, source, layout, query_layout)
        scores = self.score(query, source)
        there = mixed(scores, source, layout=layout, query_layout=query_layout)
        back = mixed(scores.transpose(1, 2), query, layout=query_layout, query_layout=layout)
        return there, back
