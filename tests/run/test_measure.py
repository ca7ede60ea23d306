from types import SimpleNamespace

import numpy as np
import pytest
import torch

from salience.data.synthetic import NEGATIVE, POSITIVE, planted_sentiment
from salience.run import measure
from salience.run.measure import Seen, choose, classes, reliability, see, telling
from salience.tasks import Classification, MultiLabel, Regression


def test_reliability_by_hand():
    first = np.array([0.95, 0.91, 0.7, 1.0, 0.5])
    probabilities = np.stack([first, 1 - first], axis=1)
    target = np.array([0, 1, 0, 0, 1])
    assert reliability(probabilities, target) == [(0.5, 0.0, 1), (0.7, 1.0, 1), (0.953333, 2 / 3, 3)]


def test_bins_of_reliability_hold_every_row_once():
    chance = np.random.default_rng(0)
    probabilities = chance.dirichlet(np.ones(3), size=211)
    bins = reliability(probabilities, chance.integers(0, 3, 211))
    assert sum(count for _, _, count in bins) == 211
    assert [confidence for confidence, _, _ in bins] == sorted(confidence for confidence, _, _ in bins)


def seen_by(task, raw, target):
    return SimpleNamespace(task=task), Seen(raw, target, task.decode(raw), {})


@pytest.fixture
def judged():
    """41 rows of two classes, all right but every fifth; how sure grows with the number of the row."""
    task = Classification().fit(["no", "yes"] * 3)
    margin = torch.linspace(0.01, 8, 41)
    target = torch.arange(41) % 2
    sign = torch.where(torch.arange(41) % 5 == 0, -1.0, 1.0) * (2.0 * target - 1)
    return seen_by(task, torch.stack([-margin * sign, margin * sign], dim=1) / 2, target)


def test_rows_are_shown_once_with_a_true_reason(judged):
    pipeline, seen = judged
    chosen = choose(pipeline, seen, count=12, seed=0)
    assert len(chosen) <= 12
    wrong = (seen.raw.argmax(1) != seen.target).tolist()
    for index, reason in chosen.items():
        if reason == "wrong, and sure of it":
            assert wrong[index]
            assert index >= 30
        if reason == "among the least sure":
            assert index < 3
    assert set(chosen.values()) == {"drawn at random", "wrong, and sure of it", "among the least sure"}
    assert list(chosen.values()).count("drawn at random") == 6


def test_equal_seeds_show_equal_rows(judged):
    assert choose(*judged, count=12, seed=3) == choose(*judged, count=12, seed=3)
    assert choose(*judged, count=12, seed=3) != choose(*judged, count=12, seed=4)


def test_without_a_mistake_none_is_shown():
    task = Classification().fit(["no", "yes"])
    raw = torch.eye(2).repeat(9, 1)
    chosen = choose(*seen_by(task, raw, raw.argmax(1)), count=8, seed=0)
    assert "wrong, and sure of it" not in chosen.values()


def test_of_numbers_the_largest_errors_are_shown():
    task = Regression().fit([0.0, 1.0])
    raw, target = torch.zeros(23, 1), torch.linspace(0, 2, 23)
    chosen = choose(*seen_by(task, raw, target), count=8, seed=0)
    largest = [index for index, reason in chosen.items() if reason == "among the largest errors"]
    assert set(largest) <= {21, 22}
    assert set(chosen.values()) <= {"among the largest errors", "drawn at random"}


def test_of_several_labels_a_row_is_wrong_if_one_is():
    task = MultiLabel().fit([("a",), ("b", "c")])
    raw = torch.full((17, 3), 4.0)
    target = torch.ones(17, 3)
    target[5, 1] = 0
    chosen = choose(*seen_by(task, raw, target), count=8, seed=1)
    assert [index for index, reason in chosen.items() if reason == "wrong, and sure of it"] in ([5], [])
    assert chosen[5] in ("wrong, and sure of it", "drawn at random")


def test_of_few_rows_all_that_there_are_can_be_shown(judged):
    pipeline, seen = judged
    few = Seen(seen.raw[:1], seen.target[:1], seen.answers[:1], {})
    assert list(choose(pipeline, few, count=1, seed=0)) == [0]


def test_classes_of_a_number_are_none():
    task = Regression().fit([0.0, 1.0])
    assert classes(*seen_by(task, torch.zeros(3, 1), torch.zeros(3))) is None


def test_classes_by_hand():
    task = Classification().fit(["no", "yes"])
    raw = torch.tensor([[2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [2.0, 0.0], [0.0, 1.0]])
    found = classes(*seen_by(task, raw, torch.tensor([0, 1, 0, 0, 1])))
    assert found.confusion == [[2, 1], [0, 2]]
    assert found.scores["yes"].precision.value == pytest.approx(2 / 3)
    assert found.scores["yes"].recall.value == pytest.approx(1)
    assert found.scores["no"].support == 3
    assert sum(count for _, _, count in found.bins) == 5
    assert found.error_before.value is not None


def test_of_several_labels_each_has_scores_and_there_is_no_confusion():
    task = MultiLabel().fit([("a",), ("b",)])
    found = classes(*seen_by(task, torch.tensor([[1.0, -1.0], [1.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])))
    assert found.scores["a"].precision.value == pytest.approx(0.5)
    assert found.confusion is None
    assert found.bins is None


def test_the_words_that_tell_are_the_planted_ones(sentiment):
    frame = planted_sentiment(rows=101, seed=8)
    rows, pipeline = frame[["text"]].to_dict("records"), sentiment.run.pipeline
    told = telling(pipeline, rows, see(pipeline, pipeline.encode(rows), frame["label"].tolist()))
    assert set(told) == {"negative", "positive"}
    for label, words in (("negative", NEGATIVE), ("positive", POSITIVE)):
        best = [text for text, _, _ in told[label][:4]]
        assert set(best) <= set(words)
        assert all(count >= 3 for _, _, count in told[label])
        scores = [score for _, score, _ in told[label]]
        assert scores == sorted(scores, reverse=True)


def test_every_shown_method_is_measured_on_every_shown_row(sentiment):
    rows, pipeline = sentiment.frame[["text"]].to_dict("records")[:5], sentiment.run.pipeline
    seen = see(pipeline, pipeline.encode(rows), sentiment.frame["label"].tolist()[:5])
    shown = measure.examples(pipeline, rows, seen, seed=0)
    for each in shown:
        assert list(each.heats) == [method.name for method in measure.SHOWN]
        assert {len(heats) for heats in each.heats.values()} == {len(rows[each.index]["text"].split())}
