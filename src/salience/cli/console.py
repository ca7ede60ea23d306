"""What the command line prints while a run works."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from salience.reports import content as show
from salience.reports import terminal
from salience.run.watch import Silent, Watcher
from salience.training import Epoch

if TYPE_CHECKING:
    from rich.console import Console


def console(*, quiet: bool = False) -> Console:
    """Where lines go; nothing is coloured or animated when it is no terminal."""
    from rich.console import Console

    return Console(quiet=quiet, highlight=False, markup=False, soft_wrap=True)


def watcher(arguments: argparse.Namespace) -> Watcher:
    """The watcher that the options of a command ask for."""
    if arguments.json:
        return Machine()
    return Silent() if arguments.quiet else Printed(console())


class Machine(Silent):
    """Prints one JSON object when everything is written."""

    def ended(self, content: show.ReportContent, folder: Path) -> None:
        scores = {f"{row.baseline or 'model'} {row.side} {row.name}": row.score.value for row in content.scores}
        verdict = content.proof.verdict if content.proof else None
        said = {"run": str(folder), "report": str(folder / "report.html"), "scores": scores, "faithfulness": verdict}
        print(json.dumps(said, ensure_ascii=False))


class Printed:
    """Prints for people: what was understood, a line per epoch, and where everything is."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._started = time.perf_counter()
        self._on_line = False

    def understood(self, statement: str) -> None:
        self._out.print(statement + "\n")

    def began(self, title: str, facts: list[tuple[str, str]]) -> None:
        self._out.print(terminal.header_line(title, [show.Fact(*each) for each in facts]))

    def epoch(self, epoch: Epoch, total: int, metric: str) -> None:
        told = show.Epoch(epoch.number, epoch.loss, epoch.scores.get(metric), epoch.rate, epoch.seconds, epoch.best)
        self._out.print(terminal.epoch_line(told, total=total, metric=metric))

    def stage(self, sentence: str, done: int = 0, total: int = 0) -> None:
        """One line that counts up where there is a terminal; elsewhere only that the stage begins."""
        if not self._out.is_terminal:
            if not done:
                self._out.print(f"{sentence} ...")
            return
        if not done:
            self._started = time.perf_counter()
        left = (time.perf_counter() - self._started) / done * (total - done) if done else 0.0
        shown = f"{sentence} {done}/{total}, {left:.0f} s left" if done else f"{sentence} ..."
        sys.stdout.write(f"\r\x1b[2K{shown}")
        if done and done == total:
            sys.stdout.write("\r\x1b[2K")
        sys.stdout.flush()
        self._on_line = True

    def ended(self, content: show.ReportContent, folder: Path) -> None:
        if self._on_line:
            sys.stdout.write("\r\x1b[2K")
        paths = [show.Fact("run", str(folder)), show.Fact("report", str(folder / "report.html"))]
        self._out.print()
        self._out.print(terminal.closing_block(content, paths))
