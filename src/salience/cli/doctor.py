"""`salience doctor`: use every part of the installation once, on made-up data, and say how to mend what is broken."""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable

import pandas as pd

from salience.core.errors import SalienceError
from salience.run.environment import environment

MODEL = {"width": 32}
TRAIN = {"epochs": 8, "learning_rate": 0.01}
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
    from salience.data.synthetic import planted_sentiment

    return _train(planted_sentiment(rows=600)[["text", "label"]], "accuracy")


def _chinese() -> str:
    from salience.data.synthetic import planted_chinese

    return _train(planted_chinese(rows=600)[["text", "label"]], "accuracy")


def _numbers() -> str:
    from salience.data.synthetic import planted_regression

    return _train(planted_regression(rows=600)[["text", "score"]], "r2")


def _train(frame: pd.DataFrame, score: str) -> str:
    """Fit, save, load, answer and explain; the planted answer has to be learned."""
    from salience.run import fit, load

    target = next(name for name in frame.columns if name != "text")
    with tempfile.TemporaryDirectory(prefix="salience-doctor-") as folder:
        run = fit(frame, target=target, out=folder, name="doctor", model=MODEL, train=TRAIN, explain=32)
        value = run.metrics["test"][score]["value"]
        result = load(run.folder).predict(frame["text"].head(3))
        if value is None or value < 0.7:
            raise RuntimeError(f"the planted answer was not learned: {score} {value}")
        if len(result.importance) != 3 or not (run.folder / "report.html").exists():
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
}
