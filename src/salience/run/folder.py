"""A run folder: where everything about one training run lies, and whether it is complete.

A folder says itself what state it is in: `run.json` holds `running` from the first moment, `complete` only when
everything below has been written, and `failed` with the reason when an error ended the run.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from salience.core.errors import ModelFolderError

STATES = ("running", "failed", "complete")


class RunFolder:
    """The files of one run, by name.

    Args:
        path: the folder; see `RunFolder.create` and `RunFolder.open`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @classmethod
    def create(cls, name: str, *, parent: str | Path = "runs", now: datetime | None = None) -> RunFolder:
        """A new folder `<parent>/<date>-<name>`; a number is added where that is taken."""
        stem = f"{now or datetime.now():%Y-%m-%d}-{plain(name)}"
        parent = Path(parent)
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            path = parent / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                continue
            folder = cls(path)
            folder.mark("running")
            return folder
        raise ModelFolderError(f"there are 9,999 runs called {stem}", where=str(parent), fix="choose another name")

    @classmethod
    def open(cls, path: str | Path, *, finished: bool = True) -> RunFolder:
        """An existing run folder.

        Raises:
            ModelFolderError: it is no run folder, or (with `finished`) the run did not end well.
        """
        folder = cls(path)
        state = folder.state
        if finished and state != "complete":
            reason = folder.description().get("reason")
            raise ModelFolderError(
                f"the run is not complete: it is {state}" + (f" ({reason})" if reason else ""),
                where=str(path),
                fix=f"go on with it: salience fit --resume {path}",
            )
        return folder

    @property
    def state(self) -> str:
        """`running`, `failed` or `complete`."""
        state = self.description().get("state")
        if state not in STATES:
            raise ModelFolderError(f"run.json names no known state, got {state!r}", where=str(self.path))
        return state

    def description(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            ModelFolderError: there is no such file, or it is damaged.
        """
        try:
            value = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ModelFolderError(
                f"expected the folder of a run, with a file run.json: {error}",
                where=str(self.path),
                fix="give a folder that `salience fit` made",
            ) from error
        if not isinstance(value, dict):
            raise ModelFolderError(f"expected an object in run.json, got {type(value).__name__}", where=str(self.path))
        return value

    def mark(self, state: str, *, reason: str | None = None) -> None:
        """Write the state of the run, with the reason if it failed."""
        kept = self.description() if (self.path / "run.json").exists() else {}
        described = {**kept, "state": state, "changed": f"{datetime.now():%Y-%m-%d %H:%M:%S}", "reason": reason}
        self.write_json("run.json", {name: each for name, each in described.items() if each is not None})

    def write_json(self, name: str, value: Any) -> Path:
        """Write a value as JSON, whole or not at all."""
        return self.write_text(name, json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file, whole or not at all."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
        return path

    def read_json(self, name: str) -> Any:
        """The value in a JSON file of the run.

        Raises:
            ModelFolderError: it is missing or damaged.
        """
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ModelFolderError(f"cannot read {name}: {error}", where=str(self.path)) from error

    @property
    def model(self) -> Path:
        """The folder of the saved pipeline."""
        return self.path / "model"

    @property
    def report(self) -> Path:
        """The page that shows the run."""
        return self.path / "report.html"


def plain(name: str) -> str:
    """A name that is safe in a path on every system.

    >>> plain("../my data: v2")
    'my-data-v2'
    """
    return re.sub(r"[^\w]+", "-", name).strip("-")[:60] or "run"
