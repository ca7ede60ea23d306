"""What a model has to beat: always the same answer, and a linear model of weighted word counts.

Legend: N rows, C classes, F features.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.sparse import csr_matrix, hstack
from torch import Tensor

from salience.data.modalities import Table
from salience.data.tokens.pattern import word
from salience.evaluation.forecast_baselines import forecast_baselines
from salience.evaluation.score import Score
from salience.evaluation.scores import answer_scores
from salience.evaluation.table_baselines import table_answers
from salience.tasks import Forecast, Ranking, Task

# The most frequent words (and pairs) that a linear model weighs, per column.
MOST_FEATURES = 200_000
# Rows of TF-IDF have length one, so that little regularisation serves few rows and many alike.
INVERSE_REGULARISATION = 10.0

Rows = Sequence[Mapping[str, Any]]


def baselines(
    train: Rows,
    train_targets: Sequence[Any],
    test: Rows,
    test_targets: Sequence[Any],
    *,
    task: Task,
    draws: int = 1000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
    tables: Sequence[Table] = (),
) -> dict[str, dict[str, Score]]:
    """The scores of simple models on the test rows, by the name of the model. They learn from the training rows alone.

    "majority class" (or "mean", "label shares") gives every row the same answer, which in a list is a random order.
    "TF-IDF" is a logistic (or ridge) regression on weighted counts of words, "TF-IDF with pairs" one that also counts
    pairs of neighbours. Words are those of `data.tokens.pattern`, so that each Han character counts as one.

    Rows without a single word leave the linear models out. A forecast is compared with `forecast_baselines`,
    columns of a table with `table_answers`.

    Args:
        task: fitted on the training targets.
        groups: one label per test row; see `Bootstrap`.
        tables: what reads columns together, fitted on the training rows.
    """
    if isinstance(task, Forecast):
        guessed = forecast_baselines(train_targets, test_targets, task)
        return _scored(guessed, task, test_targets, draws=draws, seed=seed, groups=groups)
    known = task.encode(train_targets)
    if isinstance(task, Ranking):
        known = task.truth(known)
    tabular = {name for table in tables for name in table.reads}
    answers = {_same_name(task, known): _same(task, known, len(test))}
    for name, longest in (("TF-IDF", 1), ("TF-IDF with pairs", 2)):
        if features := _tf_idf(train, test, [each for each in train[0] if each not in tabular], longest):
            answers[name] = _linear(task, known, *features)
    if tables:
        answers |= table_answers(task, known, tables, train, test, seed=seed)
    return _scored(answers, task, test_targets, draws=draws, seed=seed, groups=groups)


def _scored(
    answers: Mapping[str, Float[np.ndarray, "N C"]],
    task: Task,
    targets: Sequence[Any],
    *,
    draws: int,
    seed: int,
    groups: Sequence[Hashable] | None,
) -> dict[str, dict[str, Score]]:
    target = task.encode(targets)
    return {
        name: answer_scores(task, each, target, draws=draws, seed=seed, groups=groups) for name, each in answers.items()
    }


def _same_name(task: Task, known: Tensor) -> str:
    if isinstance(task, Ranking):
        return "mean, which is a random order"
    if known.ndim == 2:
        return "label shares"
    return "mean" if known.is_floating_point() else "majority class"


def _same(task: Task, known: Tensor, count: int) -> Float[np.ndarray, "N C"]:
    if known.is_floating_point():
        means = known.double().reshape(len(known), -1).mean(0)
        answer = means.numpy() if known.ndim == 2 else _in_own_unit(task, means.numpy())[0]
    else:
        answer = np.bincount(known.numpy()) / len(known)
    return np.tile(answer, (count, 1))


def _linear(task: Task, known: Tensor, seen: csr_matrix, unseen: csr_matrix) -> Float[np.ndarray, "N C"]:
    """The answers of a regularised linear model of the kind that the targets ask for."""
    targets = known.numpy()
    if targets.ndim == 2:
        return np.stack([_probability(label, seen, unseen) for label in targets.T], axis=1)
    if known.is_floating_point():
        from sklearn.linear_model import Ridge

        return _in_own_unit(task, Ridge().fit(seen, targets).predict(unseen))
    return _classifier().fit(seen, targets).predict_proba(unseen)


def _probability(label: Float[np.ndarray, "N"], seen: csr_matrix, unseen: csr_matrix) -> Float[np.ndarray, "N"]:
    if label.min() == label.max():
        return np.full(unseen.shape[0], float(label[0]))
    return _classifier().fit(seen, label).predict_proba(unseen)[:, 1]


def _classifier() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=INVERSE_REGULARISATION, max_iter=2000)


def _in_own_unit(task: Task, values: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N 1"]:
    return task.probabilities(torch.from_numpy(values).double()[:, None]).numpy()


def _tf_idf(train: Rows, test: Rows, columns: Sequence[str], longest: int) -> tuple[csr_matrix, csr_matrix] | None:
    """Weights of the words, and runs of words up to `longest`, of columns side by side; None without any word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    blocks = []
    for column in columns:
        texts = [[_words(row[column]) for row in rows] for rows in (train, test)]
        if any(texts[0]):
            counter = TfidfVectorizer(
                analyzer=partial(_runs, longest=longest), max_features=MOST_FEATURES, sublinear_tf=True
            )
            blocks.append((counter.fit_transform(texts[0]), counter.transform(texts[1])))
    if not blocks:
        return None
    seen, unseen = (hstack(each, format="csr") for each in zip(*blocks, strict=True))
    return seen, unseen


def _words(cell: object) -> list[str]:
    return word().findall(cell.lower()) if isinstance(cell, str) else []


def _runs(words: Sequence[str], *, longest: int) -> list[str]:
    """
    >>> _runs(["not", "good"], longest=2)
    ['not', 'good', 'not good']
    """
    return [" ".join(words[i : i + size]) for size in range(1, longest + 1) for i in range(len(words) - size + 1)]
