"""One process at a time works in a folder; the others wait, and a killed one leaves nothing locked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread holds `folder`, and hold it for the block.

    The operating system frees the lock when its holder ends, however it ends. The file `.lock` stays in the folder.
    """
    with (folder / ".lock").open("a") as file:
        _hold(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _hold(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            except PermissionError:
                time.sleep(0.1)

else:
    import fcntl

    def _hold(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
