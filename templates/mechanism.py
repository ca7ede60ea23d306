"""FILL IN: one sentence that says what this mechanism does, and the paper (Author et al. year).

How to use this template
    1. Copy it to `src/salience/attention/`, under the name of your mechanism in lower case.
    2. Replace whatever says FILL IN, and delete this explanation.
    3. Export the class: one import and one name in `__all__`, in `src/salience/attention/__init__.py`. From then on a
       config finds it by its name.
    4. Give it a row in a file of `tests/attention/cases/`, with what it computes written a second time, and run
       `pytest tests/attention`. The tests check the whole contract of a mechanism; you need none of your own, except
       for the errors of your options.

What you must give
    score       how much each query wants each source, for all pairs

What you may give
    __init__    if there are options or anything to learn; options follow the `*` and have defaults

What you need not do
    Masks, softmax, the weighted sum and the record are done for you. Padded positions arrive as zeros, and their scores
    are not used: leave both as they are. If your mechanism is not a softmax over scores of pairs, it is not for this
    template: write a module with the `forward` of `salience.attention.mechanism.Mechanism`, as `multi_head.py` does.

Legend: B examples, T queries, S sources, D width.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from salience.attention.mechanism import Scoring


class FillIn(Scoring):
    r"""FILL IN: the scores in half a sentence.

    Idea: FILL IN, in words, why it should work.

    Formula: :math:`a_{ts} = \mathrm{softmax}_s(...),\ y_t = \sum_s a_{ts} s_s`.

    Cost: FILL IN: O(...) time, O(...) memory.

    Works badly when: FILL IN. Be honest; this is what a reader needs most.

    Reference: FILL IN: Author et al. year, "Title", section.

    FILL IN: an example so small that it can be computed by hand, with the steps in words, and then:

    >>> FILL_IN
    """

    def __init__(self, width: int, *, option: int = 1) -> None:
        super().__init__(width)
        self.FILL_IN = nn.Linear(width, option)

    def score(self, query: Float[Tensor, "B T D"], source: Float[Tensor, "B S D"]) -> Float[Tensor, "B T S"]:
        return FILL_IN(query, source)
