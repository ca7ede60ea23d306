"""How good predictions are: the usual scores by name, each with a bootstrap interval.

Legend: N rows, C classes, R draws.

An undefined score (one class only, say) is None and says why; it is never NaN. `draws=0` skips the intervals.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from salience.core.errors import DataError
from salience.evaluation import weighted
from salience.evaluation.bootstrap import Bootstrap, Statistic, interval, mean
from salience.evaluation.forecast_scores import forecast_statistics
from salience.evaluation.ranking_scores import ranking_statistics
from salience.evaluation.score import Score
from salience.tasks import Forecast, Ranking, Task

#: Scores of which less is better; of all others more is better.
LOWER_IS_BETTER = frozenset(
    {"log_loss", "ece", "hamming", "mse", "mae", "rmse", "mae_units", "mase", "mase_pooled", "smape", "pinball"}
)

Groups = Sequence[Hashable] | None

#: Why a score can be undefined.
REASONS = {
    "auroc": "it needs rows of at least two classes",
    "r2": "it needs targets that differ",
    **dict.fromkeys(("mse", "mae", "rmse", "mae_units", "smape", "pinball", "coverage"), "no true value is known"),
    "mase": "no true value is known, or no series that is judged changes from one season to the next in training rows",
    "mase_pooled": "no true value is known, or the training rows never change from one season to the next",
    "direction": "no true value differs from the last known one",
    "pearson": "it needs predictions and targets that differ",
    "spearman": "it needs predictions and targets that differ",
    "precision": "the class is never predicted",
    "recall": "the class does not occur",
    "f1": "the class neither occurs nor is predicted",
    "ndcg": "no list has two rows, one with a gain above 0",
    "mrr": "no list has two rows",
    "top_precision": "no list has more rows than count as the first",
    "macro_f1": "no class occurs or is predicted",
    "micro_f1": "no class occurs or is predicted",
}


@dataclass(frozen=True, slots=True)
class ClassScores:
    """How well one class is recognised; `support` counts the rows that have it."""

    precision: Score
    recall: Score
    f1: Score
    support: int

    def to_dict(self) -> dict[str, Any]:
        scores = {name: getattr(self, name).to_dict() for name in ("precision", "recall", "f1")}
        return {**scores, "support": self.support}


def task_scores(
    task: Task,
    raw: Float[Tensor, "N C"],
    target: Tensor,
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, Score]:
    """The scores that a task names, in its order, from the model's raw numbers and `task.encode(targets)`.

    Errors of a regression are in the unit of its target.
    """
    answers = _numpy(task.probabilities(raw.double()))
    return answer_scores(task, answers, target, draws=draws, seed=seed, groups=groups)


def answer_scores(
    task: Task,
    answers: Float[np.ndarray, "N C"],
    target: Tensor,
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, Score]:
    """As `task_scores`, from what `task.probabilities` gives, or what another model gives in its place.

    Without groups, intervals of a ranking are over its lists.
    """
    statistics = answer_statistics(task, answers, target)
    if groups is None and isinstance(task, Ranking):
        groups = target[:, 1].tolist()
    return _scores(statistics, len(target), Bootstrap(draws, seed, groups))


def answer_statistics(task: Task, answers: Float[np.ndarray, "N C"], target: Tensor) -> dict[str, Statistic]:
    """What `answer_scores` estimates, as functions of row weights; for scores of two models on the same draws."""
    if isinstance(task, Forecast):
        statistics = forecast_statistics(task, answers, _numpy(target))
    elif isinstance(task, Ranking):
        values = _numpy(task.probabilities(task.truth(target.double())[:, None]))
        statistics = ranking_statistics(answers[:, 0], values[:, 0], _numpy(target[:, 1]), top=task.top)
    elif target.ndim == 2:
        statistics = _multi_label(answers, _numpy(target))
    elif target.is_floating_point():
        values = _numpy(task.probabilities(target.double()[:, None]))
        statistics = _regression(answers[:, 0], values[:, 0])
    else:
        statistics = _classification(answers, _numpy(target))
    return {name: statistics[name] for name in task.scores}


def measure(task: Task, raw: Float[Tensor, "N C"], target: Tensor) -> dict[str, float | None]:
    """The values of `task_scores` alone, None where undefined: cheap enough for every epoch."""
    return {name: score.value for name, score in task_scores(task, raw, target, draws=0).items()}


def classification_scores(
    probabilities: Float[np.ndarray, "N C"],
    targets: Int[np.ndarray, "N"],
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, Score]:
    """Accuracy, macro F1, AUROC (one class against the rest), log loss and calibration error (15 bins).

    >>> sure = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    >>> scores = classification_scores(sure, np.array([0, 1, 1]), draws=0)
    >>> round(scores["accuracy"].value, 3), scores["auroc"].value
    (0.667, 1.0)
    """
    return _scores(_classification(probabilities, targets), len(targets), Bootstrap(draws, seed, groups))


def multi_label_scores(
    probabilities: Float[np.ndarray, "N C"],
    targets: Float[np.ndarray, "N C"],
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, Score]:
    """Macro and micro F1, the share of rows with every label right, and the share of wrong decisions (Hamming loss).

    A label is predicted at probability 0.5 or more.
    """
    return _scores(_multi_label(probabilities, targets), len(targets), Bootstrap(draws, seed, groups))


def regression_scores(
    predictions: Float[np.ndarray, "N"],
    targets: Float[np.ndarray, "N"],
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, Score]:
    """R2, squared and absolute errors in the unit of the target, Pearson and Spearman correlation."""
    return _scores(_regression(predictions, targets), len(targets), Bootstrap(draws, seed, groups))


def class_scores(
    predicted: Float[np.ndarray, "N C"],
    actual: Float[np.ndarray, "N C"],
    labels: Sequence[str],
    *,
    draws: int = 1000,
    seed: int = 0,
    groups: Groups = None,
) -> dict[str, ClassScores]:
    """Precision, recall, F1 and support of each class, from `indicators` of what rows are given and what they have."""
    _check(predicted, actual)
    found = {}
    for c, label in enumerate(labels):
        one = predicted[:, c], actual[:, c]
        statistics = {name: getattr(weighted, name)(*one) for name in ("precision", "recall", "f1")}
        scores = _scores(statistics, len(actual), Bootstrap(draws, seed, groups))
        found[label] = ClassScores(**scores, support=int(actual[:, c].sum()))
    return found


def confusion(
    predicted: Int[np.ndarray, "N"], actual: Int[np.ndarray, "N"], num_classes: int
) -> Int[np.ndarray, "C C"]:
    """How many rows of each actual class (row) were given each class (column).

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = actual * num_classes + predicted
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def indicators(choices: Int[np.ndarray, "N *C"], num_classes: int) -> Float[np.ndarray, "N C"]:
    """1 where a row has a class: from class numbers [N]; choices among labels [N, C] are that already."""
    return choices.astype(float) if choices.ndim == 2 else np.eye(num_classes)[choices]


def _classification(probabilities: Float[np.ndarray, "N C"], targets: Int[np.ndarray, "N"]) -> dict[str, Statistic]:
    _check(probabilities, targets)
    num_classes = probabilities.shape[1]
    predicted, actual = indicators(probabilities.argmax(1), num_classes), indicators(targets, num_classes)
    return {
        "accuracy": mean((predicted * actual).sum(1)),
        "macro_f1": weighted.macro_f1(predicted, actual),
        "auroc": weighted.auroc(probabilities, actual),
        "log_loss": weighted.log_loss(probabilities, actual),
        "ece": weighted.calibration_error(probabilities, actual),
    }


def _multi_label(probabilities: Float[np.ndarray, "N C"], targets: Float[np.ndarray, "N C"]) -> dict[str, Statistic]:
    _check(probabilities, targets)
    predicted, actual = (probabilities >= 0.5).astype(float), targets.astype(float)
    return {
        "macro_f1": weighted.macro_f1(predicted, actual),
        "micro_f1": weighted.micro_f1(predicted, actual),
        "subset_accuracy": mean((predicted == actual).all(1).astype(float)),
        "hamming": mean((predicted != actual).mean(1)),
    }


def _regression(predictions: Float[np.ndarray, "N"], targets: Float[np.ndarray, "N"]) -> dict[str, Statistic]:
    _check(predictions, targets)
    errors = predictions - targets
    return {
        "r2": weighted.r2(predictions, targets),
        "mse": mean(errors**2),
        "rmse": weighted.root_mean(errors**2),
        "mae": mean(np.abs(errors)),
        "pearson": weighted.pearson(predictions, targets),
        "spearman": weighted.spearman(predictions, targets),
    }


def _scores(statistics: Mapping[str, Statistic], count: int, bootstrap: Bootstrap) -> dict[str, Score]:
    def together(weights: Float[np.ndarray, "R N"]) -> Float[np.ndarray, "R K"]:
        return np.stack([each(weights) for each in statistics.values()], axis=1)

    if not statistics:
        return {}
    values = together(np.ones((1, count)))[0]
    drawn = bootstrap.distribution(together, count)
    return {name: _score(name, float(values[k]), drawn[:, k]) for k, name in enumerate(statistics)}


def _score(name: str, value: float, drawn: Float[np.ndarray, "R"]) -> Score:
    if np.isnan(value):
        return Score(None, reason=REASONS[name])
    return Score(value, *interval(drawn))


def _numpy(values: Tensor) -> np.ndarray:
    return values.numpy(force=True)


def _check(predictions: np.ndarray, targets: np.ndarray) -> None:
    if len(predictions) != len(targets) or not len(targets):
        raise DataError(
            f"expected as many predictions as targets, and at least one, got {len(predictions)} and {len(targets)}"
        )
    wrong = int((~np.isfinite(predictions)).reshape(len(predictions), -1).any(1).sum())
    if wrong:
        raise DataError(
            f"{wrong:,} of {len(predictions):,} predictions are not finite numbers",
            fix="the model has diverged: train with a smaller learning rate, and look for extreme values in its inputs",
        )
