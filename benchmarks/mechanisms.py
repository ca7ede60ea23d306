"""Does each mechanism find what matters, and does its record say so? One planted task for each kind of data.

Task: find the red thing among 12 to 24 things of random colours and shapes, wherever it is, and say its shape (one of
four). Documents, pairs of sequences, series with times, images, films and graphs have tasks of their own in
`benchmarks/planted/tasks.py`; in some, other red things are in the way.

Model: a linear embedding, the mechanism, a read-out that weighs the outcomes of the queries, a small head. It learns
for a few seconds on inputs that are drawn anew at every step.

Protocol: 200 unseen inputs, three seeds. Importance is `received` of the record, with the weights of the read-out. The
main figure is the share of inputs with the right answer *and* the highest importance on a planted element, of the worst
seed, with its exact 95 % interval. Beside it stand the same model with a mean in place of the mechanism, and what a
random importance would hit.

    python -m benchmarks.mechanisms [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from benchmarks.measure import RESULTS, Row, show, write
from benchmarks.planted.cases import CASES, Case
from benchmarks.planted.trial import UNSEEN, Found, interval

SEEDS = (0, 1, 2)
BAR = 95


def rows(case: Case) -> Iterator[Row]:
    """The figures of one mechanism."""
    found = [case.run(seed) for seed in SEEDS]
    plain = case.without_attention().run(SEEDS[0])
    bar = None if case.why else f">= {BAR}"
    yield _worst(f"{case.name}, right answer and highest importance on a planted element", "both", found, bar, case.why)
    yield _worst(f"{case.name}, highest importance on a planted element", "hit", found)
    yield _worst(f"{case.name}, right answer", "right", found)
    yield _worst(f"{case.name}, right answer of a mean instead", "right", [plain])
    yield Row(f"{case.name}, random importance on a planted element", 100 * found[0].luck, "%")


def _worst(what: str, kind: str, found: list[Found], bar: str | None = None, why: str = "") -> Row:
    counts = [getattr(each, kind) for each in found]
    low, high = interval(min(counts))
    seeds = "of one seed" if len(counts) == 1 else f"worst of {len(counts)} seeds ({', '.join(map(str, counts))})"
    note = "; ".join(filter(None, (f"{UNSEEN} unseen inputs, {seeds}", why)))
    return Row(what, 100 * min(counts) / UNSEEN, "%", 100 * low, 100 * high, bar, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="measure these, and keep the figures of the others")
    only = parser.parse_args().only
    found = []
    for case in CASES:
        if only is None or case.name in only:
            figures = list(rows(case))
            show(figures)
        else:
            figures = list(known(case.name))
        found += figures
    write("mechanisms", found)


def known(name: str) -> Iterator[Row]:
    """The figures of a mechanism that were measured before."""
    before = json.loads((RESULTS / "mechanisms.json").read_text(encoding="utf-8"))["rows"]
    return (Row(**row) for row in before if row["what"].startswith(f"{name}, "))


if __name__ == "__main__":
    main()
