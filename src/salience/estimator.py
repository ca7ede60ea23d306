"""Scikit-learn estimators: the same models in `Pipeline`, `GridSearchCV` and `cross_val_score`.

X is a sequence of texts, or a frame. Columns of a frame with numbers, booleans, dates or categories by their dtype are
read together as a table, in which a missing cell is a state of its own; each other column is one of texts, in which a
missing text is read as an empty one.
"""

from __future__ import annotations

import math
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, check_is_fitted, column_or_1d

from salience.core.config import make
from salience.core.errors import ConfigError, DataError
from salience.data.fault import check_names
from salience.data.rationale import Rationale, read_rationale
from salience.pipeline import Pipeline
from salience.run.result import Result
from salience.run.settings import free_name, usual_model, usual_training

COLUMN = "text"


class _TextEstimator(BaseEstimator, ABC):
    """What both estimators share: texts to rows, a held-out part for choosing the best epoch, training."""

    _task: str

    def __init__(
        self,
        text: str | Mapping[str, Any] = "Text",
        model: Mapping[str, Any] | None = None,
        train: Mapping[str, Any] | None = None,
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = 0,
        seeds: int = 1,
    ) -> None:
        self.text = text
        self.model = model
        self.train = train
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.seeds = seeds

    def fit(self, X: Any, y: Any, *, rationales: Sequence[Any] | None = None) -> Self:  # noqa: N803
        """Train on texts X and targets y.

        Args:
            rationales: what people marked, one cell per text as in a rationale column, None where nobody was asked. It
                teaches attention, by `KL` if `train` names no other loss. X has to be one column then.

        Raises:
            DataError: X, y and the rationales differ in length, X is not text, or a rationale does not fit its text.
            ConfigError: an option of the model or of training is unknown or impossible.
        """
        from salience.training import Side, TrainOptions, fit_members

        rows, targets = self._rows(X, learning=True), self._targets(y)
        if len(rows) != len(targets):
            raise DataError(f"expected as many targets as rows, got {len(rows)} rows and {len(targets)} targets")
        marks = self._marks(rows, rationales)
        seed = self._seed()
        taught = {"attention_loss": "KL"} if marks else {}
        usual = usual_training(self._inputs())
        options = make(TrainOptions, {"seed": seed, **usual, **taught, **(self.train or {})}, where="train")
        pipeline = Pipeline(self._inputs(), self._task, model=self._model())
        divided = self._divided(self._strata(targets), np.random.default_rng(seed))
        inside, held = (([rows[i] for i in index], [targets[i] for i in index]) for index in divided)
        pipeline.learn(*inside, seed=seed, seeds=self.seeds)
        sides = [
            Side(pipeline.encode(texts), answers, {name: [each[i] for i in index] for name, each in marks.items()})
            for (texts, answers), index in zip((inside, held), divided, strict=True)
        ]
        with tempfile.TemporaryDirectory(prefix="salience-") as folder:
            fitted = fit_members(pipeline, *sides, options=options, folder=Path(folder))
        self.history_ = [epoch for each in fitted for epoch in each.history]
        self.pipeline_ = pipeline
        return self

    def explain(self, X: Any, *, method: str = "received") -> Result:  # noqa: N803
        """Predictions with the importance of every word; see `salience.run.result.Result`."""
        from salience.run.explain import explain

        check_is_fitted(self, "pipeline_")
        return explain(self.pipeline_, self._rows(X), method=method)

    def _inputs(self) -> dict[str, Any]:
        """What reads each column: all that is no text is one table."""
        inputs: dict[str, Any] = {name: self.text for name in self.columns_ if name not in self.kinds_}
        if self.kinds_:
            inputs[free_name(inputs)] = {"Table": {"columns": dict(self.kinds_)}}
        return inputs

    def _model(self) -> dict[str, Any]:
        given = dict(self.model or {})
        return {**usual_model(self._inputs(), given), **given} if self.kinds_ else given

    def _marks(self, rows: Sequence[Mapping[str, Any]], rationales: Sequence[Any] | None) -> dict[str, list[Any]]:
        """By column, what people marked in each row."""
        if rationales is None:
            return {}
        if len(self.columns_) != 1:
            raise DataError(f"rationales mark one text per row, and X has {len(self.columns_)} columns")
        if len(rationales) != len(rows):
            raise DataError(f"expected as many rationales as rows, got {len(rationales)} for {len(rows)} rows")
        (name,) = self.columns_
        found: list[Rationale | None] = []
        for number, (cell, row) in enumerate(zip(rationales, rows, strict=True), start=1):
            try:
                found.append(read_rationale(cell, row[name] or ""))
            except DataError as error:
                raise DataError(error.problem, where=f"rationales, row {number}", fix=error.fix) from error
        return {name: found}

    def _seed(self) -> int:
        """One whole number, whatever scikit-learn allows for `random_state`."""
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _divided(self, strata: Sequence[Any], generator: np.random.Generator) -> tuple[list[int], list[int]]:
        """Rows to learn from, and rows held out: a share of every stratum, rounded up, but never its last row.

        Raises:
            ConfigError: the share is none.
            DataError: no stratum has two rows.
        """
        if not 0 < self.validation_fraction < 1:
            raise ConfigError(f"validation_fraction must be between 0 and 1, got {self.validation_fraction!r}")
        of_row = pd.factorize(np.asarray(strata))[0]
        held: list[int] = []
        for stratum in range(of_row.max() + 1):
            rows = np.flatnonzero(of_row == stratum)
            count = min(math.ceil(self.validation_fraction * len(rows)), len(rows) - 1)
            held += generator.choice(rows, count, replace=False).tolist()
        if not held:
            raise DataError(
                f"none of n_samples = {len(of_row)} can be held out: there are no two of one kind", fix="give more rows"
            )
        return np.setdiff1d(np.arange(len(of_row)), held).tolist(), sorted(held)

    @abstractmethod
    def _strata(self, targets: list[Any]) -> list[Any]:
        """For each row the group of which an equal share is held out."""

    @abstractmethod
    def _targets(self, y: Any) -> list[Any]:
        """The targets as the task knows them."""

    def _rows(self, X: Any, *, learning: bool = False) -> list[dict[str, Any]]:  # noqa: N803
        """One mapping per row; the columns are learned in `fit` and must come back in `predict`."""
        frame = X.rename(columns=str) if isinstance(X, pd.DataFrame) else _frame(X)
        if frame.empty:
            raise DataError("expected at least one row with a text, got none", where="X")
        check_names(list(frame.columns), "columns of X")
        if learning:
            self.columns_ = list(frame.columns)
            self.kinds_ = {name: kind for name in self.columns_ if (kind := _kind(frame[name])) is not None}
        missing = [name for name in self.columns_ if name not in frame.columns]
        if missing:
            raise DataError(f"X lacks the columns {', '.join(missing)} that the model was trained on")
        cells = [_cells(frame[name]) if name in self.kinds_ else _texts(frame[name]) for name in self.columns_]
        return [dict(zip(self.columns_, row, strict=True)) for row in zip(*cells, strict=True)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags


class SalienceClassifier(ClassifierMixin, _TextEstimator):
    """Classify texts, and say which words decided.

    Args:
        text: the modality of every column, with or without options: `{"Text": {"tokens": "Character"}}`.
        model: options of `salience.models.assemble`.
        train: options of `salience.training.TrainOptions`.
        validation_fraction: share of the rows held out to choose the best epoch and to calibrate probabilities.
        random_state: the one number behind everything random.
        seeds: how many models to train, alike but for their seeds; several answer together.

    >>> classifier = SalienceClassifier(model={"width": 8}, train={"epochs": 1})
    >>> texts = ["good film", "fine film", "bad film", "poor film"] * 5
    >>> classifier.fit(texts, ["+", "+", "-", "-"] * 5).predict(["a good film"]).shape
    (1,)
    """

    _task = "Classification"

    def fit(self, X: Any, y: Any, *, rationales: Sequence[Any] | None = None) -> Self:  # noqa: N803
        """Train on texts X and class labels y, and attention on rationales; see `SalienceRegressor.fit`."""
        labels = column_or_1d(y, warn=True)
        assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        return super().fit(X, y, rationales=rationales)

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Calibrated probabilities [N, C], in the order of `classes_`."""
        check_is_fitted(self, "pipeline_")
        pipeline = self.pipeline_
        probabilities = pipeline.task.probabilities(pipeline.raw(pipeline.encode(self._rows(X))).double()).numpy()
        labels = pipeline.task.state()["labels"]
        order = [labels.index(str(each)) for each in self.classes_]
        return probabilities[:, order]

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The most probable class of each row."""
        check_is_fitted(self, "pipeline_")
        return self.classes_[self.predict_proba(X).argmax(1)]

    def _targets(self, y: Any) -> list[str]:
        return [str(each) for each in column_or_1d(y)]

    def _strata(self, targets: list[Any]) -> list[Any]:
        return targets


class SalienceRegressor(RegressorMixin, _TextEstimator):
    """Predict a number from texts, and say which words raised or lowered it. Arguments as for the classifier.

    >>> regressor = SalienceRegressor(model={"width": 8}, train={"epochs": 1})
    >>> regressor.fit(["good film", "bad film"] * 9, [1.0, 0.0] * 9).predict(["a good film"]).shape
    (1,)
    """

    _task = "Regression"

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The predicted number of each row."""
        check_is_fitted(self, "pipeline_")
        pipeline = self.pipeline_
        return pipeline.task.probabilities(pipeline.raw(pipeline.encode(self._rows(X))).double()).numpy()[:, 0]

    def _targets(self, y: Any) -> list[float]:
        return [float(each) for each in column_or_1d(y, warn=True)]

    def _strata(self, targets: list[Any]) -> list[Any]:
        # High and low numbers are held out, so that there is something to tell apart.
        return (np.asarray(targets) > np.median(targets)).tolist()


def _frame(X: Any) -> pd.DataFrame:  # noqa: N803
    """A sequence of texts as a frame with one column.

    Raises:
        DataError: X is one text, or has more than one dimension.
    """
    if isinstance(X, str):
        raise DataError("expected a sequence of texts, got a single text", fix="put it in a list")
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"expected a one-dimensional sequence of texts, got an array of shape {values.shape}",
            fix="give several columns as a DataFrame",
        )
    return pd.DataFrame({COLUMN: values}, dtype=object)


def _kind(cells: pd.Series) -> str | None:
    """What a table reads a column as, by its dtype; None for texts."""
    kinds = (
        ("boolean", pd.api.types.is_bool_dtype),
        ("numeric", pd.api.types.is_numeric_dtype),
        ("date", pd.api.types.is_datetime64_any_dtype),
        ("categorical", lambda dtype: isinstance(dtype, pd.CategoricalDtype)),
    )
    return next((kind for kind, holds in kinds if holds(cells.dtype)), None)


def _cells(cells: pd.Series) -> list[Any]:
    """The cells of one column as Python values, None where one is missing."""
    values = cells.astype(object)
    return values.where(~values.isna(), None).tolist()


def _texts(cells: pd.Series) -> list[str | None]:
    """The cells of one column, None where one is missing.

    Raises:
        DataError: one of them is no text.
    """
    values, missing = cells.to_numpy(dtype=object), pd.isna(cells).to_numpy()
    for number, (value, absent) in enumerate(zip(values, missing, strict=True), start=1):
        if not absent and not isinstance(value, str):
            raise DataError(
                f"expected a text, got {type(value).__name__}", where=f"row {number}, column '{cells.name}' of X"
            )
    return [None if absent else value for value, absent in zip(values, missing, strict=True)]
