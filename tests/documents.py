"""The code in a page of documentation, taken out and run as a reader would run it."""

from __future__ import annotations

import doctest
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from salience.cli import main
from salience.cli.parser import parser
from salience.core import config
from salience.run import settings
from salience.training import TrainOptions

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = re.compile(r"runs/\d{4}-\d\d-\d\d-\w+")
# Verbs that take long and have tests of their own, and one that would go to the network.
ONLY_READ = {"demo", "doctor", "data"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int


def pages() -> list[Path]:
    """Every page that people read."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that name a language."""
    text = page.read_text(encoding="utf-8")
    return [Block(found[1], found[2], text[: found.start()].count("\n") + 2) for found in FENCE.finditer(text)]


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the defaults small, so that a page runs in seconds."""
    monkeypatch.setitem(settings.MODEL, "width", 16)  # type: ignore[arg-type]
    monkeypatch.setitem(settings.GRAPH_TRAIN, "epochs", 2)  # type: ignore[arg-type]
    monkeypatch.setitem(TrainOptions.__init__.__kwdefaults__, "epochs", 2)
    monkeypatch.setitem(settings.Settings.__init__.__kwdefaults__, "explain", 8)


def run(page: Path) -> None:
    """Run every block of a page, one after the other, in the current folder."""
    known: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python":
            exec(_compiled(block, page), known)
        elif block.language == "sh":
            for words in _commands(block.text):
                _run_command(words, f"{page.name}, line {block.line}")
        else:
            _check(block, known, f"{page.name}, line {block.line}")


def check(page: Path) -> None:
    """What can be said of a page in no time: sessions run, programs compile, commands and configs are understood."""
    known: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python":
            _compiled(block, page)
        elif block.language == "sh":
            for words in _commands(block.text):
                if words[0] == "salience":
                    _parse(words[1:])
        else:
            _check(block, known, f"{page.name}, line {block.line}")


def trains(page: Path) -> bool:
    """Whether a page trains a model."""
    return any(
        "salience.fit(" in block.text or "salience fit " in block.text
        for block in blocks(page)
        if block.language in ("python", "sh")
    )


def _compiled(block: Block, page: Path) -> Any:
    # Errors then name the line of the page.
    return compile("\n" * (block.line - 1) + block.text, str(page), "exec")


def _check(block: Block, known: dict[str, Any], place: str) -> None:
    if block.language == "pycon":
        _check_session(block, known, place)
    elif block.language == "yaml":
        _check_config(block, place)


def _check_session(block: Block, known: dict[str, Any], place: str) -> None:
    test = doctest.DocTestParser().get_doctest(block.text, known, place, place, 0)
    test.globs = known
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.append, clear_globs=False)
    assert not runner.failures, "".join(said)


def _run_command(words: list[str], place: str) -> None:
    match words:
        case ["salience", verb, *_] if verb in ONLY_READ:
            _parse(words[1:])
        case ["salience", *rest]:
            assert main(rest) == 0, place
        case ["python", script, *rest]:
            _run_script(ROOT / script, rest)
        case ["pip" | "make", *_]:
            pass
        case _:
            pytest.fail(f"{place}: nobody knows how to run {words}")


def _parse(words: list[str]) -> None:
    # `key=value` words may stand anywhere.
    parser().parse_args([word for word in words if "=" not in word or word.startswith("-")])


def _run_script(script: Path, words: list[str]) -> None:
    small = ["--rows", "160"] if script.name == "reviews.py" else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(script), *words, *small])
        runpy.run_path(str(script), run_name="__main__")


def _check_config(block: Block, place: str) -> None:
    values = config.parse(block.text, where=place)
    made = config.make(settings.Settings, {"data": "reviews.csv", "target": "label", **values}, where=place)
    assert made.options


def _commands(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield [_existing(word) for word in words]


def _existing(word: str) -> str:
    """A run folder as a page writes it becomes the latest one that is there."""
    made = sorted(Path("runs").glob("*"), key=lambda each: each.stat().st_mtime)
    return RUN.sub(str(made[-1]), word) if made else word
