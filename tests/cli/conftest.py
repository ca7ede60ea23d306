"""One tiny run for all tests of the command line, and a way to say a command."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from salience.cli import main
from salience.data.synthetic import planted_sentiment

#: What makes a run small; the answers it gives do not matter here.
SMALL = ("train.epochs=2", "model.width=8", "explain=8")


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def problem(self) -> str:
        """The error message, after checking that it is one, and short."""
        lines = self.err.splitlines()
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.err.startswith("error: ")
        assert len(lines) <= 3
        assert "Traceback" not in self.err
        return self.err


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """A table of 97 labelled texts."""
    path = tmp_path_factory.mktemp("table") / "reviews.csv"
    planted_sentiment(rows=97)[["text", "label"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def run(table, tmp_path_factory) -> Path:
    """The folder of a finished run on `table`."""
    out = tmp_path_factory.mktemp("runs")
    assert main(["fit", str(table), *SMALL, "--target", "label", "--out", str(out), "--quiet"]) == 0
    (folder,) = out.iterdir()
    return folder


@pytest.fixture
def say(capsys) -> Callable[..., Said]:
    """Say a command: `say("predict", folder, "new.csv")`."""

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return call
