"""Verdicts speak plainly, and a picture without a measurement says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salience.reports.wording import proof_of, wording_of
from tests.reports import sample


@pytest.mark.parametrize("word", ["pass", "weak", "fail", "misleading", "inconclusive"])
def test_every_verdict_has_its_own_glyph_and_meaning(word):
    verdict = wording_of(word)
    others = [wording_of(each) for each in ("pass", "weak", "fail", "misleading", "inconclusive") if each != word]
    assert verdict == wording_of(word.upper())
    assert verdict.glyph not in [each.glyph for each in others]
    assert verdict.meaning not in [each.meaning for each in others]


def test_the_proof_of_a_method_names_verdict_skill_and_sentence():
    told = proof_of("gradient x input", sample.proof())
    assert told == "Weak, skill 0.550 (0.480–0.620). It finds some of the words that matter."


def test_without_a_measurement_the_proof_says_so():
    assert proof_of("gradient x input", None).startswith("Not measured.")
    assert proof_of("astrology", sample.proof()).startswith("Not measured.")


def test_a_method_that_was_measured_but_not_judged_says_so_with_its_skill():
    proof = sample.proof()
    unjudged = replace(proof, methods=tuple(replace(each, verdict="", sentence="") for each in proof.methods))
    told = proof_of("gradient x input", unjudged)
    assert told == "Not judged, skill 0.550 (0.480–0.620). It was measured for comparison only."


def test_a_measurement_without_a_sentence_still_says_what_it_means():
    proof = sample.proof()
    silent = replace(proof, methods=tuple(replace(each, sentence="", skill=None) for each in proof.methods))
    assert proof_of("leave-one-out", silent) == "Pass. It points at the parts that drive the answer."
