"""Rolling-origin backtests: what would the forecasts have been worth at several moments of the past?

Reference: Tashman 2000, "Out-of-sample tests of forecasting accuracy: an analysis and review".
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from salience.core.errors import ConfigError, DataError
from salience.core.lazy import Lazy
from salience.data.long_table import LongTable
from salience.data.stamps import written
from salience.data.windows import Window, runs_between, windows
from salience.evaluation.forecast_baselines import forecast_baselines
from salience.evaluation.score import Score
from salience.evaluation.scores import answer_scores
from salience.pipeline import Pipeline
from salience.run.prepare_series import forecast_of, read_series, series_input, time_block
from salience.run.settings import Settings
from salience.tasks import Forecast
from salience.training import Side, fit

#: What the model itself is called in the tables.
MODEL = "model"


@dataclass(frozen=True, eq=False)
class Backtest:
    """Scores of a model and of the simple models it has to beat, in tidy tables.

    Both have the columns model, score, value, low, high, windows; `folds` has fold and origin before them. Intervals
    are 95 % of a bootstrap that draws whole blocks of time, one horizon long; a fold of a single block has none.
    """

    folds: pd.DataFrame
    """One line per fold, model and score."""
    together: pd.DataFrame
    """One line per model and score, over all windows of all folds, on the scale of the first fold."""

    def __str__(self) -> str:
        return str(self.together.pivot_table(index="model", columns="score", values="value", sort=False).round(4))


def backtest(
    source: Any,
    *,
    inputs: Mapping[str, Any],
    task: Mapping[str, Any],
    target: str | None = None,
    model: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
    folds: int = 5,
    span: int | None = None,
    sliding: int | None = None,
    refit: bool = True,
) -> Backtest:
    """Forecast again and again from the past, each time with what was known at that moment.

    The last `folds` stretches of `span` steps are the folds, the latest last. For each, a model learns from what lies
    before its origin (of which the last stretch chooses the best epoch) and forecasts all windows inside of it.

    Args:
        source: a long table, as in `salience.fit`; `inputs`, `task`, `target`, `model` and `train` likewise.
        folds: how many moments.
        span: steps of one fold, at least one horizon, which is the default.
        sliding: steps to learn from before each origin; by default all (an expanding window).
        refit: learn anew for each fold; otherwise the model of the first fold forecasts all of them.

    Raises:
        DataError: the table cannot be read as series, or is too short for so many folds.
        ConfigError: a setting does not fit.

    >>> backtest("sales.csv", inputs={"history": {"Series": {"time": "day", "look_back": 28}}},
    ...     task={"Forecast": {"horizon": 7}}, model={"network": "DLinear"}).together  # doctest: +SKIP
    """
    settings = Settings(target=target, inputs=dict(inputs), task=task, model=dict(model or {}), train=dict(train or {}))
    name = series_input(settings)
    if name is None:
        raise ConfigError("a backtest needs an input that is a Series", where="inputs", fix="see salience.fit")
    _, series, long = read_series(source, settings, name)
    wanted = forecast_of(settings)
    plan = _Plan(long, series.look_back, wanted.horizon, series.stride, folds, span or wanted.horizon, sliding)
    found: list[_Fold] = []
    pipeline: Pipeline | None = None
    for number in range(folds):
        if pipeline is None or refit:
            pipeline = _trained(plan, settings, name, wanted, number)
        found.append(_forecast(plan, pipeline, name, number))
    return _told(found)


@dataclass(frozen=True)
class _Plan:
    """Which windows are learned from, chosen by and forecast in each fold."""

    long: LongTable
    look_back: int
    horizon: int
    stride: int
    folds: int
    span: int
    sliding: int | None

    def __post_init__(self) -> None:
        if self.folds < 1 or self.span < self.horizon or (self.sliding is not None and self.sliding < 1):
            raise ConfigError(
                f"{self.folds} folds of {self.span} steps, with a horizon of {self.horizon}",
                where="the backtest",
                fix="give at least one fold, a span of at least one horizon, and sliding above 0",
            )

    def origin(self, fold: int) -> float:
        """The first time of a fold."""
        last = float(self.long.times.max()) + self.long.step
        return last - (self.folds - fold) * self.span * self.long.step

    def test(self, fold: int) -> Lazy[Window]:
        return self._windows(self.origin(fold), self.origin(fold + 1), reach_back=True)

    def validation(self, fold: int) -> Lazy[Window]:
        return self._windows(self.origin(fold - 1), self.origin(fold), reach_back=True)

    def train(self, fold: int) -> Lazy[Window]:
        stop = self.origin(fold - 1)
        start = -np.inf if self.sliding is None else stop - self.sliding * self.long.step
        return self._windows(start, stop, reach_back=False, stride=self.stride)

    def _windows(self, start: float, stop: float, *, reach_back: bool, stride: int = 1) -> Lazy[Window]:
        shape = {"look_back": self.look_back, "horizon": self.horizon}
        # Half a step earlier, so that no rounding moves a window to another side.
        half = self.long.step / 2
        runs = runs_between(self.long, start - half, stop - half, reach_back=reach_back, **shape)
        return windows(self.long, runs, stride=stride, **shape)


@dataclass(frozen=True)
class _Fold:
    """What a model and the simple ones answered in one fold, in the user's unit."""

    number: int
    origin: str
    task: Forecast
    windows: Lazy[Window]
    answers: dict[str, Float[np.ndarray, "N C"]]


def _trained(plan: _Plan, settings: Settings, name: str, wanted: Forecast, fold: int) -> Pipeline:
    train, held = plan.train(fold), plan.validation(fold)
    if not len(train) or not len(held):
        raise DataError(
            f"before fold {fold + 1} lie {len(train):,} windows to learn from and {len(held):,} to choose the best "
            "epoch by",
            where=f"{len(plan.long):,} rows, {plan.folds} folds of {plan.span} steps",
            fix="give fewer or shorter folds, a shorter look_back or a longer sliding",
        )
    task = {"Forecast": {**_options(settings), "targets": list(wanted.targets) or None}}
    options = settings.options
    pipeline = Pipeline(settings.modalities, task, model=settings.model)
    pipeline.learn(_rows(name, train), train, seed=options.seed)
    sides = [Side(pipeline.encode(_rows(name, each)), each) for each in (train, held)]
    with tempfile.TemporaryDirectory(prefix="salience-") as folder:
        (Path(folder) / "checkpoints").mkdir()
        fit(pipeline, *sides, options=options, folder=Path(folder))
    return pipeline


def _options(settings: Settings) -> dict[str, Any]:
    assert isinstance(settings.task, Mapping)
    return dict(next(iter(settings.task.values())))


def _forecast(plan: _Plan, pipeline: Pipeline, name: str, fold: int) -> _Fold:
    test, task = plan.test(fold), pipeline.task
    assert isinstance(task, Forecast)
    if not len(test):
        raise DataError(f"no window lies in fold {fold + 1}", fix="give longer folds or a shorter look_back")
    own = task.probabilities(pipeline.raw(pipeline.encode(_rows(name, test))).double()).numpy()
    origin = written(plan.origin(fold), dates=plan.long.dates)
    return _Fold(fold + 1, origin, task, test, {MODEL: own, **forecast_baselines(plan.train(fold), test, task)})


def _rows(name: str, cells: Lazy[Window]) -> Lazy[dict[str, Window]]:
    return cells.map(lambda window: {name: window})


def _told(found: list[_Fold]) -> Backtest:
    lines = [
        {"fold": fold.number, "origin": fold.origin, **line}
        for fold in found
        for line in _lines(fold.task, fold.answers, list(fold.windows))
    ]
    models = found[0].answers
    answers = {each: np.concatenate([fold.answers[each] for fold in found]) for each in models}
    every = [window for fold in found for window in fold.windows]
    return Backtest(pd.DataFrame(lines), pd.DataFrame(_lines(found[0].task, answers, every)))


def _lines(
    task: Forecast, answers: Mapping[str, Float[np.ndarray, "N C"]], every: list[Window]
) -> list[dict[str, Any]]:
    target, blocks = task.encode(every), [time_block(window) for window in every]
    return [
        _line(model, name, score, len(every))
        for model, each in answers.items()
        for name, score in answer_scores(task, each, target, groups=blocks).items()
    ]


def _line(model: str, name: str, score: Score, count: int) -> dict[str, Any]:
    return {
        "model": model,
        "score": name,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "windows": count,
    }
