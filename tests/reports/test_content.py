"""What a report refuses to hold, and what its parts can be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salience.core.errors import DataError, NotAvailable
from tests.reports import sample


def test_importances_by_a_method_the_report_does_not_know_are_refused():
    content = sample.english()
    with pytest.raises(DataError, match="'leave-one-out', which is not among the methods") as caught:
        replace(content, methods=content.methods[:3])
    assert caught.value.where == "row 1042"
    assert "received attention" in str(caught.value.fix)


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_an_importance_that_is_not_a_number_is_refused(score):
    content = sample.english()
    first = content.examples[0]
    heats = list(first.heats[sample.RECEIVED.name])
    heats[3] = replace(heats[3], score=score)
    broken = replace(first, heats={sample.RECEIVED.name: tuple(heats)})
    with pytest.raises(DataError, match=f"importance of 'thin' by 'received attention' is {score}, not a number"):
        replace(content, examples=(broken,))


def test_heats_of_a_method_that_was_not_measured_are_not_available():
    shown = sample.chinese().examples[0]
    assert shown.heats_by(sample.RECEIVED) == shown.heats[sample.RECEIVED.name]
    with pytest.raises(NotAvailable, match="there is no importance by 'leave-one-out'") as caught:
        shown.heats_by(sample.LEFT_OUT)
    assert caught.value.where == "row 00214"


def test_the_measurement_of_a_method_is_found_by_name():
    proof = sample.proof()
    assert proof.of("gradient x input").verdict == "weak"
    assert proof.of("astrology") is None
