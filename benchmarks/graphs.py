"""A planted motif in a graph: is it found, and does the trust report say so?

Data: `data.graph_synthetic.planted_graph`, 2,400 asked nodes with 3 to 8 neighbours; the shape behind the one red
neighbour is the class. 2,000 nodes to learn from, 200 to choose the epoch, 200 to judge; one graph for each seed.

Protocol: two layers of GATv2 with residual connections; 12 epochs; the epoch of the best validation accuracy answers
the 200 test nodes once. A hit is an input whose most important unit (node or edge, whatever the method) belongs to the
motif: the red node, the node behind it, or one of the two edges between them and the asked node. Intervals are exact
binomial (Clopper and Pearson), 95 %, over the inputs of all seeds.

    python -m benchmarks.graphs --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, write

SETTINGS: dict[str, Any] = {
    "graph": {"hops": 2, "self_loops": False, "scale": "none"},
    "model": {
        "width": 32,
        "encoder": {"GraphStack": {"attention": {"GATv2": {"heads": 2}}, "residual": True}},
        "pool": "AtNode",
        "dropout": 0.1,
    },
    "train": {"epochs": 12, "batch_size": 64, "learning_rate": 5e-3, "drop_units": 0.1},
}
TRAIN, VALIDATION, TEST = 2000, 200, 200


def run(seed: int, *, count: int) -> dict[str, Any]:
    """Train once; hits of each method, accuracy, and the verdicts of the trust report on `count` test nodes."""
    from salience.data.graph_synthetic import planted_graph
    from salience.evaluation.importance import GradientXInput, IntegratedGradients, LeaveOneOut, Received, Rollout
    from salience.evaluation.trust import measure_trust
    from salience.pipeline import Pipeline
    from salience.training import Side, TrainOptions, fit

    made = planted_graph(nodes=TRAIN + VALIDATION + TEST, seed=seed)
    rows = [{"node": cell} for cell in made.cells]
    pipeline = Pipeline({"node": {"Graph": SETTINGS["graph"]}}, "Classification", model=SETTINGS["model"])
    pipeline.learn(rows[:TRAIN], made.labels[:TRAIN], seed=seed)
    examples = pipeline.encode(rows)
    held = slice(TRAIN, TRAIN + VALIDATION)
    with tempfile.TemporaryDirectory() as folder:
        fit(
            pipeline,
            Side(examples[:TRAIN], made.labels[:TRAIN]),
            Side(examples[held], made.labels[held]),
            options=TrainOptions(**SETTINGS["train"], seed=seed),
            folder=Path(folder),
        )
    test, labels, evidence = (each[-TEST:] for each in (rows, made.labels, made.evidence))
    right = sum(a.prediction == b for a, b in zip(pipeline.predict(test), labels, strict=True))
    hits = {}
    for method in (Received(), Rollout(), LeaveOneOut(), IntegratedGradients(), GradientXInput()):
        heats = method(pipeline, test)
        best = [max(each, key=lambda heat: heat.score).unit.place for each in heats]
        hits[method.name] = sum(place in motif for place, motif in zip(best, evidence, strict=True))
    trust = measure_trust(pipeline, test, targets=labels, count=count, seed=seed).to_dict() if count else {}
    return {"seed": seed, "accuracy": right / TEST, "hits": hits, "trust": trust}


def rows_of(runs: Sequence[dict[str, Any]]) -> list[Row]:
    """Accuracy and the share of hits of each method, over all seeds."""
    from scipy.stats import binomtest

    total = TEST * len(runs)
    seeds = f"{len(runs)} seeds of {TEST} inputs"
    accuracy = sum(each["accuracy"] for each in runs) / len(runs)
    rows = [Row("planted motif, test accuracy", accuracy, "", note=seeds)]
    for name in runs[0]["hits"]:
        found = binomtest(sum(each["hits"][name] for each in runs), total)
        between = found.proportion_ci(0.95, "exact")
        bar = ">= 0.95" if name == "received" else None
        rows.append(
            Row(f"highest weight in the motif, {name}", found.statistic, "", between.low, between.high, bar, seeds)
        )
    return rows


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--count", type=int, default=60, help="test nodes of the trust report; 0 for none")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = [run(seed, count=arguments.count) for seed in arguments.seeds]
    for each in runs:
        print(each["seed"], each["accuracy"], each["hits"], each["trust"].get("sentence"), flush=True)
    write("graphs", rows_of(runs), runs=runs)


if __name__ == "__main__":
    main()
