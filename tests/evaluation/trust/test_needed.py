import math

import pytest
import torch

from salience.evaluation.importance import LeaveOneOut
from salience.evaluation.trust.needed import distance, needed
from salience.tasks import Classification, MultiLabel, Regression
from tests.evaluation.trust.trials import WORDS, pointer, texts, trial, verdict

# All attention goes to the one word that counts; the others count the other way, a little.
NEEDED = {"good": (9.0, 4.0), "bad": (9.0, -4.0), **dict.fromkeys(WORDS, (0.0, -0.1))}
DECORATIVE = {word: (3.0 * (i % 3), 2.0) for i, word in enumerate(WORDS)}


def rows(count=40):
    return [{"a": f"{row['a']} {'good' if i % 2 else 'bad'}"} for i, row in enumerate(texts(count))]


def test_the_change_is_that_of_the_probabilities_computed_by_hand():
    found = needed(trial(pointer({"good": (9.0, 8.0), "the": (0.0, 0.0)}), [{"a": "good the the the"}] * 3))
    # All attention on "good" gives log-odds of nearly 8, equal shares give 8 / 4.
    own = 8 * math.exp(9) / (math.exp(9) + 3)
    expected = 1 / (1 + math.exp(-own)) - 1 / (1 + math.exp(-2))
    assert found.statistics["change_equal"].value == pytest.approx(expected, abs=1e-6)


def test_attention_that_picks_what_counts_is_needed():
    found = needed(trial(pointer(NEEDED), rows()))
    assert verdict(found) == "needed"
    assert found.statistics["fall_equal"].value == pytest.approx(0.0, abs=0.55)
    assert "the answer changes by" in found.numbers


def test_where_all_positions_say_the_same_attention_decorates():
    found = needed(trial(pointer(DECORATIVE), texts()))
    assert verdict(found) == "decorative"
    for name in ("change_equal", "change_shuffled", "fall_equal", "fall_shuffled"):
        assert found.statistics[name].value == pytest.approx(0, abs=1e-6)


def test_the_fall_is_measured_against_targets_where_they_are_given():
    pipeline = pointer(NEEDED)
    right = ["yes" if i % 2 else "no" for i in range(40)]
    wrong = ["no" if i % 2 else "yes" for i in range(40)]
    own, known, mistaken = (needed(trial(pipeline, rows(), targets=each)) for each in (None, right, wrong))
    assert own.statistics["fall_shuffled"] == known.statistics["fall_shuffled"]
    assert mistaken.statistics["fall_shuffled"].value == -known.statistics["fall_shuffled"].value < 0
    assert "accuracy on its own answers" in own.numbers
    assert "accuracy falls" in known.numbers


def test_a_value_is_moved_by_its_distance_and_falls_by_r2():
    pipeline = pointer(NEEDED, task="Regression")
    found = needed(trial(pipeline, rows(), targets=[4.0 if i % 2 else -4.0 for i in range(40)]))
    assert found.statistics["change_equal"].value > 1
    assert found.statistics["fall_equal"].value > 0.3
    assert verdict(found) == "needed"


def test_weights_of_padding_stay_zero():
    long = [{"a": "good the"}, {"a": " ".join(["the"] * 30)}] * 4
    short = [{"a": "good the"}] * 4
    pipeline = pointer({"good": (2.0, 3.0), "the": (0.0, 0.0)})
    one = needed(trial(pipeline, short)).statistics["change_equal"].value
    both = needed(trial(pipeline, long)).statistics["change_equal"].value
    assert both == pytest.approx(one / 2, abs=1e-6)


def test_equal_seeds_shuffle_equally():
    first, again, other = (
        needed(trial(pointer(NEEDED), rows(), seed=seed)).statistics["change_shuffled"].value for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("pool", "reason"), [("Max", "what Max gives is no function of its weights"), ("Hierarchical", "what Hierarchical")]
)
def test_a_pool_that_cannot_be_given_weights_makes_it_unavailable(pool, reason):
    found = needed(trial(pointer(NEEDED, pool=pool), rows(5)))
    assert found.verdict == "not available"
    assert reason in found.sentence


def test_what_is_no_attention_has_no_weights_to_replace():
    found = needed(trial(pointer(NEEDED), rows(5), method=LeaveOneOut()))
    assert found.sentence == "Not available: 'leave one out' is no attention, so there are no weights to replace."


def test_answers_are_compared_as_their_task_has_them():
    task = Classification().fit(["a", "b", "c"])
    one, other = torch.tensor([[[9.0, 0.0, 0.0]]]), torch.tensor([[[0.0, 9.0, 0.0]]])
    assert distance(task, one, other).item() == pytest.approx(1, abs=1e-3)
    several = MultiLabel().fit([["a"], ["b"], ["a", "b"]])
    assert distance(several, torch.tensor([[[9.0, 9.0]]]), torch.tensor([[[-9.0, 9.0]]])).item() == pytest.approx(
        0.5, abs=1e-3
    )
    value = Regression().fit([0.0, 2.0])
    assert distance(value, torch.tensor([[[1.0]]]), torch.tensor([[[-2.0]]])).item() == 3
