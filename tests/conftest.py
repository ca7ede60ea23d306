"""What every test can rely on: shapes checked, memory poisoned, one thread, fixed seeds, no network."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

# Set before any test imports transformers, which reads it once.
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch
from hypothesis import settings
from jaxtyping import install_import_hook

# Shapes are types and are checked here only. Rooms that meet users stay out: there a wrong value has to reach our own
# error, and the type checker would answer first.
install_import_hook(
    ["salience.core.batch", "salience.core.record", "salience.kernels", "salience.attention", "salience.models"],
    "beartype.beartype",
)

# The same examples each time, and no clock: the machine may be busy.
settings.register_profile("salience", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("salience")

torch.set_num_threads(1)
# This also fills every fresh allocation with NaN, so that a cell nobody wrote cannot pass for a zero.
torch.use_deterministic_algorithms(True)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _offline() -> Iterator[None]:
    """Only this machine can be reached."""
    original = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}

    def guarded(name: str) -> Callable[[socket.socket, object], object]:
        def call(self: socket.socket, address: object) -> object:
            if not _on_this_machine(self, address):
                raise OSError(f"tests must not reach the network, and one tried {address!r}")
            return original[name](self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in original:
            patch.setattr(socket.socket, name, guarded(name))
        yield


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """The path of a real data set below `SALIENCE_DATA`; the test is skipped where it is not there."""

    def locate(name: str) -> Path:
        folder = os.environ.get("SALIENCE_DATA")
        if not folder:
            pytest.skip("set SALIENCE_DATA to the folder of real data sets to run this test")
        path = Path(folder) / name
        if not path.exists():
            pytest.skip(f"no {name} in SALIENCE_DATA ({folder})")
        return path

    return locate


def _on_this_machine(connection: socket.socket, address: object) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host = address[0] if isinstance(address, tuple) else ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
