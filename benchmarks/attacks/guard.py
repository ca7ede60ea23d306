"""Who watches while an attack runs: what is written where, what is started, what is imported, and for how long."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.attacks.case import EVIL

#: Seconds of this process's CPU time, and of the clock (which also counts waiting for a pipe that nobody writes to).
CPU_LIMIT, WALL_LIMIT = 10, 60
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Where an event tells the path that is changed, and the open folder that the path starts from.
_CHANGES = {
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.symlink": ((1, 2),),
    "os.link": ((1, 3),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
}
_STARTS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.Popen",
    "socket.connect",
    "socket.getaddrinfo",
)


class Hang(BaseException):
    """A case took longer than it may. No handler of errors may take it for one."""


class Guard:
    """Notes what Python itself reports: every file opened, every process started, every module imported."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._allowed: str | None = None
        # Such a hook stays for as long as the process lives.
        sys.addaudithook(self._notice)

    @contextmanager
    def watching(self, box: Path) -> Iterator[None]:
        """Only `box` may be written to inside the block."""
        self.seen, self._allowed = [], os.path.realpath(box)
        try:
            yield
        finally:
            self._allowed = None

    def _notice(self, event: str, given: tuple[Any, ...]) -> None:
        if self._allowed is None:
            return
        if event == "open":
            path, mode, flags = given
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & _WRITING):
                self._check(event, path)
        elif event == "os.mkdir" and os.path.lexists(given[0]):
            # It fails, and is the way to ask whether a name is taken.
            return
        elif event in _CHANGES:
            for path, folder in _CHANGES[event]:
                self._check(event, given[path], -1 if folder is None else given[folder])
        elif event in _STARTS or (event == "import" and given[0] == EVIL.partition(":")[0]):
            self.seen.append(f"{event} {given[:2]}")

    def _check(self, event: str, path: object, start: int = -1) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return
        allowed, self._allowed = self._allowed, None
        place = os.getcwd() if start == -1 else os.readlink(f"/proc/self/fd/{start}")
        # The folder counts, not what a link in it points to, and asking must not be noticed itself.
        folder, name = os.path.split(os.path.normpath(os.path.join(place, os.fsdecode(path))))
        real = os.path.join(os.path.realpath(folder), name)
        self._allowed = allowed
        if real != os.devnull and not f"{real}{os.sep}".startswith(f"{allowed}{os.sep}"):
            self.seen.append(f"{event} {real}")


@contextmanager
def limited() -> Iterator[None]:
    """End the block with `Hang` when it takes too long; timers that ran before go on afterwards."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Hang(f"longer than {CPU_LIMIT} s of CPU time or {WALL_LIMIT} s")

    kinds = {signal.SIGPROF: (signal.ITIMER_PROF, CPU_LIMIT), signal.SIGALRM: (signal.ITIMER_REAL, WALL_LIMIT)}
    handlers = {number: signal.signal(number, stop) for number in kinds}
    before = {number: signal.setitimer(timer, limit) for number, (timer, limit) in kinds.items()}
    try:
        yield
    finally:
        for number, (timer, _) in kinds.items():
            signal.setitimer(timer, *before[number])
            signal.signal(number, handlers[number])


def state(*places: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file and folder below some places."""
    found = {}
    for place in places:
        stack = [str(place)]
        while stack:
            path = stack.pop()
            facts = os.lstat(path)
            found[path] = (facts.st_size, facts.st_mtime_ns)
            if os.path.isdir(path) and not os.path.islink(path):
                stack += [each.path for each in os.scandir(path)]
    return found
