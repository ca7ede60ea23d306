"""How far the members of an ensemble agree on what is important."""

import json

import numpy as np
import pytest
import torch

from salience.core.errors import DataError, NotAvailable
from salience.evaluation.importance.importance import Importance
from salience.evaluation.seeds import seed_agreement
from salience.pipeline import Pipeline

TEXTS = ["one two three four", "one", "five six seven eight"]


class Told(Importance):
    """What each member says of rows of four units, by its place among the members."""

    signed = False

    def __init__(self, *members):
        self._members = members

    def of_members(self, pipeline, rows):
        return [[{"text": np.array(member)} for _ in rows] for member in self._members]

    def scores(self, pipeline, rows, choice=None):
        raise AssertionError("the members are asked")


@pytest.fixture(scope="module")
def ensemble():
    made = Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model={"width": 4, "encoder": "Identity"})
    return made.learn([{"text": each} for each in TEXTS], ["yes", "no", "yes"], seed=0, seeds=3)


def test_three_members_by_hand(ensemble):
    # The second turns the first two around, the third turns everything around; the means are 0.25 but for rounding.
    told = Told([0.4, 0.3, 0.2, 0.1], [0.3, 0.4, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4])
    found = seed_agreement(ensemble, ensemble.encode(TEXTS), told)
    # Spearman: 1 - 6 sum d^2 / 60, with sums of squares 2, 20 and 18; Kendall: 1, 6 and 5 of 6 pairs are discordant.
    assert found.spearman.value == pytest.approx(((1 - 0.2) + (1 - 2.0) + (1 - 1.8)) / 3)
    assert found.kendall.value == pytest.approx((4 / 6 - 1 - 4 / 6) / 3)
    assert found.faint.value == 1.0
    # The row of one part has no order, and the two others have the same.
    assert (found.num_rows, found.num_members) == (2, 3)
    assert found.spearman.low == pytest.approx(found.spearman.high)
    assert json.loads(json.dumps(found.to_dict()))["kendall"]["value"] == pytest.approx(found.kendall.value)


def test_members_that_agree_leave_nothing_faint_but_the_equal_share(ensemble):
    found = seed_agreement(ensemble, ensemble.encode(TEXTS), Told(*[[0.4, 0.25, 0.25, 0.1]] * 3))
    assert (found.spearman.value, found.kendall.value) == pytest.approx((1, 1))
    assert found.faint.value == 0.5


def test_members_without_preference_have_no_ranks(ensemble):
    found = seed_agreement(ensemble, ensemble.encode(TEXTS), Told([0.25] * 4, [0.4, 0.3, 0.2, 0.1]))
    assert found.spearman.value is None
    assert "equally important" in found.spearman.reason


def test_attention_is_compared_by_default_and_equal_models_agree(ensemble):
    assert seed_agreement(ensemble, ensemble.encode(TEXTS)).method == "received"
    states = [each.model.state_dict() for each in ensemble.members]
    same = Pipeline(**{"inputs": ensemble.config["inputs"], "task": "Classification"}, model=ensemble.config["model"])
    same.learn([{"text": each} for each in TEXTS], ["yes", "no", "yes"], seed=0, seeds=2)
    for member in same.members:
        member.model.load_state_dict(states[0])
    assert torch.equal(same.members[0].raw(same.encode(TEXTS)), same.members[1].raw(same.encode(TEXTS)))
    assert seed_agreement(same, same.encode(TEXTS)).kendall.value == pytest.approx(1)


def test_who_cannot_be_compared_says_so(ensemble):
    with pytest.raises(NotAvailable, match="a single model has no other seeds to agree with"):
        seed_agreement(ensemble.members[0], ensemble.encode(TEXTS))
    with pytest.raises(DataError, match="expected a row with at least two parts, got none"):
        seed_agreement(ensemble, ensemble.encode(["one", ""]))
