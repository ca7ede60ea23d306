"""What a model of a table has to beat: gradient-boosted trees, and a linear model.

Legend: N rows, F features, C numbers per answer, K features of a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.data.modalities import Table
from salience.data.modalities.column_kinds import MISSING
from salience.tasks import Task

#: The most categories of one column that trees can tell apart without an order.
_MOST_CATEGORIES = 255

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Features:
    """Training and test rows as numbers, NaN where a cell is missing; `names` marks numbers of categories."""

    seen: Float[np.ndarray, "N F"]
    unseen: Float[np.ndarray, "N F"]
    names: Bool[np.ndarray, "F"]


def table_answers(
    task: Task, known: Tensor, tables: Sequence[Table], train: Rows, test: Rows, *, seed: int = 0
) -> dict[str, Float[np.ndarray, "N C"]]:
    """What gradient-boosted trees (Friedman 2001) and a linear model answer on test rows, from the same columns.

    Both read what `Table` reads: scaled numbers, categories, calendars. Trees see a missing number as missing and a
    category as one of several without order. The linear model sees a mean in place of a missing number, and a column of
    zeros and ones for each state. All with the options that scikit-learn gives them.

    Args:
        known: the encoded training targets.
        tables: fitted on the training rows.
    """
    found = features(tables, train, test)
    return {
        "gradient-boosted trees": _answer(task, known, found.seen, found.unseen, _trees(known, found, seed)),
        "linear model": _answer(task, known, *_states_apart(found), _linear(known)),
    }


def features(tables: Sequence[Table], train: Rows, test: Rows) -> Features:
    """All columns side by side."""
    blocks = [
        [_columns(table, [{name: row[name] for name in table.reads} for row in rows]) for rows in (train, test)]
        for table in tables
    ]
    seen, unseen = (np.concatenate([values for values, _ in side], axis=1) for side in zip(*blocks, strict=True))
    return Features(seen, unseen, np.concatenate([names for (_, names), _ in blocks]))


def _columns(table: Table, rows: Rows) -> tuple[Float[np.ndarray, "N F"], Bool[np.ndarray, "F"]]:
    """The state of each category, and the numbers of each other column."""
    values = np.stack([table.encode(row).values for row in rows]).astype(float)  # [N, columns, 2 + K]
    parts, names = [], []
    for place, kind in enumerate(table.kinds.values()):
        is_name = kind in ("categorical", "boolean")
        part = values[:, place, 1:2] if is_name else values[:, place, 2 : 2 + table.width_of(kind)]
        parts.append(np.where(values[:, place, 1:2] == MISSING, np.nan, part))
        names += [is_name] * part.shape[1]
    return np.concatenate(parts, axis=1), np.array(names)


def _answer(
    task: Task,
    known: Tensor,
    seen: Float[np.ndarray, "N F"],
    unseen: Float[np.ndarray, "N F"],
    make: Callable[[], Any],
) -> Float[np.ndarray, "N C"]:
    targets = known.numpy()
    if targets.ndim == 2:
        return np.stack([_probability(label, seen, unseen, make) for label in targets.T], axis=1)
    made = make().fit(seen, targets)
    if known.is_floating_point():
        return task.probabilities(torch.from_numpy(made.predict(unseen)).double()[:, None]).numpy()
    return made.predict_proba(unseen)


def _probability(
    label: Float[np.ndarray, "N"],
    seen: Float[np.ndarray, "N F"],
    unseen: Float[np.ndarray, "N F"],
    make: Callable[[], Any],
) -> Float[np.ndarray, "N"]:
    if label.min() == label.max():
        return np.full(len(unseen), float(label[0]))
    return make().fit(seen, label).predict_proba(unseen)[:, 1]


def _trees(known: Tensor, found: Features, seed: int) -> Callable[[], Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    few = found.names & (np.nan_to_num(found.seen).max(0, initial=0) < _MOST_CATEGORIES)
    made = HistGradientBoostingRegressor if _is_number(known) else HistGradientBoostingClassifier
    return lambda: made(categorical_features=few, random_state=seed)


def _linear(known: Tensor) -> Callable[[], Any]:
    from sklearn.linear_model import LogisticRegression, Ridge

    return Ridge if _is_number(known) else lambda: LogisticRegression(max_iter=2000)


def _is_number(known: Tensor) -> bool:
    return known.ndim == 1 and known.is_floating_point()


def _states_apart(found: Features) -> tuple[Float[np.ndarray, "N F"], Float[np.ndarray, "N F"]]:
    """Numbers with the training mean where one is missing; a column for each state, and for each missing number."""
    seen, unseen = [], []
    for place, is_name in enumerate(found.names):
        one, other = found.seen[:, place], found.unseen[:, place]
        if is_name:
            states = np.unique(np.nan_to_num(one))
            seen += [np.nan_to_num(one) == state for state in states]
            unseen += [np.nan_to_num(other) == state for state in states]
        else:
            absent = np.isnan(one)
            mean = 0.0 if absent.all() else one[~absent].mean()
            seen += [np.where(absent, mean, one), absent]
            unseen += [np.where(np.isnan(other), mean, other), np.isnan(other)]
    return np.stack(seen, axis=1).astype(float), np.stack(unseen, axis=1).astype(float)
