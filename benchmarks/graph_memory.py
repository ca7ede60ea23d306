"""Training on a graph of a million edges with neighbour sampling: time, accuracy and the peak of memory.

Data: 100,000 nodes in 10 communities, 1,000,000 directed edges, nine in ten from a node of the same community; 64
features that are noise but for a faint trace of the community. 20,000 nodes to learn from, 2,000 to choose the epoch,
5,000 to judge, drawn by the seed.

Protocol: two layers of GAT, at most 10 messages to a node, drawn anew for each batch of 512 nodes; three epochs by
`training.fit`; the epoch of the best validation accuracy answers the test nodes once. The baseline is the same model
without edges. The peak is that of the whole process (resident set), Python and libraries included.

    python -m benchmarks.graph_memory
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, timed, write

NODES, EDGES, FEATURES, COMMUNITIES = 100_000, 1_000_000, 64, 10
SIDES = {"train": 20_000, "validation": 2_000, "test": 5_000}
MODEL: dict[str, Any] = {
    "width": 64,
    "encoder": {"GraphStack": {"attention": {"GAT": {"heads": 4}}, "residual": True}},
    "pool": "AtNode",
    "dropout": 0.1,
}


def graph(seed: int) -> tuple[Any, list[str]]:
    """The graph, and the community of each node."""
    from salience.data.graph import Graph

    chance = np.random.default_rng(seed)
    community = np.arange(NODES) % COMMUNITIES
    target = chance.integers(NODES, size=EDGES)
    anyone = chance.integers(NODES, size=EDGES)
    alike = anyone - community[anyone] + community[target]
    source = np.where(chance.random(EDGES) < 0.9, alike, anyone)
    traces = chance.normal(size=(COMMUNITIES, FEATURES))
    features = (chance.normal(size=(NODES, FEATURES)) + 0.12 * traces[community]).astype(np.float32)
    return Graph(list(range(NODES)), features, np.stack([source, target])), [f"c{each}" for each in community]


def train(seed: int, *, hops: int) -> dict[str, float]:
    """Train, and answer the test nodes; the peak of memory so far, in bytes."""
    from salience.pipeline import Pipeline
    from salience.training import Side, TrainOptions, fit

    made, labels = graph(seed)
    order = np.random.default_rng([seed, 1]).permutation(NODES)
    index = dict(zip(SIDES, np.split(order, np.cumsum(list(SIDES.values())))[: len(SIDES)], strict=True))
    pipeline = Pipeline(
        {"node": {"Graph": {"hops": hops, "fan_out": 10, "self_loops": hops == 0}}}, "Classification", model=MODEL
    )
    cells = {side: [{"node": cell} for cell in made.at(each.tolist())] for side, each in index.items()}
    known = {side: [labels[i] for i in each] for side, each in index.items()}
    pipeline.learn(cells["train"], known["train"], seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit(
            pipeline,
            Side(pipeline.encode(cells["train"]), known["train"]),
            Side(pipeline.encode(cells["validation"]), known["validation"]),
            options=TrainOptions(epochs=3, batch_size=512, learning_rate=3e-3, drop_units=0.0, seed=seed),
            folder=Path(folder),
        )
    predicted = pipeline.predict(cells["test"])
    right = np.mean([answer.prediction == label for answer, label in zip(predicted, known["test"], strict=True)])
    seconds = float(np.mean([epoch.seconds for epoch in fitted.history]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"accuracy": float(right), "seconds": seconds, "peak": float(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    found: dict[str, dict[str, float]] = {}
    took = timed(lambda: found.update(edges=train(seed, hops=2)))
    found["alone"] = train(seed, hops=0)
    write(
        "graph_memory",
        [
            Row("1,000,000 edges, peak memory", found["edges"]["peak"] / 2**30, "GiB", bar="<= 24"),
            Row("1,000,000 edges, an epoch of 20,000 nodes", found["edges"]["seconds"], "s"),
            Row("1,000,000 edges, all of it", took.cpu / 60, "core-min"),
            Row("1,000,000 edges, test accuracy", found["edges"]["accuracy"], "", note="10 communities"),
            Row("the same nodes without edges, test accuracy", found["alone"]["accuracy"], ""),
        ],
    )


if __name__ == "__main__":
    main()
