import numpy as np
import pytest

from salience.evaluation.baselines import baselines
from salience.tasks import Classification, MultiLabel, Regression

GOOD, BAD = {"text": "a good film"}, {"text": "a bad film"}


def values(found):
    return {name: {each: score.value for each, score in scores.items()} for name, scores in found.items()}


def measured(task, train, train_targets, test, test_targets):
    task.fit(train_targets)
    return values(baselines(train, train_targets, test, test_targets, task=task, draws=0))


def test_the_same_answer_is_the_majority_class_of_the_training_rows():
    found = measured(Classification(), [GOOD] * 3 + [BAD], ["yes"] * 3 + ["no"], [GOOD, BAD, BAD], ["yes", "no", "no"])
    assert found["majority class"]["accuracy"] == pytest.approx(1 / 3)
    assert found["majority class"]["auroc"] == 0.5
    assert found["majority class"]["log_loss"] == pytest.approx(-np.log([0.75, 0.25, 0.25]).mean())


def test_words_tell_classes_apart():
    found = measured(Classification(), [GOOD, BAD] * 20, ["yes", "no"] * 20, [BAD, GOOD], ["no", "yes"])
    assert found["TF-IDF"]["accuracy"] == 1
    assert tuple(found["TF-IDF"]) == Classification.scores


def test_only_pairs_see_order():
    train = [{"text": text} for text in ("not good but bad", "not bad but good")] * 20
    found = measured(Classification(), train, ["no", "yes"] * 20, train[:2], ["no", "yes"])
    assert found["TF-IDF"]["accuracy"] == 0.5
    assert found["TF-IDF with pairs"]["accuracy"] == 1


def test_han_characters_are_words_and_their_pairs_are_seen():
    train = [{"text": text} for text in ("好不", "不好")] * 20
    found = measured(Classification(), train, ["yes", "no"] * 20, train[:2], ["yes", "no"])
    assert found["TF-IDF"]["accuracy"] == 0.5
    assert found["TF-IDF with pairs"]["accuracy"] == 1


def test_columns_are_weighed_apart():
    train = [{"a": "good", "b": "bad"}, {"a": "bad", "b": "good"}] * 20
    found = measured(Classification(), train, ["yes", "no"] * 20, train[:2], ["yes", "no"])
    assert found["TF-IDF"]["accuracy"] == 1


def test_a_value_is_the_mean_or_a_weighted_sum_of_words():
    train = [{"text": "cheap"}, {"text": "dear"}] * 40
    found = measured(Regression(), train, [10.0, 30.0] * 40, train[:2], [10.0, 30.0])
    assert found["mean"]["mae"] == pytest.approx(10)
    assert found["TF-IDF"]["mae"] < 1
    assert found["TF-IDF"]["r2"] > 0.95


def test_each_label_has_its_own_model_also_where_every_row_has_it():
    train = [{"text": "red"}, {"text": "blue"}, {"text": "red blue"}] * 20
    targets = [["red", "any"], ["any"], ["red", "any"]] * 20
    found = measured(MultiLabel(), train, targets, train[:3], targets[:3])
    assert found["TF-IDF"]["subset_accuracy"] == 1
    # Two rows of three are red, so every row is said to be.
    assert found["label shares"]["subset_accuracy"] == pytest.approx(2 / 3)


def test_rows_without_words_leave_the_linear_models_out():
    found = measured(
        Classification(), [{"text": None}, {"text": " "}] * 3, ["a", "b"] * 3, [{"text": "new"}] * 2, ["a", "b"]
    )
    assert list(found) == ["majority class"]


def test_test_rows_teach_nothing_to_each_other():
    task, train, targets = Classification(), [GOOD, BAD] * 20, ["yes", "no"] * 20
    new = {"text": "new words"}
    good, other, both = (
        measured(task, train, targets, rows, ["yes"] * len(rows))["TF-IDF"]["log_loss"]
        for rows in ([GOOD], [new], [GOOD, new])
    )
    assert both == pytest.approx((good + other) / 2)


def test_equal_seeds_give_equal_intervals():
    task, train, targets = Classification(), [GOOD, BAD] * 20, ["yes", "no"] * 20
    task.fit(targets)
    first, again, other = (
        baselines(train, targets, train[:9], targets[:9], task=task, draws=50, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other
