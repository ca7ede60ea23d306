"""Every mechanism finds what is planted among other things, and its record says where; or it is told why not."""

from __future__ import annotations

import pytest

from benchmarks.planted.cases import CASES, Case
from benchmarks.planted.trial import UNSEEN
from salience import attention

BAR = 0.95
# The rest takes a minute or two.
QUICK = ("Dot", "GAT", "Hierarchical")
ABLE = [case for case in CASES if not case.why]
EACH = [pytest.param(case, id=case.name, marks=() if case.name in QUICK else pytest.mark.slow) for case in ABLE]


def test_every_mechanism_has_a_planted_task() -> None:
    assert sorted(case.name for case in CASES) == sorted(attention.__all__)


def test_a_case_makes_the_mechanism_that_it_names() -> None:
    for case in CASES:
        for make in filter(None, (case.make, case.longer)):
            assert type(make(32)).__name__ == case.name


@pytest.mark.parametrize("case", EACH)
def test_the_right_answer_comes_with_the_highest_importance_on_what_is_planted(case: Case) -> None:
    assert case.run(0).both >= BAR * UNSEEN


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.why], ids=lambda case: case.name)
def test_a_reason_is_given_only_where_the_bar_is_missed(case: Case) -> None:
    assert min(case.run(seed).both for seed in (0, 1, 2)) < BAR * UNSEEN


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mean_in_place_of_the_mechanism_is_mostly_wrong(case: Case) -> None:
    assert case.without_attention().run(0).right < 0.55 * UNSEEN


def test_a_mean_does_not_tell_what_is_planted_in_a_sequence() -> None:
    found = CASES[0].without_attention().run(0)
    assert found.right < 0.55 * UNSEEN
    # All importances are the same, and the first is taken.
    assert found.hit < 0.2 * UNSEEN
