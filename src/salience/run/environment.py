"""What a run depended on besides its settings: versions, machine, and the data by its hash."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from salience.model_folder import sha256

PACKAGES = ("salience", "torch", "lightning", "numpy", "pandas", "scikit-learn", "tokenizers", "transformers", "captum")


def environment() -> dict[str, str]:
    """Versions of what took part, and the machine."""
    import torch

    found = {name: installed for name in PACKAGES if (installed := _version(name))}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
    return {**found, "python": platform.python_version(), "system": platform.platform(terse=True), "device": device}


def data_facts(source: Any, frame: pd.DataFrame, *, beside: Sequence[str] = ()) -> dict[str, Any]:
    """The name, hash, and size of the data: of the file, or of the cells where there is none.

    Args:
        beside: other files that the run reads, as a graph is read from several; told under the key `beside`.
    """
    others = {"beside": [_facts(Path(each)) for each in beside]} if beside else {}
    if isinstance(source, str | Path):
        return {**_facts(Path(source)), "rows": len(frame), **others}
    content = frame.to_json(orient="split", date_format="iso", default_handler=str)
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"name": "rows given in Python", "sha256": digest, "rows": len(frame), **others}


def _facts(path: Path) -> dict[str, Any]:
    return {"name": path.name, "sha256": sha256(path), "bytes": path.stat().st_size}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
