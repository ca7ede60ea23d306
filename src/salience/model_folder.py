"""A saved pipeline on disk: JSON and safetensors with hashes, checked before anything is believed. Never pickle."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from torch import Tensor, nn

from salience.core.errors import MissingPackage, ModelFolderError, SalienceError

# What a single model is written as, and an ensemble, which has an entry `members` besides.
SINGLE, ENSEMBLE = 1, 2
DESCRIPTION, WEIGHTS, HASHES = "pipeline.json", "model.safetensors", "hashes.json"
# What can be done about a damaged folder, and about one that is whole and yet not understood.
COPY = "copy the folder again from its source, or train again"
UPDATE = "load it with the version of salience that saved it, or train again"


def write(folder: Path, description: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Path:
    """Write everything into a new folder beside the old one, then put it in its place.

    Raises:
        ModelFolderError: the description holds something that JSON cannot.
    """
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        number = ENSEMBLE if "members" in description else SINGLE
        text = json.dumps({"format": number, **description}, ensure_ascii=False, allow_nan=False, indent=1)
        (fresh / DESCRIPTION).write_text(text, encoding="utf-8")
        save_file({name: each.detach().cpu().contiguous().clone() for name, each in weights.items()}, fresh / WEIGHTS)
        hashes = {name: sha256(fresh / name) for name in (DESCRIPTION, WEIGHTS)}
        (fresh / HASHES).write_text(json.dumps(hashes, indent=1), encoding="utf-8")
        fresh.chmod(0o755)
        _replace(fresh, folder)
    except (TypeError, ValueError) as error:
        if isinstance(error, ModelFolderError):
            raise
        raise ModelFolderError(f"this pipeline cannot be written as JSON: {error}", where=str(folder)) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the weights of a folder whose hashes are right.

    Raises:
        ModelFolderError: a file is missing, altered, or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    hashes = _json(folder, HASHES)
    contents = {}
    for name in (DESCRIPTION, WEIGHTS):
        contents[name] = _bytes(folder, name)
        if hashlib.sha256(contents[name]).hexdigest() != hashes.get(name):
            raise ModelFolderError(
                f"{name} is not the file that was saved: its hash differs from {HASHES}",
                where=str(folder),
                fix=COPY,
            )
    description = _parse(contents[DESCRIPTION], folder, DESCRIPTION)
    wanted = ENSEMBLE if "members" in description else SINGLE
    if description.get("format") != wanted:
        raise ModelFolderError(
            f"expected format {wanted}, got {description.get('format')!r}", where=str(folder), fix=UPDATE
        )
    try:
        return description, load(contents[WEIGHTS])
    except SafetensorError as error:
        raise ModelFolderError(f"the weights cannot be read: {error}", where=str(folder / WEIGHTS), fix=COPY) from error


def members(description: Mapping[str, Any], weights: Mapping[str, Tensor]) -> list[Any]:
    """What is described of each member of an ensemble; nothing of a single model.

    Raises:
        ModelFolderError: that is no list of two or more, or there are more members than weights.
    """
    if "members" not in description:
        return []
    described = description["members"]
    # A stranger's list could otherwise have models made without end, before anyone looks for their weights.
    if not isinstance(described, list) or not 2 <= len(described) <= len(weights):
        raise ModelFolderError("expected a list of two members or more, each with its weights")
    return described


def fill(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a model the weights that were saved for it.

    Raises:
        ModelFolderError: they are the weights of another model, or no finite numbers.
    """
    made = model.state_dict()
    for name in sorted(made.keys() | weights.keys()):
        if name not in made or name not in weights:
            where = "the description does not know" if name in weights else "the file lacks"
            raise ModelFolderError(f"the weights are of another model: {where} '{name}'")
        wanted, saved = tuple(made[name].shape), tuple(weights[name].shape)
        if wanted != saved:
            raise ModelFolderError(f"the weights are of another model: '{name}' has shape {saved}, expected {wanted}")
        if not weights[name].isfinite().all():
            raise ModelFolderError(f"the weights '{name}' hold values that are no finite numbers")
    model.load_state_dict(dict(weights))


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while a pipeline is put together into an error about its folder."""
    try:
        yield
    except MissingPackage:
        raise
    except SalienceError as error:
        raise ModelFolderError(error.problem, where=str(folder / DESCRIPTION), fix=error.fix or UPDATE) from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        # The description is a stranger's: a wrong value can fail anywhere in the house.
        raise ModelFolderError(
            f"the folder does not describe a pipeline of this version ({type(error).__name__}: {error})",
            where=str(folder / DESCRIPTION),
            fix=UPDATE,
        ) from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(fresh: Path, folder: Path) -> None:
    """Put `fresh` where `folder` is; what stood there is removed only once the new one is in place."""
    if not folder.exists():
        os.replace(fresh, folder)
        return
    if not folder.is_dir() or {each.name for each in folder.iterdir()} - {DESCRIPTION, WEIGHTS, HASHES}:
        raise ModelFolderError(
            "there is something else than a saved pipeline at this place",
            where=str(folder),
            fix="choose another folder",
        )
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    os.replace(folder, old / "pipeline")
    os.replace(fresh, folder)
    shutil.rmtree(old)


def _bytes(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        # A pipe or a device would be read without end.
        if path.exists() and not path.is_file():
            raise OSError(0, "not a file")
        return path.read_bytes()
    except OSError as error:
        raise ModelFolderError(
            f"expected {DESCRIPTION}, {WEIGHTS} and {HASHES} of a saved pipeline; {name}: {error.strerror}",
            where=str(folder),
            fix="give the folder that was saved; in a run folder it is `model`",
        ) from error


def _json(folder: Path, name: str) -> dict[str, Any]:
    return _parse(_bytes(folder, name), folder, name)


def _parse(content: bytes, folder: Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{name} is not valid JSON: {error}", where=str(folder), fix=COPY) from error
    if not isinstance(value, dict):
        raise ModelFolderError(f"expected an object in {name}, got {type(value).__name__}", where=str(folder), fix=COPY)
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
