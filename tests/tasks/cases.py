"""The contract table: one row for each task, and one for each option that changes what it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from salience.data.target import Listed
from salience.tasks import Classification, MultiLabel, Ranking, Regression, Task


@dataclass(frozen=True)
class Case:
    """A task to be made anew, targets to fit it on, and targets that it has to refuse."""

    name: str
    make: Callable[[], Task]
    targets: Sequence[Any]
    wrong: Sequence[Any]
    num_outputs: int
    is_value: bool = False  # it answers with a number, which has no probability


CLASSES = ("bad", "good", "bad", "fair", "bad", "good", "bad")
LABELS = (("news", "sport"), (), ("sport",), ("art", "news"), ("sport",), ("news",), ("art", "news", "sport"))
NUMBERS = (2.0, 5.5, -3.0, 2.5, 0.0, 8.0, 1.5)


def classification(name: str, **options: Any) -> Case:
    return Case(name, lambda: Classification(**options), CLASSES, wrong=("godd", None, 3), num_outputs=3)


def multi_label(name: str, **options: Any) -> Case:
    return Case(name, lambda: MultiLabel(**options), LABELS, wrong=(("spoort",), ("news", 3)), num_outputs=3)


def ranking(name: str, **options: Any) -> Case:
    targets = [Listed(value, "ab"[i % 2]) for i, value in enumerate(NUMBERS)]
    wrong = (Listed(float("nan"), "a"), Listed("7", "a"), 7.0, None)  # type: ignore[arg-type]
    return Case(name, lambda: Ranking(list="query", **options), targets, wrong=wrong, num_outputs=1, is_value=True)


def regression(name: str, **options: Any) -> Case:
    wrong = (float("nan"), float("inf"), "7", None)
    return Case(name, lambda: Regression(**options), NUMBERS, wrong=wrong, num_outputs=1, is_value=True)


CASES = (
    classification("Classification"),
    classification("Classification balanced", balanced=True),
    classification("Classification smoothing", smoothing=0.1),
    classification("Classification focal", focal=2.0),
    classification("Classification hinge", hinge=True),
    multi_label("MultiLabel"),
    multi_label("MultiLabel balanced", balanced=True),
    ranking("Ranking"),
    ranking("Ranking weight", weight=3.0),
    ranking("Ranking weight 0", weight=0.0),
    regression("Regression"),
    regression("Regression robust", robust=True),
)
