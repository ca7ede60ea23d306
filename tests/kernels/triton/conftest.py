"""Kernels run in a process of their own, once for all tests: the interpreter is chosen when they are defined."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a module of the tests without the checks of types that are on here, and gives what it printed."""
    if importlib.util.find_spec("triton") is None:
        pytest.skip("triton is not installed (pip install triton): kernels can be neither interpreted nor compiled")
    cache = tmp_path_factory.mktemp("triton")

    def run(module: str, *arguments: str) -> str:
        surroundings = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
        command = [sys.executable, "-m", f"tests.kernels.triton.{module}", *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=surroundings | {"TRITON_CACHE_DIR": str(cache)},
            capture_output=True,
            text=True,
        )
        assert not done.returncode, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def interpreted(process: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `interpreted.py` found: answers to all cases, and more."""
    path = tmp_path_factory.mktemp("interpreted") / "found.pt"
    process("interpreted", str(path))
    return torch.load(path)
