"""A saved pipeline on disk: JSON and safetensors with hashes, checked before anything is believed. Never pickle."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from salience.core.errors import ModelFolderError, SalienceError

FORMAT = 1
DESCRIPTION, WEIGHTS, HASHES = "pipeline.json", "model.safetensors", "hashes.json"
# A class named by its module would be imported, and importing runs code.
FOREIGN = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")


def write(folder: Path, description: Mapping[str, Any], weights: Mapping[str, Tensor]) -> Path:
    """Write everything into a new folder beside the old one, then put it in its place.

    Raises:
        ModelFolderError: the description holds something that JSON cannot.
    """
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        text = json.dumps({"format": FORMAT, **description}, ensure_ascii=False, indent=1)
        (fresh / DESCRIPTION).write_text(text, encoding="utf-8")
        save_file({name: each.detach().cpu().contiguous().clone() for name, each in weights.items()}, fresh / WEIGHTS)
        hashes = {name: sha256(fresh / name) for name in (DESCRIPTION, WEIGHTS)}
        (fresh / HASHES).write_text(json.dumps(hashes, indent=1), encoding="utf-8")
        fresh.chmod(0o755)
        _replace(fresh, folder)
    except TypeError as error:
        raise ModelFolderError(f"this pipeline cannot be written as JSON: {error}", where=str(folder)) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def read(folder: Path, *, allow_foreign: bool = False) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The description and the weights of a folder whose hashes are right.

    Raises:
        ModelFolderError: a file is missing, altered, of a newer format, or names code to import.
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
                fix="copy the folder again from its source, or train again",
            )
    description = _parse(contents[DESCRIPTION], folder, DESCRIPTION)
    if description.get("format") != FORMAT:
        raise ModelFolderError(
            f"expected format {FORMAT}, got {description.get('format')!r}", where=str(folder), fix="update salience"
        )
    inputs = description.get("inputs")
    choices = [
        *(inputs.values() if isinstance(inputs, dict) else []),
        description.get("task"),
        description.get("model"),
    ]
    foreign = sorted(set(_foreign(choices)))
    if foreign and not allow_foreign:
        raise ModelFolderError(
            f"the model would import {', '.join(foreign)}, which runs code of a third party",
            where=str(folder / DESCRIPTION),
            fix="load it with allow_foreign=True if you trust it",
        )
    try:
        return description, load(contents[WEIGHTS])
    except SafetensorError as error:
        raise ModelFolderError(f"the weights cannot be read: {error}", where=str(folder / WEIGHTS)) from error


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what goes wrong while a pipeline is put together into an error about its folder."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, RuntimeError, ValueError) as error:
        if isinstance(error, ModelFolderError):
            raise
        problem = error.problem if isinstance(error, SalienceError) else f"{type(error).__name__}: {error}"
        first = problem.strip().splitlines()[0] if problem.strip() else type(error).__name__
        raise ModelFolderError(
            f"the folder does not describe a pipeline of this version: {first}",
            where=str(folder / DESCRIPTION),
            fix="load it with the version of salience that saved it, or train again",
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
    if not (folder / HASHES).exists() and any(folder.iterdir()):
        raise ModelFolderError(
            "the folder exists and holds something else than a saved pipeline",
            where=str(folder),
            fix="choose another folder",
        )
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    os.replace(folder, old / "pipeline")
    os.replace(fresh, folder)
    shutil.rmtree(old)


def _bytes(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
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
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{name} is not valid JSON: {error}", where=str(folder)) from error
    if not isinstance(value, dict):
        raise ModelFolderError(f"expected an object in {name}, got {type(value).__name__}", where=str(folder))
    return value


def _foreign(value: object) -> Iterator[str]:
    """Names among some choices that would be imported."""
    if isinstance(value, str) and FOREIGN.match(value):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _foreign(key)
            yield from _foreign(each)
    elif isinstance(value, list):
        for each in value:
            yield from _foreign(each)
