"""Four models whose attention is known to be honest, supervised, uniform or misleading are given their sentences."""

import pytest

from salience.evaluation.trust import measure_trust
from salience.evaluation.trust.sentence import DECORATION, MISLEADING, ONLY_ORDER
from tests.evaluation.trust.anchors import DATA, WORDS, anchor

SENTENCES = {
    "honest": "Trustworthy: removing what it highlights changes the answer",
    "supervised": ONLY_ORDER,
    "uniform": DECORATION,
    "misleading": MISLEADING,
}


def judged(kind, *, data="text", seed=0, rows):
    made = anchor(kind, data=data, seed=seed, rows=rows)
    return measure_trust(made.pipeline, made.rows, targets=made.targets, seed=seed)


@pytest.mark.parametrize("kind", WORDS)
def test_each_model_is_given_its_sentence(kind):
    found = judged(kind, rows=72)
    assert found.verdict == WORDS[kind], found.sentence
    assert found.sentence.startswith(SENTENCES[kind])
    assert found.faithfulness.shift.whole.value > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("kind", WORDS)
def test_other_seeds_and_kinds_of_data_are_given_the_same_sentences(kind, data, seed):
    found = judged(kind, data=data, seed=seed, rows=256)
    assert found.verdict == WORDS[kind], found.sentence
