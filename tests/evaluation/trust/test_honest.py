import numpy as np
import pytest

from salience.evaluation.importance import RandomOrder
from salience.evaluation.trust import honest as module
from salience.evaluation.trust.honest import Shares, _overlaps, reliability
from tests.evaluation.linear import EVEN, FALSE, linear
from tests.evaluation.trust.trials import WORDS, texts, trial, verdict, walks


def weights(seed=0):
    generator = np.random.default_rng(seed)
    return {word: float(generator.normal(scale=2)) if i % 3 == 0 else 0.05 for i, word in enumerate(WORDS)}


def honest(made):
    return module.honest(made, walks(made))


def measure_shares(made):
    return module.measure_shares(made, walks(made))


class Told(RandomOrder):
    """The absolute weight of each word, which is its true share, or what a function makes of it."""

    def __init__(self, known, change=lambda share: share):
        super().__init__(0)
        object.__setattr__(self, "known", known)
        object.__setattr__(self, "change", change)

    def scores(self, pipeline, rows):
        found = []
        for row in rows:
            units = pipeline.modalities["a"].units(row["a"], "a")
            share = np.array([abs(self.known[unit.text]) for unit in units])
            found.append({"a": self.change(share / share.sum())})
        return found


def test_overlaps_are_computed_by_hand():
    shares = Shares(
        np.array([0.5, 0.3, 0.2, 0.0]),
        np.array([0.7, 0.1, 0.1, 0.1]),
        (np.array([0.8, 0.0, 0.1, 0.1]), np.array([0.6, 0.2, 0.1, 0.1])),
    )
    # With the measured ones: 0.5 + 0.1 + 0.1 + 0; equal ones: 0.25 + 3 * 0.1; the halves differ by 0.2.
    assert _overlaps(shares) == pytest.approx((0.7, 0.55, 1 - 0.2 / 2))


def test_true_shares_are_honest():
    found = honest(trial(linear(weights()), texts(), method=Told(weights())))
    assert verdict(found) == "pass"
    assert found.statistics["skill"].value == pytest.approx(1, abs=1e-6)
    assert found.statistics["overlap"].value == pytest.approx(1)


@pytest.mark.parametrize(("honesty", "word"), [(EVEN, "fail"), (FALSE, "misleading")])
def test_equal_shares_fail_and_turned_ones_mislead(honesty, word):
    known = {word: abs(each) for word, each in weights().items()}
    found = honest(trial(linear(known, bias=0.1, honesty=honesty), texts()))
    assert verdict(found) == word


def test_signs_do_not_matter():
    known = weights()
    positive = honest(trial(linear(known), texts(), method=Told(known)))
    negative = honest(trial(linear(known), texts(), method=Told(known, lambda share: -share)))
    assert positive.statistics == negative.statistics


def test_flattened_shares_are_worth_less():
    found = [
        honest(trial(linear(weights()), texts(), method=Told(weights(), change))).statistics["skill"].value
        for change in (lambda share: share, lambda share: share + share.mean(), lambda share: share + 9)
    ]
    assert found[0] > found[1] > found[2] > 0


def test_the_reliability_of_true_shares_is_the_diagonal():
    made = trial(linear(weights()), texts(), method=Told(weights()))
    found = honest(made)
    assert len(found.table) == 10
    assert sum(line["count"] for line in found.table) == sum(len(each.stated) for each in measure_shares(made) if each)
    for line in found.table:
        assert line["stated"] == pytest.approx(line["measured"])
    stated = [line["stated"] for line in found.table]
    assert stated == sorted(stated)


def test_few_parts_leave_groups_out():
    share = np.array([0.25, 0.75])
    assert [line["count"] for line in reliability([Shares(share, share, (share, share))])] == [1, 1]


def test_where_no_part_counts_there_is_nothing_to_say():
    found = honest(trial(linear(dict.fromkeys(WORDS, 0.0), bias=1.0), texts(), method=Told(weights())))
    assert found.verdict == "inconclusive"
    assert found.sentence == "Nothing can be said: in most rows no part carries more of the answer than another."
    assert measure_shares(trial(linear(dict.fromkeys(WORDS, 0.0)), texts(3))) == [None] * 3


def test_long_rows_are_measured_in_runs_of_neighbours():
    rows = texts(3, shortest=90, longest=120)
    for shares in measure_shares(trial(linear(weights()), rows, method=Told(weights()))):
        assert len(shares.stated) == 64
        np.testing.assert_allclose(shares.stated.sum(), 1)


def test_columns_share_one_sum():
    pipeline = linear({"good": 2.0, "the": 1.0}, {"fine": 1.0})
    (shares,) = measure_shares(trial(pipeline, [{"a": "good the", "b": "fine"}]))
    np.testing.assert_allclose(shares.measured, [0.5, 0.25, 0.25], atol=1e-6)
