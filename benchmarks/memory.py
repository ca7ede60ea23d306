"""Memory of `salience predict` while it answers a long file: it must not depend on how long the file is.

Data: 1,000,000 rows of 4 to 12 words (about 55 MB of CSV), drawn with one seed from 20,000 made-up words.
Model: 16 wide, trained for one epoch on 2,000 such rows; memory that grows with rows does not depend on the model.

Protocol: the command runs in a process of its own, with its answers going to a file. Five times a second its resident
memory is read, and how many answers the file holds. Growth is the highest memory after the first 50,000 answers over
the highest before. Reads /proc, so Linux only.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measure import Row, write
from benchmarks.startup import SCRIPT

ROWS, TRAINING, SETTLED, WORDS = 1_000_000, 2_000, 50_000, 20_000


@dataclass(frozen=True)
class Sample:
    """The state of the process at one moment."""

    answers: int
    megabytes: float


def table(path: Path, rows: int, *, seed: int) -> Path:
    """Write a CSV of made-up texts, half of them with the word that makes them positive."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("text,label\n")
        for number in range(rows):
            words = " ".join(f"word{each}" for each in rng.integers(0, WORDS, rng.integers(4, 13)))
            file.write(f"{words} good,positive\n" if number % 2 else f"{words} bad,negative\n")
    return path


def watched(words: list[str], out: Path) -> Iterator[Sample]:
    """Run a command to its end, and look at it five times a second."""
    partial, seen, answers = out.with_name(f".{out.name}.partial"), 0, 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if partial.exists():
                with partial.open("rb") as file:
                    file.seek(seen)
                    new = file.read()
                seen, answers = seen + len(new), answers + new.count(b"\n")
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            resident = [line for line in status.splitlines() if line.startswith("VmRSS")]
            if resident:
                yield Sample(answers, int(resident[0].split()[1]) / 1024)
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"the command failed with {process.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train = table(folder / "train.csv", TRAINING, seed=0)
        quick = ["model.width=16", "train.epochs=1", "explain=0"]
        fit = [str(SCRIPT), "fit", str(train), *quick, "--target", "label", "--out", str(folder / "runs"), "--quiet"]
        subprocess.run(fit, check=True)
        (run,) = (folder / "runs").iterdir()
        new, out = table(folder / "new.csv", rows, seed=1), folder / "answers.csv"
        started = time.perf_counter()
        samples = list(watched([str(SCRIPT), "predict", str(run), str(new), "--out", str(out), "--quiet"], out))
        took = time.perf_counter() - started
        with out.open("rb") as file:
            answered = sum(1 for _ in file) - 1
    if answered != rows:
        raise SystemExit(f"expected {rows:,} answers, got {answered:,}")
    before = max(each.megabytes for each in samples if each.answers < SETTLED)
    after = max(each.megabytes for each in samples if each.answers >= SETTLED)
    note = f"{rows:,} rows, {len(samples)} samples"
    write(
        "memory",
        [
            Row("growth of memory after the first 50,000 rows", 100 * (after / before - 1), "%", bar="< 5", note=note),
            Row("highest memory", after, "MB"),
            Row("answers a second, wall time", rows / took, "rows/s", note="with start-up; on a shared machine"),
        ],
    )


if __name__ == "__main__":
    main()
