"""Scikit-learn estimators: the same models in `Pipeline`, `GridSearchCV` and `cross_val_score`.

X is a sequence of texts, or a frame whose columns are all texts.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_is_fitted

from salience.core.config import make
from salience.core.errors import DataError
from salience.pipeline import Pipeline
from salience.run.result import Result

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
        random_state: int = 0,
    ) -> None:
        self.text = text
        self.model = model
        self.train = train
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on texts X and targets y.

        Raises:
            DataError: X and y differ in length, or X is not text.
        """
        from salience.training import Side, TrainOptions, fit

        rows = self._rows(X, learning=True)
        targets = self._targets(y)
        if len(rows) != len(targets):
            raise DataError(f"expected as many targets as rows, got {len(rows)} rows and {len(targets)} targets")
        inside, held = self._split(targets)
        options = make(TrainOptions, {"seed": self.random_state, **(self.train or {})}, where="train")
        pipeline = Pipeline(dict.fromkeys(self.columns_, self.text), self._task, model=self.model)
        pipeline.learn([rows[i] for i in inside], [targets[i] for i in inside], seed=self.random_state)
        sides = [
            Side(pipeline.encode([rows[i] for i in index]), [targets[i] for i in index]) for index in (inside, held)
        ]
        with tempfile.TemporaryDirectory(prefix="salience-") as folder:
            self.history_ = fit(pipeline, *sides, options=options, folder=Path(folder)).history
        self.pipeline_ = pipeline
        return self

    def explain(self, X: Any, *, method: str = "received") -> Result:  # noqa: N803
        """Predictions with the importance of every word; see `salience.run.result.Result`."""
        from salience.run.explain import explain

        check_is_fitted(self, "pipeline_")
        return explain(self.pipeline_, self._rows(X), method=method)

    def _split(self, targets: list[Any]) -> tuple[list[int], list[int]]:
        everything = np.arange(len(targets))
        inside, held = train_test_split(
            everything,
            test_size=self.validation_fraction,
            random_state=self.random_state,
            stratify=self._strata(targets),
        )
        return inside.tolist(), held.tolist()

    @abstractmethod
    def _strata(self, targets: list[Any]) -> list[Any] | None:
        """What the held-out part must hold equal shares of, if anything."""

    @abstractmethod
    def _targets(self, y: Any) -> list[Any]:
        """The targets as the task knows them."""

    def _rows(self, X: Any, *, learning: bool = False) -> list[dict[str, Any]]:  # noqa: N803
        """One mapping per row; the columns are learned in `fit` and must come back in `predict`."""
        frame = X if isinstance(X, pd.DataFrame) else _frame(X)
        if learning:
            self.columns_ = [str(name) for name in frame.columns]
        missing = [name for name in self.columns_ if name not in map(str, frame.columns)]
        if missing:
            raise DataError(f"X lacks the columns {', '.join(missing)} that the model was trained on")
        cells = frame.rename(columns=str)[self.columns_]
        return [dict(zip(self.columns_, row, strict=True)) for row in cells.itertuples(index=False, name=None)]

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

    >>> classifier = SalienceClassifier(model={"width": 8}, train={"epochs": 1})
    >>> texts = ["good film", "fine film", "bad film", "poor film"] * 5
    >>> classifier.fit(texts, ["+", "+", "-", "-"] * 5).predict(["a good film"]).shape
    (1,)
    """

    _task = "Classification"

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on texts X and class labels y."""
        self.classes_ = np.unique(np.asarray(y))
        return super().fit(X, y)

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
        return self.classes_[self.predict_proba(X).argmax(1)]

    def _targets(self, y: Any) -> list[str]:
        return [str(each) for each in np.asarray(y)]

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
        return [float(each) for each in np.asarray(y)]

    def _strata(self, targets: list[Any]) -> None:  # noqa: ARG002
        return None


def _frame(X: Any) -> pd.DataFrame:  # noqa: N803
    """A sequence of texts as a frame with one column.

    Raises:
        DataError: X is one text, has more than one dimension, or holds anything but texts.
    """
    if isinstance(X, str):
        raise DataError("expected a sequence of texts, got a single text", fix="put it in a list")
    values = np.asarray(X, dtype=object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"expected a one-dimensional sequence of texts, got an array of shape {values.shape}")
    for row, value in enumerate(values, start=1):
        if value is not None and not isinstance(value, str):
            raise DataError(f"expected a text, got {type(value).__name__}", where=f"row {row} of X")
    return pd.DataFrame({COLUMN: values})
