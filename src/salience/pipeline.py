"""Modalities, task and model as one thing that learns from rows, answers, is saved and comes back.

Legend: N rows, C outputs, S positions, U units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from salience import model_folder, tasks
from salience.core.batch import Batch, Example
from salience.core.build import build, check_options, foreign_classes, named
from salience.core.errors import ConfigError, DataError, NotAvailable, SalienceError, did_you_mean
from salience.core.lazy import Lazy
from salience.data import modalities
from salience.data.fault import check_names, where
from salience.data.modalities import Series
from salience.data.modality import Blanking, Modality, Uniting, columns_of
from salience.models import Ensemble, Model, Output, assemble, encoders
from salience.models.assemble import of_each, with_edge_features
from salience.models.encoders import Pretrained
from salience.models.networks.assemble_network import assemble_network, elements_of
from salience.models.networks.network import Network
from salience.models.outside import Outside
from salience.tasks import Answer, Averaging, Forecast, Ranking, Task, ranked

Choice = str | Mapping[str, Any]
Row = Mapping[str, object]
BATCH = 64
# Rows held at once while a stream is answered; sorting them by length keeps padding small.
WINDOW = 1024
# Nodes of one graph that are answered at once.
UNITED = 4096


class Pipeline:
    """A model with everything it needs to go from raw rows to answers, and from positions back to the user's units.

    Args:
        inputs: for each input the modality that reads it, by name, with or without options: `{"review": "Text"}` or
            `{"review": {"Text": {"tokens": "Jieba"}}}`. It reads the column of its own name, or those that the modality
            names itself.
        task: what is asked, likewise: `"Classification"` or `{"Classification": {"balanced": True}}`.
        model: options of `salience.models.assemble`: `width`, `encoder`, `attention`, `pool`, `dropout`; or for a
            forecast one whole network: `{"network": "PatchTST"}`.

    Raises:
        ConfigError: there is no input, or a name or an option is unknown or of a wrong type.

    >>> pipeline = Pipeline({"text": "Text"}, "Classification", model={"width": 8, "encoder": "Identity"})
    >>> rows = [{"text": "good good"}, {"text": "bad bad"}]
    >>> pipeline.learn(rows, ["yes", "no"], seed=0).predict(["good"])[0].prediction in ("yes", "no")
    True
    """

    model: Model | Network | Ensemble | Outside
    #: One pipeline per member where the model is an ensemble, with the same modalities; none where it is a single one.
    members: tuple[Pipeline, ...] = ()

    def __init__(self, inputs: Mapping[str, Choice], task: Choice, *, model: Mapping[str, Any] | None = None) -> None:
        if not inputs:
            raise ConfigError("a pipeline reads at least one input column, and none was named", fix="name one")
        network = model.get("network") if isinstance(model, Mapping) else None
        check_options(assemble_network if network else assemble, model or {}, skip=1 if network else 3, name="model")
        self.config: dict[str, Any] = {"inputs": dict(inputs), "task": task, "model": dict(model or {})}
        self.modalities: dict[str, Modality] = {name: build(each, modalities) for name, each in inputs.items()}
        self.task: Task = build(task, tasks)
        if network:
            self._series().read_as(elements_of(network))

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, in the order the model reads them; each reads one column, or several."""
        return list(self.modalities)

    @property
    def columns(self) -> list[str]:
        """The columns of a row that the inputs read."""
        named = (columns_of(name, modality) for name, modality in self.modalities.items())
        return list(dict.fromkeys(column for each in named for column in each))

    @property
    def device(self) -> torch.device:
        """Where the model lives."""
        return next(self.model.parameters()).device

    def learn(self, rows: Iterable[Row], targets: Sequence[Any], *, seed: int = 0, seeds: int = 1) -> Self:
        """Learn vocabulary and labels from training rows and make the untrained model.

        Args:
            seed: of the weights.
            seeds: with more than one, an ensemble of so many models, with the weights of `seed`, `seed + 1`, ...

        Raises:
            ConfigError: `seeds` is not positive.
            NotAvailable: the task cannot average the answers of several models.
        """
        if seeds < 1:
            raise ConfigError(f"a model is trained with at least one seed, got {seeds}", where="seeds")
        rows = self.as_rows(rows)
        for name, modality in self.modalities.items():
            cells = (
                rows.map(partial(self._cell, name))
                if isinstance(rows, Lazy)
                else [self._cell(name, row) for row in rows]
            )
            modality.fit(cells)
        self.task.fit(targets)
        self._assemble(seed, seeds)
        return self

    def _assemble(self, seed: int, count: int) -> None:
        if count == 1:
            self.model, self.members = self._assembled(seed), ()
            return
        if not hasattr(self.task, "average"):
            name = type(self.task).__name__
            raise NotAvailable(f"{name} cannot average the answers of several models", fix="train with one seed")
        self.members = tuple(self._member(each) for each in range(seed, seed + count))
        models = [cast(Model | Network, each.model) for each in self.members]
        self.model = Ensemble(models, cast(Averaging, self.task).average)

    def _series(self) -> Series:
        """The only input of a whole network.

        Raises:
            ConfigError: the inputs are others, or the task is no forecast.
        """
        only = next(iter(self.modalities.values()))
        if len(self.modalities) > 1 or not isinstance(only, Series) or not isinstance(self.task, Forecast):
            raise ConfigError(
                "a whole network reads one series and forecasts it",
                where="model.network",
                fix="name one input that is a Series and the task Forecast, or choose an encoder and a pool",
            )
        return only

    def _assembled(self, seed: int) -> Model | Network:
        stems = {name: modality.stem for name, modality in self.modalities.items()}
        gives = {name: modality.gives for name, modality in self.modalities.items()}
        with torch.random.fork_rng(devices=[]), _sized():
            torch.manual_seed(seed)
            if "network" in self.config["model"]:
                shape = cast(Forecast, self.task).window_shape(self._series(), self.inputs[0])
                return assemble_network(shape, **self.config["model"])
            edges = {name: getattr(modality, "edge_numbers", 0) for name, modality in self.modalities.items()}
            encoder = with_edge_features(self.config["model"].get("encoder"), edges)
            return assemble(stems, self.task.head, gives, **{**self.config["model"], "encoder": encoder})

    def _member(self, seed: int) -> Pipeline:
        """A pipeline with a model of its own, which shares what was learned from the rows."""
        member = copy(self)
        # Each member is calibrated by itself as well.
        member.task, member.members = deepcopy(self.task), ()
        member.model = self._assembled(seed)
        return member

    def as_rows(self, rows: Iterable[Any]) -> Sequence[Row]:
        """Rows as mappings from column to cell; bare cells are taken for the only input column. Lazy rows stay lazy.

        Raises:
            DataError: a row lacks an input column, or a table has two columns of one name.
            NotAvailable: a single row was given.
        """
        if isinstance(rows, Lazy):
            return rows.map(partial(self._row, name="of a lazy sequence"))
        return [self._row(row, number) for number, row in enumerate(_records(rows), start=1)]

    def _row(self, row: Any, name: object) -> Row:
        if not isinstance(row, Mapping):
            if len(self.columns) > 1:
                raise DataError(
                    f"expected a mapping with the columns {', '.join(self.columns)}, got {type(row).__name__}",
                    where=f"row {name}",
                )
            return {self.columns[0]: row}
        for column in self.columns:
            if column not in row:
                known = did_you_mean(column, [str(each) for each in row])
                raise DataError(f"the column '{column}' is missing", where=f"row {name}", fix=known)
        return row

    def _cell(self, name: str, row: Row) -> Any:
        """What the input of this name reads of a row: one cell, or a mapping of several."""
        columns = getattr(self.modalities[name], "reads", None)
        return row[name] if columns is None else {column: row[column] for column in columns}

    def encode(self, rows: Iterable[Any]) -> Sequence[dict[str, Example]]:
        """Each row as one example per input; see `encode_row`. Lazy rows are encoded when they are asked for."""
        if isinstance(rows, Lazy):
            return rows.map(partial(self.encode_row, name="of a lazy sequence"))
        return [self.encode_row(row, name=number) for number, row in enumerate(_records(rows), start=1)]

    def encode_row(self, row: Any, *, name: object) -> dict[str, Example]:
        """One row as one example per input.

        Args:
            row: a mapping from column to cell, or a bare cell for the only input column.
            name: the name or number of the row, for errors.

        Raises:
            DataError: an input column is missing, or its cell cannot be read.
        """
        cells = self._row(row, name)
        examples = {}
        for each, modality in self.modalities.items():
            try:
                examples[each] = modality.encode(self._cell(each, cells))
            except DataError as error:
                column = error.where if hasattr(modality, "reads") else each
                place = where("the input", row=name, column=column or each)
                raise DataError(error.problem, where=place, fix=error.fix) from error
        return examples

    def collate(self, examples: Sequence[Mapping[str, Example]], target: Tensor | None = None) -> Batch:
        """Some encoded rows as one padded batch, on the model's device."""
        streams = {
            name: modality.collate([each[name] for each in examples]) for name, modality in self.modalities.items()
        }
        return Batch(streams, target, examples).to(self.device)

    def batches(
        self, examples: Sequence[Mapping[str, Example]], size: int = BATCH
    ) -> Iterator[tuple[list[int], Batch]]:
        """Batches of rows of similar length, each with the places its rows have in `examples`.

        Lazy rows come in their own order, because asking for their lengths would encode them all.
        """
        order: Sequence[int] = range(len(examples))
        if not isinstance(examples, Lazy):
            order = sorted(order, key=lambda i: -max(map(len, examples[i].values())))
        for start in range(0, len(order), size):
            index = list(order[start : start + size])
            yield index, self.collate([examples[i] for i in index])

    def outputs(
        self, examples: Sequence[Mapping[str, Example]], size: int = BATCH
    ) -> Iterator[tuple[list[int], Batch, Output]]:
        """What the model gives for each batch: raw numbers and attention records. Evaluation mode, no gradient."""
        with evaluating(self.model), torch.inference_mode():
            for index, batch in self.batches(examples, size):
                yield index, batch, self.model(batch)

    def raw(self, examples: Sequence[Mapping[str, Example]], size: int = BATCH) -> Tensor:
        """The model's raw numbers [N, C], in the order of `examples`, on the CPU."""
        united = self._raw_united(examples)
        if united is not None:
            return united
        parts = [(index, output.raw.cpu()) for index, _, output in self.outputs(examples, size)]
        if not parts:
            return torch.empty(0, 0)
        order = torch.tensor([i for index, _ in parts for i in index])
        return torch.cat([raw for _, raw in parts])[order.argsort()]

    def _raw_united(self, examples: Sequence[Mapping[str, Example]]) -> Tensor | None:
        """The same where all rows lie in one graph, each part of which is computed once; None where they do not."""
        if not len(examples) or not all(hasattr(each, "unite") for each in self.modalities.values()):
            return None
        parts = []
        for start in range(0, len(examples), UNITED):
            batch = self.united(examples[start : start + UNITED])
            if batch is None:
                return None
            with evaluating(self.model), torch.inference_mode():
                parts.append(self.model(batch).raw.cpu())
        return torch.cat(parts)

    def united(self, examples: Sequence[Mapping[str, Example]]) -> Batch | None:
        """Rows as one batch in which what they have in common stands once; None where they have nothing in common.

        The model answers all of them, in their order, though the batch holds a single example.
        """
        streams = {
            name: cast(Uniting, modality).unite([row[name] for row in examples])
            for name, modality in self.modalities.items()
        }
        found = {name: stream for name, stream in streams.items() if stream is not None}
        return Batch(found, None, examples).to(self.device) if len(found) == len(streams) else None

    def predict(self, rows: Iterable[Any]) -> list[Answer]:
        """The answer to each row: `pipeline.predict(["a fine film"])`; of a ranking with ranks, see `ranked`."""
        if not isinstance(self.task, Ranking):
            return list(self.stream(rows))
        found = self.as_rows(rows)
        return self.ranked(self.answers(self.encode(found)), found)

    def ranked(self, answers: list[Answer], rows: Sequence[Row]) -> list[Answer]:
        """Answers with their ranks among the rows of the same list, or among all where rows name no list.

        Answers of other tasks than a ranking come back as they are.
        """
        if not isinstance(self.task, Ranking):
            return answers
        column = self.task.list
        return ranked(answers, [str(row.get(column)) for row in rows])

    def stream(self, rows: Iterable[Any]) -> Iterator[Answer]:
        """Answers one by one while rows come in, without ranks; memory does not depend on how many there are."""
        incoming = enumerate(_records(rows), start=1)
        while window := [self.encode_row(row, name=number) for number, row in islice(incoming, WINDOW)]:
            yield from self.answers(window)

    def answers(self, examples: Sequence[Mapping[str, Example]]) -> list[Answer]:
        """The answers to encoded rows."""
        return self.task.decode(self.raw(examples)) if examples else []

    def merge(self, example: Example, weights: np.ndarray) -> np.ndarray:
        """Weights of positions [S] summed into weights of units [U]; special positions belong to no unit."""
        owned = example.owner >= 0
        return np.bincount(example.owner[owned], weights[: len(example)][owned], minlength=len(example.places))

    def save(self, folder: str | Path) -> Path:
        """Write a folder of JSON and safetensors with hashes, complete or not at all.

        Raises:
            NotAvailable: the model was trained elsewhere.
        """
        models = self._models()
        if models is None:
            raise NotAvailable(
                "this model was trained elsewhere, and is kept where it came from",
                where=type(self.model).__name__,
                fix="save it with the library it belongs to",
            )
        states = {name: modality.state() for name, modality in self.modalities.items()}
        model = {**self.config["model"], **self._encoder(models[0])}
        description = {**self.config, "model": model, "states": {"inputs": states, "task": self.task.state()}}
        if self.members:
            description["members"] = [{"task": each.task.state()} for each in self.members]
        return model_folder.write(Path(folder), description, self.model.state_dict())

    def _models(self) -> list[Model | Network] | None:
        """The models of ours that answer, or None where it is one of others."""
        models = [each.model for each in self.members] or [self.model]
        ours = [each for each in models if isinstance(each, Model | Network)]
        return ours if len(ours) == len(models) else None

    def _encoder(self, model: Model | Network) -> dict[str, Any]:
        """The encoder with the options it needs to be made again without the files it came from, if it has such."""
        if isinstance(model, Network):
            return {}
        own = {
            name: each.options()
            for name, each in zip(self.inputs, model.encoders, strict=True)
            if isinstance(each, Pretrained)
        }
        if not own:
            return {}
        chosen = of_each(self.config["model"]["encoder"], self.inputs, encoders)
        for column, options in own.items():
            name, given = named(chosen[column] or "")
            chosen[column] = {name: {**given, **options}}
        return {"encoder": chosen if len(chosen) > 1 else chosen[self.inputs[0]]}

    @classmethod
    def load(cls, folder: str | Path, *, allow_foreign: bool = False) -> Self:
        """Read a folder that `save` wrote. Classes of third parties are imported only with `allow_foreign`.

        Raises:
            ModelFolderError: the folder is incomplete, altered, or not a saved pipeline.
        """
        description, weights = model_folder.read(Path(folder))
        with model_folder.explained(Path(folder)), foreign_classes(allowed=allow_foreign):
            pipeline = cls(description["inputs"], description["task"], model=description["model"])
            states = description["states"]
            for name, modality in pipeline.modalities.items():
                modality.restore(states["inputs"][name])
            pipeline.task.restore(states["task"])
            members = model_folder.members(description, weights)
            pipeline._assemble(seed=0, count=len(members) or 1)
            for member, saved in zip(pipeline.members, members, strict=True):
                member.task.restore(saved["task"])
            model_folder.fill(pipeline.model, weights)
        pipeline.model.eval()
        return pipeline

    def without(self, row: Mapping[str, Example], removed: Mapping[str, Iterable[int]]) -> dict[str, Example]:
        """A row without some of its units: for each input, the units to leave out."""
        return {
            name: self.modalities[name].without(example, set(removed[name])) if name in removed else example
            for name, example in row.items()
        }

    def blank(self, row: Mapping[str, Example], hidden: Mapping[str, Iterable[int]]) -> dict[str, Example]:
        """A row with some of its units blanked where they stand: for each input, the units to blank.

        Raises:
            NotAvailable: a kind of data cannot blank.
        """
        return {
            name: self._blanking(name).blank(example, set(hidden[name])) if name in hidden else example
            for name, example in row.items()
        }

    def _blanking(self, name: str) -> Blanking:
        modality = self.modalities[name]
        if not hasattr(modality, "blank"):
            raise NotAvailable(
                f"{type(modality).__name__} can leave units out but not blank them where they stand",
                where=f"the input '{name}'",
                fix="give it a method `blank`",
            )
        return cast(Blanking, modality)

    def untrained(self, *, seed: int) -> Pipeline:
        """The same pipeline with a new model of the same kind, with random weights.

        Raises:
            NotAvailable: the model, or its encoder, was trained elsewhere.
        """
        models = self._models()
        if models is None or any(isinstance(each, Pretrained) for model in models for each in model.modules()):
            raise NotAvailable("this model was trained elsewhere, and cannot be made again without its training")
        made = copy(self)
        made._assemble(seed, len(models))
        made.model.to(self.device).eval()
        return made


@contextmanager
def _sized() -> Iterator[None]:
    """Tell sizes that no model can have as errors of the settings; torch knows best which ones these are."""
    try:
        yield
    except (ArithmeticError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, SalienceError):
            raise
        problem = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ConfigError(
            f"no model can be made with these options: {problem}", where="model", fix="correct its sizes and shares"
        ) from error


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode inside the block; the mode it had before afterwards."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _records(rows: Iterable[Any]) -> Iterator[Any]:
    """Rows of a table or of any iterable, one at a time."""
    if isinstance(rows, pd.DataFrame):
        check_names(list(rows.columns), "the columns of the table")
        return iter(rows.to_dict("records"))
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise NotAvailable(
            f"expected several rows, got a single {type(rows).__name__}", fix="put it in a list: predict([row])"
        )
    return iter(rows)
