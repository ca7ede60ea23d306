"""Exact importances of attention: what they cost beside the fused kernel in time and memory, and how exact they are.

Data: random queries, keys and values in float32, 8 heads of width 64, of usual scores (to about 6) and of sharp ones
(to about 100); see `attention/problems.py`.

Protocol: `attention/calm.py` for times (pairs of one call of ours and one of the yardstick, in turns, in one process,
kept if the machine was calm), `attention/peak.py` for memory (a process for each call), `attention/exact.py` for errors
against float64. Times are CPU time with one thread, and time of the clock with two. Each section takes minutes:

    python -m benchmarks.kernels                # all sections
    python -m benchmarks.kernels speed memory   # some of them
    python -m benchmarks.kernels page           # write the figures into docs/kernels.md
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

import torch

from benchmarks.attention import exact, longest, peak, speed, training
from benchmarks.measure import Row, write
from benchmarks.pages import fill

ROUNDS = 7
SECTIONS: Mapping[str, Callable[[int], list[Row]]] = {
    "speed": lambda rounds: speed.kinds(rounds, sharpness="usual"),
    "sharp": lambda rounds: speed.kinds(rounds, sharpness="sharp"),
    "eager": speed.against_eager,
    "training": training.steps,
    "threads": training.threaded,
    "memory": lambda _: peak.rows(),
    "exact": lambda _: exact.rows(),
    "long": speed.long,
    "longest": lambda _: longest.rows(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"{', '.join(SECTIONS)} or page; all of them by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of each ratio")
    given = parser.parse_args()
    unknown = set(given.sections) - {*SECTIONS, "page"}
    if unknown:
        parser.error(f"no section is called {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    for name in given.sections or (*SECTIONS, "page"):
        if name == "page":
            fill("kernels")
        else:
            write(f"kernels_{name}", SECTIONS[name](given.rounds))


if __name__ == "__main__":
    main()
