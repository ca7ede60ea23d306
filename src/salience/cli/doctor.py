"""`salience doctor`: use every part of the installation once, on made-up data, and say how to mend what is broken."""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from salience.core.errors import SalienceError
from salience.run.environment import environment

MODEL = {"width": 32}
#: Optional packages, what they are for, and the line that installs them.
OPTIONAL = {
    "jieba": ("Chinese words", "chinese"),
    "transformers": ("pretrained encoders", "pretrained"),
    "tensorboard": ("TensorBoard logs", "tensorboard"),
    "wandb": ("Weights & Biases logs", "wandb"),
    "mlflow": ("MLflow logs", "mlflow"),
}


def doctor(arguments: argparse.Namespace) -> int:
    """Print what works and what does not; the exit code is 1 if something that should work does not."""
    results = [_check(name, check) for name, check in CHECKS.items()]
    optional = {name: _installed(name) for name in OPTIONAL}
    broken = [name for name, _, problem, _ in results if problem]
    if arguments.json:
        checks = {name: problem or "works" for name, _, problem, _ in results}
        print(json.dumps({"environment": environment(), "checks": checks, "optional": optional}, ensure_ascii=False))
        return bool(broken)
    if arguments.quiet:
        return bool(broken)
    for name, value in environment().items():
        print(f"{name:<14} {value}")
    print()
    for name, seconds, problem, detail in results:
        print(f"{'works' if not problem else 'BROKEN':<7} {name:<34} {seconds:5.1f} s  {problem or detail}")
    for name, (purpose, extra) in OPTIONAL.items():
        state, fix = ("works", "") if optional[name] else ("absent", f"pip install 'salience[{extra}]'")
        print(f"{state:<7} {purpose} ({name})  {fix}".rstrip())
    return bool(broken)


def _check(name: str, check: Callable[[], str]) -> tuple[str, float, str, str]:
    start = time.perf_counter()
    problem, detail = "", ""
    try:
        detail = check()
    except (SalienceError, ImportError, OSError, RuntimeError) as error:
        problem = "; ".join(line.strip() for line in str(error).splitlines())
    return name, time.perf_counter() - start, problem, detail


def _english() -> str:
    from salience.data import planted_sentiment

    frame = planted_sentiment(rows=600)[["text", "label"]]
    return _train(frame, "accuracy", 0.7, frame["text"].head(3), target="label")


def _chinese() -> str:
    from salience.data import planted_chinese

    frame = planted_chinese(rows=600)[["text", "label"]]
    return _train(frame, "accuracy", 0.7, frame["text"].head(3), target="label")


def _numbers() -> str:
    from salience.data import planted_regression

    frame = planted_regression(rows=600)[["text", "score"]]
    return _train(frame, "r2", 0.7, frame["text"].head(3), target="score")


def _table() -> str:
    from salience.data import planted_table

    frame = planted_table(rows=600).drop(columns="evidence")
    return _train(frame, "accuracy", 0.7, frame.head(3), target="label")


def _series() -> str:
    from salience.data import planted_series

    frame = planted_series(rows=900)
    read = {"time": "day", "look_back": 16, "elements": "cells", "variables": ["x", "y"]}
    model = {"encoder": "Identity", "pool": "Additive", "dropout": 0.0}
    inputs, task = {"history": {"Series": read}}, {"Forecast": {"horizon": 1}}
    # The mean of the training rows has an error of about 1.
    return _train(frame, "mse", 0.3, frame, target="y", inputs=inputs, task=task, model=model)


def _graph() -> str:
    from salience.data import planted_graph

    graph = planted_graph(nodes=500)
    nodes, edges = graph.tables()
    model = {"encoder": {"GraphStack": {"attention": "GATv2", "residual": True}}, "pool": "AtNode"}
    asked = [{"node": cell} for cell in graph.graph.at([0, 1, 2])]
    with tempfile.TemporaryDirectory(prefix="salience-doctor-") as folder:
        path = Path(folder) / "edges.csv"
        edges.to_csv(path, index=False)
        read = {"node": {"Graph": {"edges": str(path), "hops": 2}}}
        return _train(
            nodes, "accuracy", 0.7, asked, target="label", inputs=read, split="Stratified", model=model, epochs=20
        )


def _train(
    source: Any,
    score: str,
    bar: float,
    asked: Any,
    *,
    model: Mapping[str, Any] = MODEL,
    epochs: int = 8,
    **settings: Any,
) -> str:
    """Fit, save, load, answer and explain; the planted answer has to be learned: the score has to reach the bar."""
    from salience.evaluation.scores import LOWER_IS_BETTER
    from salience.run import fit, load

    with tempfile.TemporaryDirectory(prefix="salience-doctor-") as folder:
        train = {"epochs": epochs, "learning_rate": 0.01}
        run = fit(source, model={**MODEL, **model}, train=train, explain=32, name="doctor", out=folder, **settings)
        value = run.metrics["test"][score]["value"]
        result = load(run.folder).predict(asked)
        if value is None or (value > bar if score in LOWER_IS_BETTER else value < bar):
            raise RuntimeError(f"the planted answer was not learned: {score} {value}")
        if len(result.importance) != len(result.prediction) or not (run.folder / "report.html").exists():
            raise RuntimeError("the run is not whole: its report or its importances are missing")
    return f"{score} {value:.2f} on planted data"


def _installed(package: str) -> bool:
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


CHECKS: dict[str, Callable[[], str]] = {
    "English text, two classes": _english,
    "Chinese text, two classes": _chinese,
    "English text, a number": _numbers,
    "table, two classes": _table,
    "series, a forecast": _series,
    "graph, classes of nodes": _graph,
}
