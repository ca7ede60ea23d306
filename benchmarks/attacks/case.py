"""One attack: what is done, and what has to come of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from salience.cli import main
from salience.core.errors import SalienceError

#: A module that writes a file when it is imported, and a class in it: see `World.make`.
EVIL = "evil_of_a_stranger:Evil"


@dataclass(frozen=True)
class World:
    """Where attacks take place. Only `box`, which is fresh for every case, may change."""

    box: Path
    table: Path
    run: Path
    """A finished run."""
    stopped: Path
    """A run that was interrupted after its last epoch."""
    outside: Path
    """Nothing may be written here."""

    def copy(self, run: Path, *parts: str) -> Path:
        """A copy of some files and folders of a run, to be damaged."""
        copied = self.box / "run"
        copied.mkdir()
        for part in parts:
            if (run / part).is_dir():
                shutil.copytree(run / part, copied / part)
            else:
                shutil.copyfile(run / part, copied / part)
        return copied


@dataclass(frozen=True)
class Case:
    """What is done, and what has to come of it: `"work"`, `"fail"`, or either of them."""

    do: Callable[[], int]
    must: str = "either"
    rows: int | None = None
    """How many rows have to be answered or named as left out, where that is known."""
    answers: Path | None = None
    """Where the answers are; None if they are printed or there are none."""
    predicts: bool = False
    """Whether the rows that were answered can be counted."""


Family = Callable[[Random, World], Case]


def command(*words: object) -> Callable[[], int]:
    """A command of the command line, in this process."""
    said = [str(word) for word in words]
    return lambda: main(said)


def called(function: Callable[[], object]) -> Callable[[], int]:
    """A function of the library, told as a command would be."""

    def call() -> int:
        try:
            function()
        except SalienceError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        return 0

    return call


def predict(
    random: Random, world: World, path: Path, *, must: str = "either", rows: int | None = None, run: Path | None = None
) -> Case:
    """Answer a file: printed or to a file, with or without leaving out bad rows."""
    words: list[object] = ["predict", run or world.run, path]
    answers = world.box / "answers.csv" if random.random() < 0.3 else None
    words += ["--out", answers] if answers else []
    words += ["--skip-bad-rows"] if random.random() < 0.4 else []
    words += ["--quiet"] if random.random() < 0.1 else []
    return Case(command(*words), must, rows, answers, predicts=True)


def read(random: Random, world: World, path: Path, *, must: str = "either", rows: int | None = None) -> Case:
    """Give a file to one of the verbs that read tables, mostly to `predict`."""
    door = random.random()
    if door < 0.8:
        return predict(random, world, path, must=must, rows=rows)
    if door < 0.88:
        count = random.choice([1, 2, 7])
        return Case(command("explain", world.run, path, "--rows", count, "--out", world.box / "why.csv"), must)
    if door < 0.96:
        target = random.choice([(), ("--target", "label"), ("--target", "text")])
        return Case(command("init", path, "--out", world.box / "run.yaml", *target))
    return Case(command("evaluate", world.run, path, "--rows", 0))
