"""What a run depended on besides its settings: versions, machine, and the data by its hash."""

from __future__ import annotations

import hashlib
import platform
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


def data_facts(source: Any, frame: pd.DataFrame) -> dict[str, Any]:
    """The name, hash, and size of the data: of the file, or of the cells where there is none."""
    if isinstance(source, str | Path):
        path = Path(source)
        return {"name": path.name, "sha256": sha256(path), "rows": len(frame), "bytes": path.stat().st_size}
    content = frame.to_json(orient="split", date_format="iso", default_handler=str)
    return {"name": "rows given in Python", "sha256": hashlib.sha256(content.encode()).hexdigest(), "rows": len(frame)}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
