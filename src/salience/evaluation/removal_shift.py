"""A guard: does a model still work when parts of its input are missing? If not, removal measures unusual inputs.

Legend: N rows, M random removals of each row, C outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from salience.evaluation.bootstrap import Bootstrap, Statistic, mean
from salience.evaluation.score import Score
from salience.evaluation.weighted import explained
from salience.tasks import Forecast, Ranking, Task

# A model whose score falls by more than this has not learnt to do with missing parts (Hooker et al. 2019).
LARGEST_FALL = 0.1


@dataclass(frozen=True, slots=True)
class RemovalShift:
    """How well a model does on whole rows, and on rows that have lost a random fifth of their units.

    `name` says how: accuracy, or R2 for a regression; where no targets were given, the answers to the whole rows stand
    in for them. Confidence is the mean probability of what is predicted; a value has none.
    """

    name: str
    whole: Score
    shortened: Score
    confidence_whole: Score | None
    confidence_shortened: Score | None
    #: The score falls by more than 0.1, so that what is measured by removal is how the model treats unusual inputs.
    unusual: bool

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        found = f"{self.name} is {self.whole} on whole inputs and {self.shortened} without a random fifth of the parts"
        if self.unusual:
            return f"Shortened inputs are unusual for this model: {found}. Train it with parts left out."
        return f"The model copes with shortened inputs: {found}."


def removal_shift(
    task: Task,
    raw: Float[Tensor, "N C"],
    shortened: Float[Tensor, "N M C"],
    targets: Sequence[Any] | None,
    bootstrap: Bootstrap,
) -> RemovalShift:
    """Compare the answers to whole rows with those to M random removals of each."""
    name, score = _values(task, raw, targets) if is_value(task, raw) else _classes(task, raw, targets)
    whole, short = (
        bootstrap.estimate(score(each), len(raw), undefined="the targets do not differ")
        for each in (raw[:, None], shortened)
    )
    fall = 0.0 if whole.value is None or short.value is None else whole.value - short.value
    return RemovalShift(
        name,
        whole,
        short,
        _confidence(task, raw[:, None], bootstrap),
        _confidence(task, shortened, bootstrap),
        unusual=fall > LARGEST_FALL,
    )


def is_value(task: Task, raw: Float[Tensor, "N C"]) -> bool:
    """Does the task answer with a value, which has no probability and cannot flip?"""
    return task.decode(raw[:1])[0].probability is None


def true_focus(task: Task, targets: Sequence[Any]) -> Float[Tensor, "N"]:
    """What `task.focus` would be if the answers were true; of tasks that answer with a value."""
    target = task.encode(targets).double()
    return task.truth(target) if isinstance(task, Forecast | Ranking) else target


Comparison = Callable[[Float[Tensor, "N M C"]], Statistic]


def _classes(task: Task, raw: Float[Tensor, "N C"], targets: Sequence[Any] | None) -> tuple[str, Comparison]:
    actual = task.choose(raw) if targets is None else task.encode(targets)

    def accuracy(answers: Float[Tensor, "N M C"]) -> Statistic:
        given = task.choose(answers.flatten(0, 1)).unflatten(0, answers.shape[:2])
        right = (given == actual[:, None]).flatten(2).all(2) if given.ndim > 2 else given == actual[:, None]
        return mean(right.double().mean(1).numpy())

    return "agreement with whole inputs" if targets is None else "accuracy", accuracy


def _values(task: Task, raw: Float[Tensor, "N C"], targets: Sequence[Any] | None) -> tuple[str, Comparison]:
    actual = task.focus(raw).double() if targets is None else true_focus(task, targets)

    def fit(answers: Float[Tensor, "N M C"]) -> Statistic:
        given = task.focus(answers.flatten(0, 1)).unflatten(0, answers.shape[:2])
        return explained(((given - actual[:, None]) ** 2).mean(1).numpy(), actual.numpy())

    return "R2 with whole inputs" if targets is None else "R2", fit


def _confidence(task: Task, answers: Float[Tensor, "N M C"], bootstrap: Bootstrap) -> Score | None:
    if is_value(task, answers[:, 0]):
        return None
    sure = task.focus(answers.flatten(0, 1)).unflatten(0, answers.shape[:2]).double().sigmoid()
    return bootstrap.estimate(mean(sure.mean(1).numpy()), len(sure))
