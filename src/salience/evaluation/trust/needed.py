"""T1, needed: would the model answer the same if it looked everywhere equally, or anywhere?

Legend: N rows, C outputs, P permutations.

The weights of the last looks (`models.intervene`: those of pools, of the attention of a network, of all layers along
edges) are replaced by equal ones, and by ten random permutations of themselves; everything before stays as it is. Told
are the change of the answer (total variation of the probabilities; for a value its distance
in standard deviations of the training targets), and the fall of the accuracy (of R2 for a value).

References: Wiegreffe and Pinter 2019, "Attention is not not Explanation", section 3.2; Jain and Wallace 2019,
"Attention is not Explanation", section 4.2.1.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.errors import NotAvailable
from salience.core.seed import derive
from salience.evaluation.bootstrap import mean
from salience.evaluation.importance.received import AttentionShares
from salience.evaluation.removal_shift import is_value, true_focus
from salience.evaluation.trust.claim import Estimate, claim, either, estimate, every
from salience.evaluation.trust.outcome import Measured, unavailable
from salience.evaluation.trust.trial import Trial
from salience.evaluation.weighted import explained
from salience.models.intervene import last_look
from salience.pipeline import evaluating
from salience.tasks import Task

NAME = "needed"
QUESTION = "Would the model answer otherwise if it looked everywhere equally, or anywhere?"
#: From which change of the answer, and fall of the score, attention is needed; and below which change it decorates.
CHANGE, FALL, NO_CHANGE = 0.05, 0.01, 0.02
PERMUTATIONS = 10
_MEANINGS = {
    "needed": "The model answers otherwise with other attention weights",
    "decorative": "The model answers the same with equal or shuffled attention weights",
}


def needed(trial: Trial) -> Measured:
    """Judge how much the answers change under other weights."""
    if not isinstance(trial.method, AttentionShares):
        return unavailable(NAME, QUESTION, f"'{trial.title}' is no attention, so there are no weights to replace")
    try:
        even, shuffled, note = _answers(trial)
    except NotAvailable as error:
        return unavailable(NAME, QUESTION, error.problem)
    raw = trial.raw[:, None]
    changes = {
        "equal": distance(trial.pipeline.task, even, raw).squeeze(1),
        "shuffled": np.median(distance(trial.pipeline.task, shuffled, raw), axis=1),
    }
    change = {name: estimate(mean(each), len(each), trial.bootstrap) for name, each in changes.items()}
    fall = {"equal": _fall(trial, even), "shuffled": _fall(trial, shuffled)}
    return Measured(
        NAME,
        QUESTION,
        {
            **{f"change_{name}": each.score for name, each in change.items()},
            **{f"fall_{name}": each.score for name, each in fall.items()},
        },
        claims=(
            either(
                "needed",
                *(claim("", each, above=CHANGE) for each in change.values()),
                *(claim("", each, above=FALL) for each in fall.values()),
            ),
            every(
                "decorative",
                *(claim("", each, below=NO_CHANGE) for each in change.values()),
                *(claim("", each, below=FALL) for each in fall.values()),
            ),
        ),
        meanings=_MEANINGS,
        numbers=", ".join(
            f"the answer changes by {change[name].value:.3f} and {_score(trial)} falls by {fall[name].value:.3f} with "
            f"{name} weights"
            for name in changes
        )
        + (f"; {note}" if note else ""),
    )


def distance(task: Task, raw: Float[Tensor, "N Q C"], other: Float[Tensor, "N P C"]) -> Float[np.ndarray, "N P"]:
    """How far answers are apart: total variation; its mean over labels for several; the distance of values."""
    if is_value(task, raw[:, 0]):
        return (_focus(task, raw) - _focus(task, other)).abs().double().numpy()
    apart = (task.probabilities(raw.double()) - task.probabilities(other.double())).abs()
    several = task.choose(raw[:1, 0]).ndim > 1
    return (apart.mean(-1) if several else apart.sum(-1) / 2).numpy()


def _answers(trial: Trial) -> tuple[Float[Tensor, "N 1 C"], Float[Tensor, "N P C"], str]:
    """The answers with equal weights, and with each permutation of the own ones; and what is to know of the looks."""
    generator = torch.Generator().manual_seed(derive(trial.seed, "shuffled weights"))
    even = torch.zeros(len(trial.rows), 1, trial.raw.shape[1])
    shuffled = torch.zeros(len(trial.rows), PERMUTATIONS, trial.raw.shape[1])
    note = ""
    with evaluating(trial.pipeline.model), torch.no_grad():
        for index, batch in trial.pipeline.batches(trial.rows):
            look = last_look(trial.pipeline.model, batch)
            note = look.note
            even[index, 0] = look.told([each.equal() for each in look.looks]).cpu().float()
            for number in range(PERMUTATIONS):
                moved = [each.shuffled(generator) for each in look.looks]
                shuffled[index, number] = look.told(moved).cpu().float()
    return even, shuffled, note


def _fall(trial: Trial, other: Float[Tensor, "N P C"]) -> Estimate:
    """How far the score falls; without targets, the answers to the rows stand in for them."""
    task, raw = trial.pipeline.task, trial.raw
    if is_value(task, raw):
        actual = task.focus(raw).double() if trial.targets is None else true_focus(task, trial.targets)
        whole, changed = (
            explained(((_focus(task, each).double() - actual[:, None]) ** 2).mean(1).numpy(), actual.numpy())
            for each in (raw[:, None], other)
        )
        return estimate(lambda weights: whole(weights) - changed(weights), len(raw), trial.bootstrap)
    actual = task.choose(raw) if trial.targets is None else task.encode(trial.targets)
    right, still = (
        np.stack([_equal(task.choose(each), actual) for each in answers]).mean(0)
        for answers in ([raw], other.unbind(1))
    )
    return estimate(mean(right - still), len(raw), trial.bootstrap)


def _equal(given: Tensor, actual: Tensor) -> Float[np.ndarray, "N"]:
    return (given == actual).reshape(len(given), -1).all(1).double().numpy()


def _score(trial: Trial) -> str:
    name = "R2" if is_value(trial.pipeline.task, trial.raw) else "accuracy"
    return f"{name} on its own answers" if trial.targets is None else name


def _focus(task: Task, answers: Float[Tensor, "N P C"]) -> Float[Tensor, "N P"]:
    return task.focus(answers.flatten(0, 1)).unflatten(0, answers.shape[:2])
