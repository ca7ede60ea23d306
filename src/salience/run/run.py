"""A finished run: its pipeline, its folder, and everything one wants from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salience.core.errors import ConfigError
from salience.evaluation import Score, Trust
from salience.pipeline import Pipeline
from salience.run.explain import explain
from salience.run.folder import RunFolder
from salience.run.graph_asked import asked, is_cells, reads_graph
from salience.run.result import Result
from salience.run.settings import Settings, saved_settings
from salience.tasks import Answer

if TYPE_CHECKING:
    import pandas as pd


class Run:
    """What `salience.fit` and `salience.load` return.

    Args:
        folder: a complete run folder.
        pipeline: its pipeline, if it is at hand; by default it is loaded when it is first needed.
        allow_foreign: import classes of third parties that the saved pipeline names.
    """

    def __init__(self, folder: RunFolder, pipeline: Pipeline | None = None, *, allow_foreign: bool = False) -> None:
        self._folder = folder
        self._pipeline = pipeline
        self._allow_foreign = allow_foreign

    @property
    def folder(self) -> Path:
        """Where everything about the run lies."""
        return self._folder.path

    @property
    def pipeline(self) -> Pipeline:
        """The trained pipeline."""
        if self._pipeline is None:
            self._pipeline = Pipeline.load(self._folder.model, allow_foreign=self._allow_foreign)
        return self._pipeline

    @property
    def metrics(self) -> dict[str, Any]:
        """The scores of the run, with intervals and baselines."""
        return self._folder.read_json("metrics.json")

    def predict(self, rows: Iterable[Any]) -> Result:
        """Answers to rows, with the importance of every unit by the model's attention.

        >>> run.predict(["a fine film"]).prediction  # doctest: +SKIP
        ['positive']
        """
        return self.explain(rows)

    def stream(self, rows: Iterable[Any]) -> Iterator[Answer]:
        """Answers alone, one by one, in memory that does not depend on how many rows there are."""
        return self.pipeline.stream(self._asked(rows)[0])

    def explain(self, rows: Iterable[Any], *, method: str = "received", horizon: int | None = None) -> Result:
        """Answers with importances by another method: rollout, integrated_gradients, leave_one_out, ...

        Args:
            horizon: the step of a forecast that is explained, counted from 1; by default all of them together.
        """
        rows, ids = self._asked(rows)
        return explain(self.pipeline, rows, method=method, ids=ids, horizon=horizon)

    def _asked(self, rows: Any) -> tuple[Any, list[str] | None]:
        """Rows as the pipeline reads them. Tables that ask about graphs become cells, with their ids."""
        if not reads_graph(self.pipeline) or is_cells(rows):
            return rows, None
        found = asked(rows, saved_settings(self.folder), self.pipeline)
        return found.rows, found.ids

    def evaluate(self, source: Any) -> dict[str, Score]:
        """Scores, with intervals, on other labelled rows: a file, a frame or mappings."""
        from salience.run.evaluate import evaluate

        return evaluate(self._folder, self.pipeline, source, count=0).scores

    def trust(
        self, source: Any = None, *, count: int = 256, seed: int | None = None, group: str | None = None
    ) -> Trust:
        """Is the attention true? Eight tests, on the test rows of the run or on other labelled rows.

        >>> run.trust().sentence  # doctest: +SKIP
        'The order can be trusted, the percentages cannot.'
        """
        from salience.run.trust import trust

        return trust(self._folder, self.pipeline, source, count=count, seed=seed, group=group)

    def anomalies(self, source: Any = None, *, above: float = 3.5) -> pd.DataFrame:
        """How unusual each value of a long table is, by the residuals of forecasts one step ahead.

        One line per value: series, time, variable, expected, seen, score, flagged. What is usual was learned from the
        validation rows of the run; later rows are judged, by default those of its own data.

        Args:
            above: the score from which a value is flagged, in usual deviations.
        """
        from salience.run.anomalies import anomalies

        return anomalies(self._folder, self.pipeline, source, above=above)

    def report(self, path: str | Path) -> Path:
        """Write the page of the run to another place."""
        from salience.reports import page
        from salience.run.publish import read_content

        return page.write(read_content(self._folder), path)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"


def fit(
    source: Any,
    *,
    target: str | None = None,
    inputs: Sequence[str] | Mapping[str, Any] | None = None,
    task: str | Mapping[str, Any] | None = None,
    rationale: str | Mapping[str, Any] | None = None,
    split: str | Mapping[str, Any] | None = None,
    model: Mapping[str, Any] | None = None,
    train: Mapping[str, Any] | None = None,
    start: str | Path | None = None,
    explain: int = 256,
    seeds: int = 1,
    name: str | None = None,
    out: str | Path = "runs",
) -> Run:
    """Train a model on a table, measure it, and write a run folder with a report.

    Args:
        source: a CSV, TSV, JSONL or Parquet file, a data frame, or a sequence of mappings.
        target: the column to predict; a forecast may name its targets in the task instead, or forecast all.
        inputs: the columns to read, by default all but ids and such; or a modality with options for each.
        task: Classification, MultiLabel or Regression, by default inferred from the target; Ranking with the column of
            its lists, `{"Ranking": {"list": "query"}}`; or Forecast.
        rationale: the column in which people marked the reasons for the target; it teaches attention.
        split: ByHash, Stratified, ByColumn, ByTime or ByGroup; by default inferred.
        model: width, encoder, pool, dropout.
        train: epochs, learning_rate, seed, ...; see `salience.training.TrainOptions`.
        start: a finished run that training starts from, with its inputs, task, model and weights.
        explain: rows on which faithfulness is measured.
        seeds: how many models to train, alike but for their seeds; several answer together, and importance gets an
            interval over them.
        name: of the run.
        out: the folder in which the run folder is made.

    Raises:
        DataError: the table or one of its cells cannot be used.
        ConfigError: a setting is unknown or does not fit the table.
    """
    from salience.run.produce import run

    settings = Settings(
        data=str(source) if isinstance(source, str | Path) else None,
        target=target,
        inputs=dict(inputs) if isinstance(inputs, Mapping) else tuple(inputs) if inputs is not None else None,
        task=task,
        rationale=rationale,
        split=split,
        model=dict(model or {}),
        train=dict(train or {}),
        start=None if start is None else str(start),
        explain=explain,
        seeds=seeds,
        name=name,
    )
    return Run(*run(source, settings, out=out))


def load(folder: str | Path, *, allow_foreign: bool = False) -> Run:
    """A run that was made before. Classes of third parties are imported only with `allow_foreign`.

    Raises:
        ModelFolderError: the folder is no run, is not complete, or was altered.
        ConfigError: there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ConfigError("there is no such folder", where=str(folder), fix="give a folder that `salience fit` made")
    return Run(RunFolder.open(folder), allow_foreign=allow_foreign)
