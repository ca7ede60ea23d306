"""The settings of a run: what a config file holds, and what is inferred where it is silent."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from salience import tasks
from salience.core.build import build, find, known, named
from salience.core.config import make, read
from salience.core.errors import ConfigError
from salience.data import modalities
from salience.data.infer import Inference
from salience.data.modalities.column_kinds import COLUMN_KINDS
from salience.data.modality import columns_of
from salience.data.rationale import rationale_columns
from salience.training.options import TrainOptions

#: The file of a run folder that holds them.
SETTINGS = "config.yaml"
#: What a text column is read with unless the settings say otherwise. Every Han character is a word of its own.
TEXT: Mapping[str, Any] = {"Text": {"tokens": "Word"}}
#: What forecasts series unless the settings say otherwise: each variable from its own past.
NETWORK: Mapping[str, Any] = {"network": "PatchTST"}
#: The same where the settings name what else may drive them: by these options of `Series`.
NETWORK_OF_DRIVERS: Mapping[str, Any] = {"network": "TemporalFusion"}
DRIVERS = ("known", "static", "calendar")
MODEL: Mapping[str, Any] = {"width": 128, "encoder": "Convolution", "pool": "Additive", "dropout": 0.5}

#: The usual model of a table weighs its columns as they stand, before it thinks about them together: so its weights are
#: about the columns themselves.
TABLE_MODEL: Mapping[str, Any] = {"width": 64, "encoder": "FeedForward", "pool": "ThenFeedForward", "dropout": 0.1}
#: What lets the columns of a table look at each other. They have no order.
MIXED_COLUMNS: Mapping[str, Any] = {"Transformer": {"layers": 2, "positions": None}}
#: The usual model of a graph, beside its encoder and its pool: see `graph_model`.
GRAPH_MODEL: Mapping[str, Any] = {"width": 64, "dropout": 0.1}
#: The usual training on a graph: rows are often few, and what they have in common is read once.
GRAPH_TRAIN: Mapping[str, Any] = {"epochs": 50, "patience": 10, "learning_rate": 5e-3}
POOLS: Mapping[str, str] = {"nodes": "AtNode", "pairs": "AtPair", "graphs": "Additive"}
#: The usual training of a table: rows are short, and often few.
TABLE_TRAIN: Mapping[str, Any] = {"epochs": 50, "patience": 10, "batch_size": 64}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run needs; only `data` and `target` have to be given."""

    data: str | None = None
    """A CSV, TSV, JSONL or Parquet file; null where rows were given in Python."""
    target: str | None = None
    """The column to predict."""
    inputs: Mapping[str, Any] | tuple[str, ...] | None = None
    """The columns to read, or a modality with options for each: {review: {Text: {tokens: Jieba}}}."""
    task: str | Mapping[str, Any] | None = None
    """Classification, MultiLabel, Ranking, Regression or Forecast, with or without options."""
    rationale: str | Mapping[str, Any] | None = None
    """The column in which people marked the reasons, or one per input: {review: {column: marks, tokens: Word}}."""
    split: str | Mapping[str, Any] | None = None
    """How rows are divided: ByHash, Stratified, ByColumn, ByTime or ByGroup, with options."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """width, encoder, attention, pool and dropout; or network."""
    train: Mapping[str, Any] = field(default_factory=dict)
    """epochs, batch_size, learning_rate and so on; see `salience.training.TrainOptions`."""
    start: str | None = None
    """A finished run that training starts from: its inputs, task and model, its words and labels, and its weights."""
    explain: int = 256
    """Rows on which faithfulness is measured; 0 leaves the measurement out."""
    seeds: int = 1
    """Models to train, alike but with the seeds train.seed, train.seed + 1, ...; several answer together."""
    name: str | None = None
    """The name of the run."""

    def __post_init__(self) -> None:
        if self.explain < 0:
            raise ConfigError(f"explain must be 0 or more, got {self.explain}", fix="write 0 to leave it out")

    @property
    def options(self) -> TrainOptions:
        """The training options, checked.

        Raises:
            ConfigError: an unknown or impossible option.
        """
        return make(TrainOptions, self.train, where="train")

    @property
    def modalities(self) -> dict[str, Any]:
        """The modality of each input; of resolved settings."""
        return dict(self.inputs) if isinstance(self.inputs, Mapping) else {}

    @property
    def task_name(self) -> str | None:
        """The task without its options, if it was named.

        Raises:
            ConfigError: it is neither a name nor one name with options.
        """
        return None if self.task is None else named(self.task)[0]

    @property
    def lists(self) -> str | None:
        """The column that names the list of each row, if the task ranks the rows of lists.

        Raises:
            ConfigError: the task has no option of this kind, or lacks it.
        """
        name = self.task_name
        # What is no task at all is told by whoever looks for it, with those that there are.
        if self.task is None or name is None or not known(name, tasks) or find(name, tasks) is not tasks.Ranking:
            return None
        return build(self.task, tasks).list

    @property
    def readers(self) -> list[str] | dict[str, str] | None:
        """The columns to read, if they were named, and the modality of each, if that was said.

        Raises:
            ConfigError: an unknown modality, or an unknown option of one.
        """
        if not isinstance(self.inputs, Mapping):
            return None if self.inputs is None else list(self.inputs)
        made = {name: build(choice or TEXT, modalities) for name, choice in self.inputs.items()}
        return {column: type(each).__name__ for name, each in made.items() for column in columns_of(name, each)}

    def resolved(self, inference: Inference) -> Settings:
        """These settings with everything that was left open filled in, ready to be saved beside the model."""
        marked = rationale_columns(self.rationale, inference.inputs)
        taught = {"attention_loss": "KL"} if marked and "attention_loss" not in self.train else {}
        inputs = {name: self.modalities[name] or dict(TEXT) for name in self.modalities} or _inputs(inference)
        options = make(TrainOptions, {**usual_training(inputs), **self.train}, where="train")
        return dataclasses.replace(
            self,
            # The targets of a forecast stand in the task.
            target=self.target if inference.task == "Forecast" else inference.target,
            inputs=inputs,
            task=_with_target(self.task, self.target) or inference.task,
            model=self._network(inference) or {**usual_model(inputs, self.model), **self.model},
            rationale={name: each.setting() for name, each in marked.items()} or None,
            train=_plain(dataclasses.asdict(options)) | taught,
        )

    def _network(self, inference: Inference) -> dict[str, Any] | None:
        """The whole network that was chosen, or that forecasts where nothing was."""
        choices = [named(each)[1] for each in self.modalities.values() if each]
        if inference.task == "Forecast" and not self.model and not any("elements" in each for each in choices):
            return dict(NETWORK_OF_DRIVERS if any(each.get(name) for each in choices for name in DRIVERS) else NETWORK)
        return dict(self.model) if "network" in self.model else None

    def to_yaml(self) -> str:
        """The settings as a config file that makes the same run again.

        Raises:
            ConfigError: a value is an object, which no config file can hold.
        """
        values = {name: _plain(each) for name, each in dataclasses.asdict(self).items() if each is not None}
        try:
            return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        except yaml.representer.RepresenterError as error:
            raise ConfigError(
                f"a setting cannot be written to a config file: {error.args[-1]!r}",
                fix="give names and options, such as {'Text': {'tokens': 'Jieba'}}, in place of objects",
            ) from error


def saved_settings(folder: Path) -> Settings:
    """The settings that a run folder holds.

    Raises:
        ConfigError: its file is missing, or no such settings.
    """
    path = folder / SETTINGS
    return make(Settings, read(path), where=str(path))


def _inputs(inference: Inference) -> dict[str, Any]:
    """What reads each column: every text by itself, and all that is no text as one table."""
    inputs: dict[str, Any] = {name: dict(TEXT) for name in inference.inputs if name not in inference.tabular}
    if inference.tabular:
        kinds = {each: inference[each].kind.name for each in inference.tabular}
        columns = {each: kind if kind in COLUMN_KINDS else "categorical" for each, kind in kinds.items()}
        inputs[free_name(inputs)] = {"Table": {"columns": columns}}
    return inputs


def free_name(inputs: Collection[str]) -> str:
    """A name for a table that no text column has."""
    name = "table"
    while name in inputs:
        name += "_"
    return name


def _unordered(inputs: Mapping[str, Any]) -> list[str]:
    """The inputs whose positions have no order, so that no encoder may count them."""
    return [name for name, each in inputs.items() if not getattr(find(named(each)[0], modalities), "ordered", True)]


def usual_training(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The usual training for these inputs, where it is another than for texts."""
    if _graph(inputs) is not None:
        return dict(GRAPH_TRAIN)
    return dict(TABLE_TRAIN) if len(_unordered(inputs)) == len(inputs) else {}


def usual_model(inputs: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The usual model for these inputs, beside the options that are given."""
    graph = _graph(inputs)
    if graph is not None:
        return graph_model(graph)
    unordered = _unordered(inputs)
    looks = "attention" in given
    text, table = ("Transformer", _plain(MIXED_COLUMNS)) if looks else (MODEL["encoder"], TABLE_MODEL["encoder"])
    # What thinks after the look is made for columns that are not mixed before it.
    pool = MODEL["pool"] if looks or "encoder" in given else TABLE_MODEL["pool"]
    if len(unordered) == len(inputs):
        return {**TABLE_MODEL, "encoder": table, "pool": pool}
    if not unordered:
        return {**MODEL, "encoder": text}
    encoders = {name: table if name in unordered else text for name in inputs}
    pools = {name: pool if name in unordered else MODEL["pool"] for name in inputs}
    return {**MODEL, "encoder": encoders, "pool": MODEL["pool"] if pool == MODEL["pool"] else pools}


def graph_model(options: Mapping[str, Any]) -> dict[str, Any]:
    """The usual model for an input `Graph` with these options: as many layers as it looks steps far."""
    stack = {"layers": max(1, options.get("hops", 2)), "attention": "GATv2", "residual": True}
    return {**GRAPH_MODEL, "encoder": {"GraphStack": stack}, "pool": POOLS[options.get("rows", "nodes")]}


def _graph(inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The options of the input that reads a graph; None where none does."""
    found = [named(each)[1] for each in inputs.values() if find(named(each)[0], modalities) is modalities.Graph]
    return found[0] if found else None


def _with_target(task: str | Mapping[str, Any] | None, target: str | None) -> str | Mapping[str, Any] | None:
    """The task; a forecast with the target that the settings name, if it names none itself."""
    if task is None or target is None or find(named(task)[0], tasks) is not tasks.Forecast:
        return task
    name, options = named(task)
    return task if options.get("targets") else {name: {**options, "targets": [target]}}


def seconds(text: str) -> float:
    """A length of time such as `90s`, `10m` or `2h`.

    >>> seconds("10m")
    600.0

    Raises:
        ConfigError: it is written in another way.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h)?", text.strip())
    if not found or float(found[1]) == 0:
        raise ConfigError(f"expected a length of time above zero, got '{text}'", fix="write for example 90s, 10m or 2h")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[found[2]]


def _plain(value: Any) -> Any:
    """Tuples as lists and mappings as dicts, so that YAML needs no tags."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
