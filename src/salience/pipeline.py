"""Modalities, task and model as one thing that learns from rows, answers, is saved and comes back.

Legend: N rows, C outputs, S positions, U units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from salience import model_folder, tasks
from salience.core.batch import Batch, Example
from salience.core.build import build, named
from salience.core.errors import DataError, NotAvailable, did_you_mean
from salience.core.place import Heat
from salience.data import modalities
from salience.data.modality import Modality
from salience.models import Model, Output, assemble
from salience.models.encoders import Pretrained
from salience.tasks import Answer, Task

Choice = str | Mapping[str, Any]
Row = Mapping[str, object]
BATCH = 64
# Rows held at once while a stream is answered; sorting them by length keeps padding small.
WINDOW = 1024


class Pipeline:
    """A model with everything it needs to go from raw rows to answers, and from positions back to the user's units.

    Args:
        inputs: for each input column the modality that reads it, by name, with or without options:
            `{"review": "Text"}` or `{"review": {"Text": {"tokens": "Jieba"}}}`.
        task: what is asked, likewise: `"Classification"` or `{"Classification": {"balanced": True}}`.
        model: options of `salience.models.assemble`: `width`, `encoder`, `pool`, `dropout`.

    >>> pipeline = Pipeline({"text": "Text"}, "Classification", model={"width": 8, "encoder": "Identity"})
    >>> rows = [{"text": "good good"}, {"text": "bad bad"}]
    >>> pipeline.learn(rows, ["yes", "no"], seed=0).predict(["good"])[0].prediction in ("yes", "no")
    True
    """

    model: Model

    def __init__(self, inputs: Mapping[str, Choice], task: Choice, *, model: Mapping[str, Any] | None = None) -> None:
        self.config: dict[str, Any] = {"inputs": dict(inputs), "task": task, "model": dict(model or {})}
        self.modalities: dict[str, Modality] = {name: build(each, modalities) for name, each in inputs.items()}
        self.task: Task = build(task, tasks)

    @property
    def columns(self) -> list[str]:
        """The input columns, in the order the model reads them."""
        return list(self.modalities)

    @property
    def device(self) -> torch.device:
        """Where the model lives."""
        return next(self.model.parameters()).device

    def learn(self, rows: Iterable[Row], targets: Sequence[Any], *, seed: int = 0) -> Self:
        """Learn vocabulary and labels from training rows and make the untrained model."""
        rows = self.as_rows(rows)
        for name, modality in self.modalities.items():
            modality.fit([row[name] for row in rows])
        self.task.fit(targets)
        self._assemble(seed)
        return self

    def _assemble(self, seed: int) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            stems = {name: modality.stem for name, modality in self.modalities.items()}
            self.model = assemble(stems, self.task.head, **self.config["model"])

    def as_rows(self, rows: Iterable[Any]) -> list[Row]:
        """Rows as mappings from column to cell; bare cells are taken for the only input column.

        Raises:
            DataError: a row lacks an input column.
        """
        return [self._row(row, number) for number, row in enumerate(_records(rows), start=1)]

    def _row(self, row: Any, number: int) -> Row:
        if not isinstance(row, Mapping):
            if len(self.modalities) > 1:
                raise DataError(
                    f"expected a mapping with the columns {', '.join(self.columns)}, got {type(row).__name__}",
                    where=f"row {number}",
                )
            return {self.columns[0]: row}
        for name in self.modalities:
            if name not in row:
                known = did_you_mean(name, [str(each) for each in row])
                raise DataError(f"the column '{name}' is missing", where=f"row {number}", fix=known)
        return row

    def encode(self, rows: Iterable[Any]) -> list[dict[str, Example]]:
        """Each row as one example per input column."""
        return [
            {name: modality.encode(row[name]) for name, modality in self.modalities.items()}
            for row in self.as_rows(rows)
        ]

    def collate(self, examples: Sequence[Mapping[str, Example]], target: Tensor | None = None) -> Batch:
        """Some encoded rows as one padded batch, on the model's device."""
        streams = {
            name: modality.collate([each[name] for each in examples]) for name, modality in self.modalities.items()
        }
        return Batch(streams, target, examples).to(self.device)

    def batches(
        self, examples: Sequence[Mapping[str, Example]], size: int = BATCH
    ) -> Iterator[tuple[list[int], Batch]]:
        """Batches of rows of similar length, each with the places its rows have in `examples`."""
        order = sorted(range(len(examples)), key=lambda i: -max(map(len, examples[i].values())))
        for start in range(0, len(order), size):
            index = order[start : start + size]
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
        parts = [(index, output.raw.cpu()) for index, _, output in self.outputs(examples, size)]
        if not parts:
            return torch.empty(0, 0)
        order = torch.tensor([i for index, _ in parts for i in index])
        return torch.cat([raw for _, raw in parts])[order.argsort()]

    def predict(self, rows: Iterable[Any]) -> list[Answer]:
        """The answer to each row: `pipeline.predict(["a fine film"])`."""
        return list(self.stream(rows))

    def stream(self, rows: Iterable[Any]) -> Iterator[Answer]:
        """Answers one by one while rows come in; memory does not depend on how many there are."""
        incoming = _records(rows)
        seen = 0
        while window := list(islice(incoming, WINDOW)):
            rows_now = [self._row(row, seen + i) for i, row in enumerate(window, start=1)]
            seen += len(window)
            yield from self.task.decode(self.raw(self.encode(rows_now)))

    def merge(self, example: Example, weights: np.ndarray) -> np.ndarray:
        """Weights of positions [S] summed into weights of units [U]; special positions belong to no unit."""
        owned = example.owner >= 0
        return np.bincount(example.owner[owned], weights[: len(example)][owned], minlength=len(example.places))

    def heats_of(self, row: Mapping[str, Example], weights: Mapping[str, np.ndarray]) -> list[Heat]:
        """The units of a row, each with the sum of the weights of its positions."""
        heats = []
        for name, example in row.items():
            units = self.modalities[name].units(example, name)
            scores = self.merge(example, weights[name])
            heats += [Heat(unit, float(score)) for unit, score in zip(units, scores, strict=True)]
        return heats

    def save(self, folder: str | Path) -> Path:
        """Write a folder of JSON and safetensors with hashes, complete or not at all."""
        states = {name: modality.state() for name, modality in self.modalities.items()}
        model = {**self.config["model"], **self._encoder()}
        description = {**self.config, "model": model, "states": {"inputs": states, "task": self.task.state()}}
        return model_folder.write(Path(folder), description, self.model.state_dict())

    def _encoder(self) -> dict[str, Any]:
        """The encoder with the options it needs to be made again without the files it came from, if it has such."""
        own = [each.options() for each in self.model.encoders if isinstance(each, Pretrained)]
        if not own:
            return {}
        name, options = named(self.config["model"]["encoder"])
        return {"encoder": {name: {**options, **own[0]}}}

    @classmethod
    def load(cls, folder: str | Path, *, allow_foreign: bool = False) -> Self:
        """Read a folder that `save` wrote. Classes of third parties are imported only with `allow_foreign`.

        Raises:
            ModelFolderError: the folder is incomplete, altered, or not a saved pipeline.
        """
        description, weights = model_folder.read(Path(folder), allow_foreign=allow_foreign)
        with model_folder.explained(Path(folder)):
            pipeline = cls(description["inputs"], description["task"], model=description["model"])
            states = description["states"]
            for name, modality in pipeline.modalities.items():
                modality.restore(states["inputs"][name])
            pipeline.task.restore(states["task"])
            pipeline._assemble(seed=0)
            pipeline.model.load_state_dict(weights)
        pipeline.model.eval()
        return pipeline

    def without(self, row: Mapping[str, Example], removed: Mapping[str, Iterable[int]]) -> dict[str, Example]:
        """A row without some of its units: for each column, the units to leave out."""
        return {
            name: self.modalities[name].without(example, set(removed[name])) if name in removed else example
            for name, example in row.items()
        }


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
    to_dict: Callable[..., list[Any]] | None = getattr(rows, "to_dict", None)
    if to_dict is not None and hasattr(rows, "columns"):
        return iter(to_dict("records"))
    if isinstance(rows, str | Mapping):
        raise NotAvailable("expected several rows, got a single one", fix="put it in a list: predict([row])")
    return iter(rows)
