"""Write the gallery of the documentation: every mechanism with its picture, formula, cost, and what it found.

Pictures show the weights of the models of `benchmarks.mechanisms` (first seed), the mean over heads, on one input that
they have not seen. Cost is that of one input of 64 to 2,048 vectors of width 64 in evaluation: CPU time, the least of 7
rounds in each of two passes over all mechanisms, and the peak of memory that tensors hold at once, read from torch's
profiler; the received attention is asked for after the forward pass and timed by itself. Mechanisms for a grid, a graph
or groups get those of their planted task: a square image, four square frames, about eight neighbours, and sentences of
four.

    python -m benchmarks.gallery    write the page and its pictures from what was measured
    python -m benchmarks.gallery --looks --costs    before, train for the pictures, and measure the costs
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.exhibit.cost import costs, least_of
from benchmarks.exhibit.page import MEMORY, RECEIVED, TIME, images, page
from benchmarks.measure import RESULTS, Row, write
from benchmarks.planted.cases import CASES, Case
from benchmarks.planted.things import COLOURS, SHAPES, Inputs

PAGE = Path(__file__).parents[1] / "docs" / "gallery.md"
IMAGES = PAGE.parent / "images" / "gallery"
# How many elements a picture shows, and how many where that is no sequence.
SHOWN = 12
SHOWN_OF = {"image": 16, "film": 16, "graph": 10}
# Inputs of pictures are drawn with a seed that no training starts from.
DRAWN = 7
PASSES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", action="store_true", help="train for the pictures first")
    parser.add_argument("--costs", action="store_true", help="measure time and memory first")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="mechanisms that are new; all others stay")
    chosen = parser.parse_args()
    if chosen.looks or chosen.costs:
        cases = [case for case in CASES if not chosen.only or case.name in chosen.only]
        known = result("gallery")
        rows = [Row(**row) for row in known["rows"]]
        if chosen.costs:
            rows = _replaced(rows, cost_rows(cases), lambda row: row.what.partition(",")[0])
        looks = known["looks"]
        if chosen.looks:
            looks = _replaced(looks, [look(case) for case in cases], lambda each: each["name"])
        write("gallery", rows, looks=looks)
    measured, planted = result("gallery"), result("mechanisms")
    PAGE.write_text(page(measured, planted), encoding="utf-8")
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, drawn in images(measured).items():
        (IMAGES / name).write_text(drawn, encoding="utf-8")
    print(PAGE)


def result(name: str) -> Mapping[str, Any]:
    """What a benchmark left."""
    found: Mapping[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _replaced(known: Sequence[Any], new: Sequence[Any], name: Callable[[Any], str]) -> list[Any]:
    """All that is known of other mechanisms, and the new."""
    again = {name(each) for each in new}
    return [*(each for each in known if name(each) not in again), *new]


def cost_rows(cases: Sequence[Case]) -> list[Row]:
    """Time and memory of mechanisms at each size, the least of two passes over all of them."""
    passes = [{case.name: costs(case) for case in cases} for _ in range(PASSES)]
    return [
        Row(f"{name}, {kind}", value, unit, note=f"{each.elements} elements")
        for name in passes[0]
        for each in least_of([found[name] for found in passes])
        for kind, value, unit in (
            (TIME, each.milliseconds, "ms"),
            (RECEIVED, each.received_milliseconds, "ms"),
            (MEMORY, each.mebibytes, "MiB"),
        )
    ]


def look(case: Case) -> dict[str, Any]:
    """What a trained mechanism makes of one small input: everything that its picture needs."""
    kind = case.task.__name__
    inputs = case.task(1, torch.Generator().manual_seed(DRAWN), size=SHOWN_OF.get(kind, SHOWN), full=True)
    reader = case.trained(0)
    with torch.no_grad():
        reading = reader(inputs)
        weights, received = reading.record.weights(), reading.record.received(reading.asked)
    sources = _names(inputs.colour[0], inputs.shape[0])
    layout = inputs.layout
    return {
        "name": case.name,
        "task": kind,
        "sources": sources,
        "queries": _queries(case, inputs, sources),
        "weights": [_rounded(row) for row in weights[0].mean(dim=0)],
        "received": _rounded(received[0].mean(dim=0)),
        "planted": inputs.planted[0].tolist(),
        # The one query that is asked, if not all are.
        "asked": int(inputs.asked[0].argmax()) if inputs.asked[0].max() == 1 else None,
        "grid": layout.grid,
        "edges": None if layout.edges is None else layout.edges.T.tolist(),
        "normalised": reading.record.normalised,
    }


def _queries(case: Case, inputs: Inputs, sources: Sequence[str]) -> list[str]:
    if case.pool:
        return ["one learned query"]
    if inputs.query_colour is not None and inputs.query_shape is not None:
        return _names(inputs.query_colour[0], inputs.query_shape[0])
    if inputs.layout.times is not None:
        times = inputs.layout.times[0].tolist()
        return [f"{name} at {time:.1f}" for name, time in zip(sources, times, strict=True)]
    return list(sources)


def _names(colour: torch.Tensor, shape: torch.Tensor) -> list[str]:
    return [f"{COLOURS[c]} {SHAPES[s]}" for c, s in zip(colour.tolist(), shape.tolist(), strict=True)]


def _rounded(weights: torch.Tensor) -> list[float]:
    return [round(each, 3) for each in weights.tolist()]


if __name__ == "__main__":
    main()
