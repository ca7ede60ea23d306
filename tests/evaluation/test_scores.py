import numpy as np
import pytest
import torch
import torchmetrics.functional as reference
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from salience.core.errors import DataError
from salience.evaluation import (
    LOWER_IS_BETTER,
    class_scores,
    classification_scores,
    confusion,
    indicators,
    measure,
    multi_label_scores,
    regression_scores,
    task_scores,
    weighted,
)
from salience.tasks import Classification, MultiLabel, Regression


def values(scores):
    return {name: score.value for name, score in scores.items()}


def predictions(rows=211, classes=5, seed=0):
    """Probabilities that know something, and targets."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, classes, rows)
    raw = generator.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[targets]
    return np.exp(raw) / np.exp(raw).sum(1, keepdims=True), targets


def test_scores_of_four_rows_by_hand():
    probabilities = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.9, 0.1]])
    scores = values(classification_scores(probabilities, np.array([0, 1, 1, 0]), draws=0))
    assert scores["accuracy"] == 0.75
    # Class 0: TP 2, FP 1, FN 0. Class 1: TP 1, FP 0, FN 1.
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert scores["auroc"] == 1.0
    assert scores["log_loss"] == pytest.approx(-np.log([0.8, 0.4, 0.7, 0.9]).mean())
    # Each row alone in its bin of confidence.
    assert scores["ece"] == pytest.approx((0.2 + 0.6 + 0.3 + 0.1) / 4)


def test_classification_agrees_with_torchmetrics():
    probabilities, targets = predictions()
    scores = values(classification_scores(probabilities, targets, draws=0))
    p, t = torch.tensor(probabilities), torch.tensor(targets)
    kind = {"task": "multiclass", "num_classes": 5}
    assert scores["accuracy"] == pytest.approx(reference.accuracy(p, t, average="micro", **kind).item())
    assert scores["macro_f1"] == pytest.approx(reference.f1_score(p, t, average="macro", **kind).item())
    assert scores["auroc"] == pytest.approx(reference.auroc(p, t, average="macro", **kind).item())
    assert scores["ece"] == pytest.approx(reference.calibration_error(p, t, n_bins=15, **kind).item(), abs=1e-6)
    assert scores["log_loss"] == pytest.approx(torch.nn.functional.nll_loss(p.log(), t).item())


def test_multi_label_agrees_with_torchmetrics():
    generator = np.random.default_rng(1)
    targets = (generator.random((131, 7)) < 0.3).astype(float)
    probabilities = np.clip(0.5 * targets + generator.random((131, 7)) * 0.6, 0, 1)
    scores = values(multi_label_scores(probabilities, targets, draws=0))
    p, t = torch.tensor(probabilities), torch.tensor(targets).long()
    kind = {"task": "multilabel", "num_labels": 7}
    assert scores["macro_f1"] == pytest.approx(reference.f1_score(p, t, average="macro", **kind).item())
    assert scores["micro_f1"] == pytest.approx(reference.f1_score(p, t, average="micro", **kind).item())
    assert scores["subset_accuracy"] == pytest.approx(reference.exact_match(p, t, **kind).item())
    assert scores["hamming"] == pytest.approx(reference.hamming_distance(p, t, **kind).item())


def test_regression_agrees_with_torchmetrics_and_scipy():
    generator = np.random.default_rng(2)
    targets = generator.normal(size=97).round(1)
    guesses = 0.7 * targets + generator.normal(size=97).round(1)
    scores = values(regression_scores(guesses, targets, draws=0))
    p, t = torch.tensor(guesses), torch.tensor(targets)
    assert scores["mse"] == pytest.approx(reference.mean_squared_error(p, t).item())
    assert scores["rmse"] == pytest.approx(reference.mean_squared_error(p, t, squared=False).item())
    assert scores["mae"] == pytest.approx(reference.mean_absolute_error(p, t).item())
    assert scores["r2"] == pytest.approx(reference.r2_score(p, t).item())
    assert scores["pearson"] == pytest.approx(reference.pearson_corrcoef(p, t).item())
    assert scores["spearman"] == pytest.approx(stats.spearmanr(guesses, targets).statistic)


small = st.integers(-3, 3).map(float)


@given(
    arrays(float, 11, elements=small), arrays(float, 11, elements=small), arrays(float, 11, elements=st.integers(0, 3))
)
def test_a_weight_is_a_repetition(predicted, actual, weights):
    weights[0] = max(weights[0], 1)
    times = weights.astype(int)
    repeated = np.repeat(predicted, times), np.repeat(actual, times)
    positive = (actual > 0).astype(float)
    cases = {
        "r2": (weighted.r2(predicted, actual), weighted.r2(*repeated)),
        "pearson": (weighted.pearson(predicted, actual), weighted.pearson(*repeated)),
        "spearman": (weighted.spearman(predicted, actual), weighted.spearman(*repeated)),
        "auroc": (
            weighted.auroc(predicted[:, None], positive[:, None]),
            weighted.auroc(repeated[0][:, None], np.repeat(positive, times)[:, None]),
        ),
    }
    for name, (with_weights, with_rows) in cases.items():
        expected = with_rows(np.ones((1, times.sum())))
        np.testing.assert_allclose(with_weights(weights[None]), expected, atol=1e-9, err_msg=name)


def test_large_targets_lose_no_digits():
    actual = np.array([1.0, 2.0, 3.0, 5.0])
    predicted = np.array([1.5, 2.0, 2.5, 5.5])
    near, far = (values(regression_scores(predicted + by, actual + by, draws=0)) for by in (0.0, 1e7))
    assert far == pytest.approx(near, abs=1e-6)


def test_intervals_hold_the_value_and_shrink_with_rows():
    few, many = (classification_scores(*predictions(rows), draws=300) for rows in (67, 1201))
    for name in few:
        assert few[name].low < few[name].value < few[name].high or name == "ece"
        assert many[name].high - many[name].low < few[name].high - few[name].low


def test_one_class_leaves_auroc_undefined_and_says_why():
    score = classification_scores(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 0]))["auroc"]
    assert score.value is None
    assert score.reason == "it needs rows of at least two classes"


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
def test_equal_targets_leave_correlations_undefined_and_say_why(name):
    score = regression_scores(np.array([1.0, 2.0, 4.0]), np.array([0.1, 0.1, 0.1]))[name]
    assert score.value is None
    assert "targets that differ" in score.reason or "predictions and targets that differ" in score.reason


def test_labels_that_nobody_has_leave_f1_undefined_and_say_why():
    scores = multi_label_scores(np.full((3, 2), 0.1), np.zeros((3, 2)))
    assert scores["macro_f1"].reason == scores["micro_f1"].reason == "no class occurs or is predicted"
    assert scores["subset_accuracy"].value == 1.0


def test_scores_of_one_class_by_hand():
    predicted, actual = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    found = class_scores(indicators(predicted, 3), indicators(actual, 3), ["a", "b", "c"], draws=50)
    assert found["b"].precision.value == pytest.approx(2 / 3)
    assert found["b"].recall.value == pytest.approx(2 / 3)
    assert found["a"].f1.value == pytest.approx(1 / 2)
    assert [found[label].support for label in "abc"] == [2, 3, 0]
    assert found["c"].precision.reason == "the class is never predicted"
    assert found["c"].recall.reason == "the class does not occur"
    assert found["c"].f1.reason == "the class neither occurs nor is predicted"
    assert found["a"].to_dict()["support"] == 2


def test_confusion_counts_actual_by_row_and_predicted_by_column():
    predicted, actual = np.array([0, 2, 2, 1]), np.array([0, 1, 1, 2])
    assert confusion(predicted, actual, 3).tolist() == [[1, 0, 0], [0, 0, 2], [0, 1, 0]]


def test_predictions_that_are_not_numbers_are_an_error():
    with pytest.raises(DataError, match="1 of 2 predictions are not finite numbers") as caught:
        regression_scores(np.array([np.nan, 1.0]), np.array([0.0, 1.0]))
    assert "smaller learning rate" in str(caught.value)


def test_as_many_predictions_as_targets_are_needed():
    with pytest.raises(DataError, match="as many predictions as targets, and at least one, got 2 and 3"):
        regression_scores(np.zeros(2), np.zeros(3))


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        (Classification(), ["no", "yes", "yes", "no"]),
        (MultiLabel(), [["a"], ["a", "b"], [], ["b"]]),
        (Regression(), [10.0, 20.0, 30.0, 15.0]),
    ],
)
def test_a_task_gets_the_scores_it_names_in_its_order(task, targets):
    target = task.fit(targets).encode(targets)
    raw = torch.randn(4, 1 if isinstance(task, Regression) else 2)
    scores = task_scores(task, raw, target, draws=20)
    assert tuple(scores) == task.scores
    assert measure(task, raw, target) == {name: score.value for name, score in scores.items()}


def test_errors_of_a_regression_are_in_the_unit_of_its_target():
    task = Regression().fit([10.0, 20.0, 30.0])
    target = task.encode([10.0, 20.0, 30.0])
    assert measure(task, target[:, None] + 1, target)["mae"] == pytest.approx(task.deviation)


def test_every_score_of_every_task_has_a_direction():
    for task in (Classification, MultiLabel, Regression):
        assert task.scores[0] not in LOWER_IS_BETTER
