"""How fast the command line answers, and what `import salience` costs.

Protocol: fresh processes in turns (bare Python, the import, the help), 15 each after one that does not count. The
process is the one of the installation that runs the benchmark, with compiled files present as after any first use.
CPU time is that of the child. The bars hold for both clocks.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import Row, Time, in_turns, median, write

ROUNDS = 15
SCRIPT = Path(sys.executable).with_name("salience")
HEAVY = ("torch", "lightning", "pandas", "sklearn", "matplotlib")


def child(words: Sequence[str]) -> Time:
    """Run a command to its end; it has to succeed."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Time(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def imported() -> list[str]:
    """The heavy packages that `import salience` brings in."""
    code = f"import sys, salience; print(*(name for name in {HEAVY} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def main() -> None:
    commands = {
        "bare": [sys.executable, "-c", "pass"],
        "import": [sys.executable, "-c", "import salience"],
        "help": [str(SCRIPT), "--help"],
    }
    times = in_turns({name: partial(child, words) for name, words in commands.items()}, rounds=ROUNDS)
    rows = []
    for clock in ("cpu", "wall"):
        seconds = {name: [getattr(each, clock) for each in found] for name, found in times.items()}
        added = [a - b for a, b in zip(seconds["import"], seconds["bare"], strict=True)]
        rows.append(median(f"salience --help, {clock} time", seconds["help"], "s", bar="< 0.5"))
        rows.append(median(f"import salience adds, {clock} time", added, "s", bar="< 0.2"))
        rows.append(median(f"bare Python, {clock} time", seconds["bare"], "s"))
    heavy = imported()
    rows.append(Row("heavy packages that import salience loads", len(heavy), "", bar="0", note=", ".join(heavy)))
    write("startup", rows)


if __name__ == "__main__":
    main()
