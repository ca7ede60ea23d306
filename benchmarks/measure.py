"""What all benchmarks share: time taken in turns, facts about the machine, and one form for results.

Machines are often shared, so the main figure is process CPU time, and what is compared runs in turns (A B A B ...).
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One number of a benchmark: its name, its value with what it lies between, and the bar it has to reach."""

    what: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    bar: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Time:
    """How long something took, in seconds of this process's CPU time and of the clock."""

    cpu: float
    wall: float


def stopwatch() -> Callable[[], Time]:
    """A function that tells how long ago it was made."""
    cpu, wall = time.process_time(), time.perf_counter()
    return lambda: Time(time.process_time() - cpu, time.perf_counter() - wall)


def timed(work: Callable[[], object]) -> Time:
    """Do something once."""
    stop = stopwatch()
    work()
    return stop()


def in_turns(works: Mapping[str, Callable[[], Time]], *, rounds: int) -> dict[str, list[Time]]:
    """Do several things, each of which times itself, in turns (A B A B ...), after one turn that does not count."""
    turns = [{name: work() for name, work in works.items()} for _ in range(rounds + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in works}


def ratio(
    what: str, upper: Sequence[Time], lower: Sequence[Time], *, bar: str | None = None, note: str = ""
) -> list[Row]:
    """How many times as long `upper` took as `lower`: the median over turns, between the quartiles.

    Two rows: CPU time, which the bar is for, and the time of the clock.
    """
    rows = []
    for clock, least in (("cpu", bar), ("wall", None)):
        each = [getattr(a, clock) / getattr(b, clock) for a, b in zip(upper, lower, strict=True)]
        rows.append(median(f"{what}, {clock} time", each, "x", bar=least, note=note))
    return rows


def median(what: str, values: Sequence[float], unit: str, *, bar: str | None = None, note: str = "") -> Row:
    """The median of some measurements, between their quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Row(what, middle, unit, low, high, bar, "; ".join(filter(None, (f"median of {len(values)}", note))))


def write(name: str, rows: Sequence[Row], **more: Any) -> None:
    """Write the rows to `results/<name>.json`, with what else was found, and print them."""
    result = {
        "benchmark": name,
        "command": " ".join(("python", *sys.orig_argv[1:])),
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": machine(),
        "rows": [_rounded(asdict(row)) for row in rows],
        **more,
    }
    RESULTS.mkdir(exist_ok=True)
    text = _in_lines(json.dumps(result, indent=1, ensure_ascii=False)) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    show(rows)


def show(rows: Sequence[Row]) -> None:
    """Print the rows."""
    for row in rows:
        between = "" if row.low is None else f"  ({row.low:.4g} to {row.high:.4g})"
        bar = f"  bar: {row.bar}" if row.bar else ""
        print(f"{row.what}: {row.value:.4g} {row.unit}{between}{bar}  {row.note}", flush=True)


def commit() -> str:
    """The commit the code was at; a `+` says that sources had been changed since."""
    at = _git("rev-parse", "--short", "HEAD")
    return at + ("+" if _git("status", "--porcelain", "--", "src", "benchmarks/*.py") else "")


def machine() -> dict[str, Any]:
    """Processor, cores, the versions that decide about speed, and how busy the machine was (1 per core at work)."""
    import torch

    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    lines = described.read_text(encoding="utf-8").splitlines() if described.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=RESULTS.parent.parent, capture_output=True, text=True).stdout.strip()


def _in_lines(text: str) -> str:
    """Each list of plain values on one line."""
    # Within a string no line ends.
    return re.sub(r"\[\n[^][{}]*\]", lambda found: "[" + re.sub(r"\n *", " ", found[0][1:-1]).strip() + "]", text)


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in row.items()}
