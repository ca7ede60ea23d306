"""T8, alone: could the model have looked elsewhere and answered the same?

Legend: B rows of a batch, N rows, C outputs.

For each row, weights are sought that are as far as possible from its own and leave the answer as it is: three times
150 steps of Adam on the logits of the weights, everything before the last looks fixed. Of several looks, queries or
heads the distance is the mean. This tells about the model and not
about its attention: honest and misleading attention have such alternatives alike. So there is no verdict.

References: Jain and Wallace 2019, "Attention is not Explanation", section 4.2.2; Wiegreffe and Pinter 2019, "Attention
is not not Explanation".
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch
from salience.core.errors import NotAvailable
from salience.core.seed import derive
from salience.evaluation.bootstrap import mean
from salience.evaluation.explanation.looking import divergence
from salience.evaluation.importance.received import AttentionShares
from salience.evaluation.removal_shift import is_value
from salience.evaluation.trust.outcome import Measured, unavailable
from salience.evaluation.trust.trial import Trial
from salience.models.intervene import LastLook, last_look
from salience.pipeline import evaluating

NAME = "alone"
QUESTION = "Could it have looked elsewhere with the same answer?"
#: From which divergence (natural logarithm, at most 0.693) weights are other ones, and up to which change an answer is
#: the same.
FAR, SAME = 0.35, 0.01
STARTS, STEPS, RATE = 3, 150, 0.1
# How much more a change of the answer costs than divergence brings.
_PENALTY = 500.0


def alone(trial: Trial) -> Measured:
    """The share of rows with far other weights and the same answer."""
    if not isinstance(trial.method, AttentionShares):
        return unavailable(NAME, QUESTION, f"'{trial.title}' is no attention, so there are no weights to replace")
    generator = torch.Generator().manual_seed(derive(trial.seed, "elsewhere"))
    found = np.zeros(len(trial.rows))
    with evaluating(trial.pipeline.model):
        for index, batch in trial.pipeline.batches(trial.rows):
            try:
                found[index] = _elsewhere(trial, batch, generator)
            except NotAvailable as error:
                return unavailable(NAME, QUESTION, error.problem)
    share = trial.bootstrap.estimate(mean(found), len(found))
    sentence = (
        f"For {found.mean():.0%} of the rows other weights give the same answer. This is information and no verdict: "
        "honest and misleading attention do not differ in it."
    )
    return Measured(NAME, QUESTION, {"share": share}, sentence=sentence)


def _elsewhere(trial: Trial, batch: Batch, generator: torch.Generator) -> Float[np.ndarray, "B"]:
    """For each row whether such weights were found."""
    with torch.no_grad():
        look = last_look(trial.pipeline.model, batch)
        before = look.told(look.weights)
    found = torch.zeros(len(before), dtype=torch.bool, device=before.device)
    logits, optimizer = _started(look, generator)
    for step in range(STARTS * STEPS):
        if step and step % STEPS == 0:
            logits, optimizer = _started(look, generator)
        with torch.enable_grad():
            weights = [each.normalised(of) for each, of in zip(look.looks, logits, strict=True)]
            far = divergence(look, weights)
            change = _change(trial, look.told(weights), before)
            found |= (far.detach() > FAR) & (change.detach() < SAME)
            loss = (_PENALTY * (change - SAME / 2).relu() - far).sum()
        gradients = torch.autograd.grad(loss, logits)
        for each, gradient in zip(logits, gradients, strict=True):
            each.grad = gradient
        optimizer.step()
    return found.double().cpu().numpy()


def _started(look: LastLook, generator: torch.Generator) -> tuple[list[Tensor], torch.optim.Optimizer]:
    """Logits far from each other, and what moves them."""
    logits = [3 * torch.randn(each.shape, generator=generator).to(each) for each in look.weights]
    return logits, torch.optim.Adam([each.requires_grad_() for each in logits], lr=RATE)


def _change(trial: Trial, raw: Float[Tensor, "B C"], before: Float[Tensor, "B C"]) -> Float[Tensor, "B"]:
    task = trial.pipeline.task
    if is_value(task, before):
        return (task.focus(raw) - task.focus(before)).abs()
    return (task.probabilities(raw) - task.probabilities(before)).abs().amax(-1)
