"""`salience fit` and `salience demo`: train, measure, and write a run folder."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from salience.cli.console import watcher
from salience.core import config
from salience.core.build import named
from salience.core.errors import ConfigError
from salience.run.folder import RunFolder
from salience.run.produce import again, run, with_seed
from salience.run.settings import Settings, seconds

CONFIGS = (".yaml", ".yml")
#: Few rows and many names: strong regularisation, and not many epochs.
DEMO = {"epochs": 5, "batch_size": 64, "learning_rate": 3e-3, "weight_decay": 0.1, "drop_units": 0.3}


def fit(arguments: argparse.Namespace) -> None:
    """Train what a config, a data file, or an interrupted run asks for."""
    if arguments.resume:
        _refuse_settings(arguments)
        folder = RunFolder.open(arguments.resume, finished=False)
        if folder.state == "complete":
            raise ConfigError("the run is complete already", where=arguments.resume, fix="start a new one")
        source, settings = again(folder)
        run(source, settings, resume=folder, watcher=watcher(arguments))
        return
    settings = from_words(arguments)
    if settings.data is None:
        raise ConfigError("no data was named", fix="salience fit reviews.csv --target label")
    run(settings.data, settings, out=arguments.out, watcher=watcher(arguments))


def from_words(arguments: argparse.Namespace) -> Settings:
    """Settings from a config file if there is one, changed by `key=value` words and by options."""
    words = [each for each in (arguments.source, *arguments.override) if each]
    path = words.pop(0) if words and ("=" not in words[0] or Path(words[0]).exists()) else None
    is_config = path is not None and Path(path).suffix in CONFIGS
    values: dict[str, Any] = config.read(path) if path and is_config else {}
    if path and not is_config:
        values["data"] = path
    values = config.override(values, words)
    given = {each: getattr(arguments, each) for each in ("target", "inputs", "task", "seeds", "name")}
    values.update({name: each for name, each in given.items() if each is not None})
    values = with_series(values, time=arguments.time, series=arguments.series, horizon=arguments.horizon)
    settings = config.make(Settings, values, where=path if path and is_config else "command line")
    if arguments.time_limit:
        train = {**settings.train, "time_limit": seconds(arguments.time_limit)}
        settings = dataclasses.replace(settings, train=train)
    return with_seed(settings, arguments.seed)


def with_series(values: dict[str, Any], *, time: str | None, series: str | None, horizon: int | None) -> dict[str, Any]:
    """Settings with what short options say of series: their columns, and how far to forecast."""
    made = dict(values)
    columns = {name: each for name, each in (("time", time), ("series", series)) if each is not None}
    if columns:
        given = made.get("inputs")
        (name, choice), *_ = given.items() if isinstance(given, dict) and given else (("history", {"Series": {}}),)
        options = {**named(choice)[1], **columns}
        if "time" not in options:
            raise ConfigError(
                "series need time stamps, and no column of them is named", where="--series", fix="name it with --time"
            )
        made["inputs"] = {name: {"Series": options}}
    if horizon is not None:
        task = made.get("task")
        made["task"] = {"Forecast": {**(named(task)[1] if task else {}), "horizon": horizon}}
    return made


def _refuse_settings(arguments: argparse.Namespace) -> None:
    """A run goes on with its own settings; others given beside it would have no effect."""
    what = ("source", "override", "target", "inputs", "task", "time", "series", "horizon")
    names = (*what, "name", "seed", "seeds", "time_limit")
    given = [each for each in names if getattr(arguments, each) not in (None, [])]
    if given:
        raise ConfigError(
            f"a run goes on with its own settings, and {', '.join(given)} would have no effect",
            where="--resume",
            fix="leave them out, or start a new run",
        )


def demo(arguments: argparse.Namespace) -> None:
    """Which words give away which package a docstring is from?"""
    from salience.data.docstrings import docstrings

    settings = Settings(
        target="package",
        # Sub-words, because names of functions are put together from parts that other names share.
        inputs={"text": {"Text": {"tokens": {"BytePair": {"size": 8000}}, "min_count": 1, "pairs": 2**16}}},
        split={"ByGroup": {"column": "module"}},
        model={"pool": {"MultiHead": {"heads": 4}}, "dropout": 0.6},
        train={**DEMO, "seed": arguments.seed},
        name="demo",
    )
    run(docstrings(), settings, out=arguments.out, watcher=watcher(arguments))
