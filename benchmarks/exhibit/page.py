"""Write the words and tables of the gallery from cards and from what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.exhibit import curves, picture
from benchmarks.exhibit.card import card, headline
from benchmarks.planted.cases import CASES, Case
from salience import attention

# What a benchmark left, read from its JSON.
Found = Mapping[str, Any]
BOTH = "right answer and highest importance on a planted element"
RIGHT, MEAN, LUCK = "right answer", "right answer of a mean instead", "random importance on a planted element"
TIME, RECEIVED, MEMORY = "forward, cpu time", "received after it, cpu time", "peak memory of both"
FAMILIES = tuple(dict.fromkeys(case.family for case in CASES))
# The size whose cost stands in the table of all mechanisms, and those in the table of a family.
USUAL, SHOWN = 1024, (64, 256, 1024, 2048)

INTRODUCTION = """\
# Gallery of mechanisms

Every mechanism of `salience.attention`, on the same small inputs. The sentences are those of the
[reference](api/attention.md); all numbers and pictures were made by `python -m benchmarks.mechanisms` and
`python -m benchmarks.gallery`.

**The task.** Twelve things, each with a colour and a shape, and a question: *what is the red thing?* It stands
anywhere. The shapes of all others are drawn at random, and the mean of all things does not tell which colour belongs to
which shape, so that a model has to look. A thing is a vector for its colour plus one for its shape plus noise.
Mechanisms that read more than a sequence get an input of their kind, made of the same things: an image, a film, a
graph, a series with times, a document, or a pair of sequences.

**The pictures.** A small model (a linear embedding, the mechanism, a read-out) has learned the task from other inputs.
A row is a query, a column is a source; the darker, the larger the weight (the mean over heads; orange is below zero).
Below stands the *received attention*, by which importance is read: the mean over queries, or, where one query is asked,
its row. What is planted is written or framed in red.

**Found** is the share of 200 unseen inputs with the right answer *and* the highest importance on a planted element, of
the worst of three seeds, with its exact 95 % interval. Importance is read from the record alone. Beside it stand how
often the answer is right, how often the same model is right with a plain mean in place of the mechanism (25 % would be
right by chance), and how often a random importance would be highest on a planted element. Where less than 95 % were
found, the reason is told.
"""


def page(measured: Found, planted: Found) -> str:
    """The whole page."""
    machine = (
        "**Cost** is that of one input of vectors of width 64, all of which ask, in evaluation, on {cpu}, {threads} "
        "thread, torch {torch}: CPU time of the forward pass, and of asking the record for the received attention "
        "after it; memory is the peak of what tensors hold, for both. Sizes that would take more than 1 GiB are left "
        "out.\n"
    ).format(**measured["machine"])
    parts = [INTRODUCTION, machine, _summary(measured, planted)]
    for number, family in enumerate(FAMILIES, 1):
        members = [case for case in CASES if case.family == family]
        parts.append(f"## {family}\n")
        parts += [_section(case, measured, planted) for case in members]
        curve = f"![Time and memory over the number of elements](images/gallery/cost-{number}.svg)"
        parts.append(f"### Cost: {family[0].lower()}{family[1:]}\n\n{curve}\n\n{_costs(members, measured)}\n")
    return "\n".join(parts)


def images(measured: Found) -> dict[str, str]:
    """Every picture of the page, by the name of its file."""
    drawn = {f"{each['name']}.svg": picture.draw(each) for each in measured["looks"]}
    for number, family in enumerate(FAMILIES, 1):
        points = {case.name: cost_of(case.name, measured) for case in CASES if case.family == family}
        drawn[f"cost-{number}.svg"] = curves.draw(
            {name: [(elements, time, memory) for elements, time, _, memory in each] for name, each in points.items()}
        )
    return drawn


def cost_of(name: str, measured: Found) -> list[tuple[int, float, float, float]]:
    """Elements, time, time of received, and memory, at each size."""
    kinds = [[row for row in measured["rows"] if row["what"] == f"{name}, {kind}"] for kind in (TIME, RECEIVED, MEMORY)]
    return [(int(a["note"].split()[0]), a["value"], b["value"], c["value"]) for a, b, c in zip(*kinds, strict=True)]


def _summary(measured: Found, planted: Found) -> str:
    lines = []
    for case in CASES:
        costs = {elements: (time, memory) for elements, time, _, memory in cost_of(case.name, measured)}
        both = _row(planted, case.name, BOTH)
        shares = [_row(planted, case.name, kind)["value"] for kind in (RIGHT, MEAN, LUCK)]
        lines.append(
            (
                f"[{case.name}](#{case.name.lower()})",
                f"{_percent(both['value'])}\u00a0({_interval(both)})",
                *map(_percent, shares),
                *(_short(each) for each in costs.get(USUAL, ())),
            )
        )
    head = ("", "Found, %", "Right, %", "Mean right, %", "Random hit, %", "Time, ms", "Memory, MiB")
    return f"{_table(head, lines)}\n\nTime of the forward pass and memory are those of {USUAL:,} elements.\n"


def _section(case: Case, measured: Found, planted: Found) -> str:
    told = card(getattr(attention, case.name))
    seen = next(each for each in measured["looks"] if each["name"] == case.name)
    if seen["normalised"]:
        told.setdefault("Weights", "the share of each source in what a query takes; those of a query sum to one.")
    lines = [
        f"### {case.name}",
        headline(getattr(attention, case.name)),
        f"![Where {case.name} looked](images/gallery/{case.name}.svg)",
        *(f"**{part}:** {told[part]}" for part in ("Idea", "Formula", "Weights", "Cost", "Works badly when")),
        f"**Found:** {_sentence(case, planted)}",
        f"**Reference:** {told['Reference']}",
    ]
    return "\n\n".join(lines) + "\n"


def _sentence(case: Case, planted: Found) -> str:
    right = _row(planted, case.name, RIGHT)["value"]
    found = f"{_share(_row(planted, case.name, BOTH))}; {_percent(right)} % of the answers are right."
    asked = "One learned query asks, as in a pool. " if case.pool else ""
    task = " ".join((case.task.__doc__ or "").split())
    return f"{found} Task: {task} {asked}{case.why}".rstrip()


def _costs(members: Sequence[Case], measured: Found) -> str:
    lines = []
    for case in members:
        costs = {2 ** round(math.log2(each[0])): each for each in cost_of(case.name, measured)}
        lines.append((case.name, *(_cell(size, costs.get(size)) for size in SHOWN)))
    return _table(("Forward + received, memory", *(f"{size:,}" for size in SHOWN)), lines)


def _cell(size: int, cost: tuple[int, float, float, float] | None) -> str:
    if cost is None:
        return "more than 1 GiB"
    elements, time, received, memory = cost
    exactly = "" if elements == size else f"<br>({elements:,} elements)"
    return f"{_short(time)} + {_short(received)}\u00a0ms<br>{_short(memory)} MiB{exactly}"


def _row(found: Found, name: str, kind: str) -> Mapping[str, Any]:
    return next(row for row in found["rows"] if row["what"] == f"{name}, {kind}")


def _share(row: Mapping[str, Any]) -> str:
    return f"{_percent(row['value'])} % ({_interval(row)})"


def _interval(row: Mapping[str, Any]) -> str:
    # Joined, so that no line breaks within.
    return f"{_percent(row['low'])}\u2060–\u2060{_percent(row['high'])}"


def _percent(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 99.5 else f"{value:,.0f}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(each) + " |" for each in rows)
