"""What a run tells while it works: the command line prints it, the log keeps it, a library call is silent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from salience.reports.content import ReportContent
from salience.training import Epoch


class Watcher(Protocol):
    """Someone to be told how a run gets on."""

    def understood(self, statement: str) -> None:
        """What was inferred from the data, for people."""

    def began(self, title: str, facts: list[tuple[str, str]]) -> None:
        """Training begins."""

    def epoch(self, epoch: Epoch, total: int, metric: str) -> None:
        """One epoch is done."""

    def stage(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """Something after training is at work; `total` is 0 where its length is not known."""

    def ended(self, content: ReportContent, folder: Path) -> None:
        """Everything is written."""


class Silent:
    """A watcher that says nothing."""

    def understood(self, statement: str) -> None:
        pass

    def began(self, title: str, facts: list[tuple[str, str]]) -> None:
        pass

    def epoch(self, epoch: Epoch, total: int, metric: str) -> None:
        pass

    def stage(self, sentence: str, done: int = 0, total: int = 0) -> None:
        pass

    def ended(self, content: ReportContent, folder: Path) -> None:
        pass


class Logged:
    """A watcher that keeps what it is told in a file, and passes it on.

    Args:
        path: the log; lines are added to it.
        also: who else is told.
    """

    def __init__(self, path: Path, also: Watcher, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._also = also
        self._clock = clock
        self._last = ""

    def understood(self, statement: str) -> None:
        self._write(statement)
        self._also.understood(statement)

    def began(self, title: str, facts: list[tuple[str, str]]) -> None:
        self._write("  ".join([title, *(f"{label} {value}" for label, value in facts)]))
        self._also.began(title, facts)

    def epoch(self, epoch: Epoch, total: int, metric: str) -> None:
        score = epoch.scores.get(metric, float("nan"))
        best = "  * best" if epoch.best else ""
        line = f"{metric} {score:.4f}  loss {epoch.loss:.4f}  lr {epoch.rate:.2e}  {epoch.seconds:.1f} s{best}"
        self._write(f"epoch {epoch.number}/{total}  {line}")
        self._also.epoch(epoch, total, metric)

    def stage(self, sentence: str, done: int = 0, total: int = 0) -> None:
        if sentence != self._last:
            self._write(sentence)
            self._last = sentence
        self._also.stage(sentence, done, total)

    def ended(self, content: ReportContent, folder: Path) -> None:
        self._write("\n".join([*content.headline, f"report: {folder / 'report.html'}"]))
        self._also.ended(content, folder)

    def _write(self, text: str) -> None:
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._clock()))
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{stamp}  {line}\n" for line in text.splitlines())
