"""Every line of the fixed table."""

import pytest

from salience.evaluation.score import Score
from salience.evaluation.trust.outcome import Outcome
from salience.evaluation.trust.sentence import WORDS, overall

GOOD = {"needed": "needed", "right_parts": "pass", "honest": "pass", "enough": "pass", "learned": "pass"}


def outcomes(more=None, **verdicts):
    statistics = {"overlap": Score(0.756), "ceiling": Score(0.91)}
    return {
        name: Outcome(name, "?", verdict, ".", statistics, more_inputs=(more or {}).get(name))
        for name, verdict in verdicts.items()
    }


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, "trustworthy"),
        ({"right_parts": "misleading"}, "misleading"),
        ({"honest": "misleading", "needed": "decorative"}, "misleading"),
        ({"needed": "decorative"}, "decoration"),
        ({"human": "pass", "honest": "weak"}, "only the order"),
        ({"human": "pass", "right_parts": "weak"}, "looks right"),
        ({"human": "pass", "right_parts": "fail"}, "looks right"),
        ({"learned": "fail"}, "wiring"),
        ({"honest": "weak"}, "only the order"),
        ({"honest": "fail"}, "only the order"),
        ({"right_parts": "fail"}, "not the reason"),
        ({"honest": "inconclusive"}, "not proven"),
        ({"right_parts": "weak"}, "not proven"),
        ({"needed": "not available"}, "not proven"),
        ({"learned": "inconclusive"}, "not proven"),
    ],
)
def test_the_first_line_that_fits_decides(changed, word):
    assert overall(outcomes(**{**GOOD, **changed}), count=256)[0] == word


def test_every_word_has_a_sentence_and_is_met():
    assert len(WORDS) == 8


def test_a_trustworthy_attention_is_told_with_its_overlap():
    _, sentence = overall(outcomes(**GOOD), count=256)
    assert sentence.endswith("its percentages are about right (overlap 0.76, best possible 0.91).")


def test_decoration_may_still_be_informative():
    found = {**GOOD, "needed": "decorative"}
    assert overall(outcomes(**found), count=256)[1].endswith("Its ranking is still informative.")
    assert not overall(outcomes(**{**found, "right_parts": "fail"}), count=256)[1].endswith("informative.")


def test_what_is_not_proven_says_how_many_inputs_it_takes():
    found = outcomes({"honest": 120, "learned": 300}, **{**GOOD, "honest": "inconclusive", "learned": "inconclusive"})
    assert overall(found, count=256)[1] == "Not proven with 256 inputs; you need about 300 more."
    found = outcomes(**{**GOOD, "honest": "inconclusive"})
    assert overall(found, count=256)[1] == "Not proven with 256 inputs; more inputs would hardly change that."
    found = outcomes(**{**GOOD, "needed": "not available"})
    assert overall(found, count=256)[1] == "Not proven with 256 inputs; the tests that ran do not add up to a proof."
