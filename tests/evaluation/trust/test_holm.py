import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.evaluation.trust.holm import levels


def test_the_smallest_is_held_to_the_strictest_level():
    assert levels([0.04, 0.001, 0.02]) == pytest.approx([0.05, 0.05 / 3, 0.05 / 2])


def test_after_the_first_failure_no_level_grows():
    assert levels([0.03, 0.001, 0.04]) == pytest.approx([0.025, 0.05 / 3, 0.025])


def test_one_test_alone_keeps_the_whole_level():
    assert levels([0.04]) == [0.05]
    assert levels([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_what_is_decided_is_between_bonferroni_and_no_correction(p):
    decided = [each <= level for each, level in zip(p, levels(p), strict=True)]
    for each, is_decided in zip(p, decided, strict=True):
        assert is_decided or each > 0.05 / len(p)
        assert not is_decided or each <= 0.05


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_smaller_p_is_never_undecided_where_a_larger_one_is_decided(p):
    decided = [each for each, level in zip(p, levels(p), strict=True) if each <= level]
    undecided = [each for each, level in zip(p, levels(p), strict=True) if each > level]
    assert not decided or not undecided or max(decided) <= min(undecided)
