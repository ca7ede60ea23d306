"""Scores of two models on the same draws."""

import numpy as np
import pytest
import torch

from salience.evaluation.bootstrap import Bootstrap, mean
from salience.evaluation.comparison.difference import ScoreChange, score_changes
from salience.evaluation.score import Score
from salience.evaluation.scores import answer_scores, answer_statistics
from salience.tasks import Classification

TARGET = torch.tensor([0, 1] * 20)
TASK = Classification().fit(["no", "yes"])


def answers(seed, noise):
    logits = np.random.default_rng(seed).normal(scale=noise, size=(40, 2)) + np.eye(2)[TARGET.numpy()]
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True)


def test_the_difference_by_hand():
    first, second = np.array([1.0, 0, 0, 0]), np.array([1.0, 1, 1, 0])
    change = score_changes({"accuracy": mean(first)}, {"accuracy": mean(second)}, 4, Bootstrap(draws=200))["accuracy"]
    assert (change.first.value, change.second.value, change.difference.value) == (0.25, 0.75, 0.5)
    assert change.gain == change.difference


def test_both_models_are_scored_as_they_are_alone():
    first, second = answers(0, 1.0), answers(1, 2.0)
    bootstrap = Bootstrap(draws=100, seed=3)
    changes = score_changes(*(answer_statistics(TASK, each, TARGET) for each in (first, second)), 40, bootstrap)
    assert tuple(changes) == TASK.scores
    assert {name: each.first for name, each in changes.items()} == answer_scores(TASK, first, TARGET, draws=100, seed=3)
    assert {name: each.second for name, each in changes.items()} == answer_scores(
        TASK, second, TARGET, draws=100, seed=3
    )


def test_paired_draws_see_what_separate_intervals_cannot():
    # The second model is always a little better, on rows that differ much.
    rows = np.random.default_rng(0).normal(size=50)
    change = score_changes({"mae": mean(rows)}, {"mae": mean(rows - 0.1)}, 50, Bootstrap(draws=200))["mae"]
    assert change.second.high > change.first.low
    assert change.difference.low == pytest.approx(-0.1)
    assert change.difference.high == pytest.approx(-0.1)
    assert change.verdict == "better"


def test_a_model_does_not_differ_from_itself():
    one = answer_statistics(TASK, answers(0, 1.0), TARGET)
    for change in score_changes(one, one, 40, Bootstrap(draws=50)).values():
        assert (change.difference.value, change.difference.low, change.difference.high) == (0, 0, 0)
        assert change.verdict == "open"


@pytest.mark.parametrize(
    ("low", "high", "lower_is_better", "verdict"),
    [
        (0.1, 0.3, False, "better"),
        (0.1, 0.3, True, "worse"),
        (-0.3, -0.1, False, "worse"),
        (-0.3, -0.1, True, "better"),
        (-0.1, 0.3, False, "open"),
        (None, None, False, "open"),
    ],
)
def test_the_interval_says_which_is_better(low, high, lower_is_better, verdict):
    change = ScoreChange(Score(0.5), Score(0.7), Score(0.2, low, high), lower_is_better)
    assert change.verdict == verdict
    assert change.to_dict()["verdict"] == verdict
    if low is not None:
        assert change.gain.low <= change.gain.high
        assert change.gain == (Score(-0.2, -high, -low) if lower_is_better else Score(0.2, low, high))


def test_an_undefined_score_says_why():
    one_class = torch.zeros(5, dtype=torch.long)
    statistics = answer_statistics(TASK, answers(0, 1.0)[:5], one_class)
    change = score_changes(statistics, statistics, 5, Bootstrap(draws=20))["auroc"]
    assert change.difference.reason == "it needs rows of at least two classes"
    assert change.verdict == "open"
    assert change.gain.value is None
