"""Checkpoints that a kill at any moment cannot spoil, and that run no code when they are read."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from salience.core.errors import ModelFolderError


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
            return torch.load(path, map_location=map_location, weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise ModelFolderError(
                f"the checkpoint cannot be read: {str(error).splitlines()[0]}",
                where=str(path),
                fix="remove the folder `checkpoints` and train again",
            ) from error

    def remove_checkpoint(self, path: str | Path) -> None:
        Path(path).unlink(missing_ok=True)
