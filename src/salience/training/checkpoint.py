"""Checkpoints that a kill at any moment cannot spoil, and that run no code when they are read."""

from __future__ import annotations

import os
import pickle
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from salience.core.errors import ModelFolderError, SalienceError

AGAIN = "remove the folder `checkpoints` and train again"
# What a file of a stranger can make any reader of it stumble over.
_STUMBLES = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
_DAMAGE = (*_STUMBLES, EOFError, OSError, pickle.UnpicklingError, zipfile.BadZipFile, zlib.error)


class AtomicCheckpoints(CheckpointIO):
    """A checkpoint is written beside its place and moved there when it is whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:  # noqa: ARG002
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        with partial.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any = None,
        weights_only: bool | None = True,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Read tensors and plain values only.

        Raises:
            ModelFolderError: the file is damaged or holds anything else.
        """
        try:
            with zipfile.ZipFile(path) as packed:
                # torch does not look at the check sums, and would train on with damaged numbers.
                damaged = packed.testzip()
            if damaged:
                raise ValueError(f"the check sum of '{damaged}' is wrong")
            loaded = torch.load(path, map_location=map_location, weights_only=True)
            if not isinstance(loaded, dict):
                raise TypeError(f"expected a mapping, got {type(loaded).__name__}")
        except _DAMAGE as error:
            raise ModelFolderError(f"the checkpoint cannot be read: {error}", where=str(path), fix=AGAIN) from error
        return loaded

    def remove_checkpoint(self, path: str | Path) -> None:
        """Remove a checkpoint whose path Lightning has out of another checkpoint.

        Raises:
            ModelFolderError: the path leads out of its folder.
        """
        if ".." in Path(path).parts:
            raise ModelFolderError("a checkpoint asks for a file elsewhere to be removed", where=str(path), fix=AGAIN)
        Path(path).unlink(missing_ok=True)


@contextmanager
def understood(path: Path, *, until: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Turn what goes wrong with the content of a checkpoint into an error about it.

    Args:
        path: the checkpoint.
        until: true as soon as the content has been taken in; what goes wrong from then on is passed on.
    """
    try:
        yield
    except _STUMBLES as error:
        if isinstance(error, SalienceError) or until():
            raise
        problem = f"the checkpoint is of another run, or was altered ({type(error).__name__}: {error})"
        raise ModelFolderError(problem, where=str(path), fix=AGAIN) from error
