"""T6, stable: do changes that nobody can see keep the attention where it is?

Legend: B rows of a batch, N rows, S positions, D width, U units of a row.

Embeddings are moved by Gaussian noise of a tenth of their size, eight times. Only noise that keeps the prediction, and
its probability within 0.02, counts. Told is the Jensen-Shannon divergence of the attention shares before and after, in
bits: 0 is the same, 1 shares nothing.

Where models are given that were trained with other seeds, or the model is an ensemble of such, it is also told how far
two of them agree, in rank and in shares. That is information: two good models may look at different parts of repeated
evidence.

Reference: Alvarez-Melis and Jaakkola 2018, "On the Robustness of Interpretability Methods".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from salience.core.errors import DataError
from salience.core.seed import derive
from salience.evaluation.bootstrap import mean
from salience.evaluation.importance.gradient_x_input import embed
from salience.evaluation.importance.importance import Scores
from salience.evaluation.importance.received import AttentionShares
from salience.evaluation.removal import Row, together
from salience.evaluation.removal_shift import is_value
from salience.evaluation.score import Score
from salience.evaluation.trust.claim import claim, estimate
from salience.evaluation.trust.learned import rank_correlation
from salience.evaluation.trust.outcome import INCONCLUSIVE, Measured, unavailable
from salience.evaluation.trust.trial import Trial
from salience.pipeline import Pipeline, evaluating

NAME = "stable"
QUESTION = "Do changes that keep the answer keep the attention, too?"
#: The most bits that attention may move; the noise as a share of the size of embeddings; and the change of the answer
#: up to which nobody can see it.
MOST, NOISE, UNSEEN = 0.1, 0.1, 0.02
DRAWS = 8
_MEANINGS = {
    "pass": "Changes that keep the answer keep the attention",
    "fail": "Changes that keep the answer move the attention",
}


def stable(trial: Trial, others: Sequence[Pipeline] = ()) -> Measured:
    """Judge how far attention moves under noise that keeps the answer, and tell how far the others agree.

    Raises:
        DataError: another model divides a row into other units.
    """
    agreement = _agreement(trial, others) if others or trial.pipeline.members else {}
    told = "".join(f"; {name.replace('_', ' ')} {score}" for name, score in agreement.items())
    if not isinstance(trial.method, AttentionShares):
        reason = f"'{trial.title}' is no attention, which noise could move{told}"
        return replace(unavailable(NAME, QUESTION, reason), statistics=agreement)
    moved = _moved(trial, trial.method)
    kept = np.flatnonzero(np.isfinite(moved))
    if len(kept) < len(moved) / 2:
        sentence = f"Nothing can be said: in most rows even this noise changes the answer{told}."
        return Measured(NAME, QUESTION, agreement, verdict=INCONCLUSIVE, sentence=sentence)
    found = estimate(mean(moved[kept]), len(kept), trial.bootstrap_of(kept.tolist()))
    return Measured(
        NAME,
        QUESTION,
        {"divergence": found.score, **agreement},
        claims=(claim("pass", found, below=MOST), claim("fail", found, above=MOST)),
        meanings=_MEANINGS,
        numbers=f"it moves by {found.score} bits of at most 1{told}",
    )


def _agreement(trial: Trial, others: Sequence[Pipeline]) -> dict[str, Score]:
    """Rank correlation and divergence of the shares of two models, averaged over all pairs."""
    ranks, apart = [], []
    for one, other in combinations(_scores(trial, others), 2):
        for pair in zip(one, other, strict=True):
            _check_units(*pair)
        ranks.append([rank_correlation(*pair) for pair in zip(one, other, strict=True)])
        apart.append([_divergence(*pair) for pair in zip(one, other, strict=True)])
    numbers = {"rank_correlation_of_seeds": ranks, "divergence_of_seeds": apart}
    return {name: _over_rows(trial, np.mean(each, axis=0)) for name, each in numbers.items()}


def _scores(trial: Trial, others: Sequence[Pipeline]) -> Iterator[Sequence[Scores]]:
    """The importances of the rows by each model: the one on trial, or its members, and the others."""
    if not trial.pipeline.members:
        yield trial.scores
    for member in trial.pipeline.members:
        yield trial.method.scores(member, trial.rows)
    for other in others:
        yield trial.method.scores(other, [_reread(other, row) for row in trial.rows])


def _reread(pipeline: Pipeline, row: Row) -> Row:
    """The same row as another pipeline reads it."""
    return {name: pipeline.modalities[name].encode(example.cell) for name, example in row.items()}


def _over_rows(trial: Trial, values: Float[np.ndarray, "N"]) -> Score:
    """The mean over the rows where there is a number."""
    kept = np.flatnonzero(np.isfinite(values))
    if not len(kept):
        return Score(None, reason="all parts of each row are equally important")
    return trial.bootstrap_of(kept.tolist()).estimate(mean(values[kept]), len(kept))


def _divergence(one: Scores, other: Scores) -> float:
    """The divergence of the absolute shares; NaN where there are none."""
    first, second = (np.abs(together(each)) for each in (one, other))
    if not first.sum() or not second.sum():
        return float("nan")
    return divergence(first / first.sum(), second / second.sum())


def _check_units(own: Scores, other: Scores) -> None:
    sizes = [{column: len(each) for column, each in scores.items()} for scores in (own, other)]
    if sizes[0] != sizes[1]:
        raise DataError(
            f"two models divide a row into different units: {sizes[0]} and {sizes[1]}",
            where="others",
            fix="give models that were trained in the same way with other seeds",
        )


def _moved(trial: Trial, method: AttentionShares) -> Float[np.ndarray, "N"]:
    """The mean divergence of each row; NaN where no noise kept its answer."""
    pipeline = trial.pipeline
    generator = torch.Generator().manual_seed(derive(trial.seed, "noise"))
    total, count = np.zeros(len(trial.rows)), np.zeros(len(trial.rows))
    with evaluating(pipeline.model), torch.no_grad():
        for index, batch in pipeline.batches(trial.rows):
            embedded = embed(pipeline, batch)
            rows = [trial.rows[i] for i in index]
            masks = {column: stream.layout.mask for column, stream in batch.streams.items()}
            for _ in range(DRAWS):
                noisy = {column: _with_noise(each, masks[column], generator) for column, each in embedded.items()}
                output = pipeline.model.read(noisy, batch)
                keeps = _keeps(trial, index, output.raw.cpu())
                after = method.shares(pipeline, rows, output)
                for place, i in enumerate(index):
                    if keeps[place]:
                        total[i] += divergence(together(trial.scores[i]), together(after[place]))
                        count[i] += 1
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def _with_noise(
    embedded: Float[Tensor, "B S D"], mask: Bool[Tensor, "B S"], generator: torch.Generator
) -> Float[Tensor, "B S D"]:
    """Embeddings with noise of a tenth of the root mean square of their row."""
    real = mask[..., None]
    square = torch.where(real, embedded, 0.0).square().sum((1, 2), keepdim=True)
    size = (square / (real.sum((1, 2), keepdim=True).clamp(min=1) * embedded.shape[-1])).sqrt()
    noise = torch.randn(embedded.shape, generator=generator).to(embedded)
    return torch.where(real, embedded + NOISE * size * noise, embedded)


def _keeps(trial: Trial, index: list[int], raw: Float[Tensor, "B C"]) -> Bool[np.ndarray, "B"]:
    """Where the prediction is the same, and about as sure."""
    task, before = trial.pipeline.task, trial.raw[index]
    choice = task.choose(before)
    same = (task.choose(raw) == choice).reshape(len(raw), -1).all(1)
    one, other = (task.focus(each, choice).double() for each in (before, raw))
    if not is_value(task, before):
        one, other = one.sigmoid(), other.sigmoid()
    return (same & ((one - other).abs() < UNSEEN)).numpy()


def divergence(one: Float[np.ndarray, "U"], other: Float[np.ndarray, "U"]) -> float:
    """The Jensen-Shannon divergence of two shares of one, in bits.

    >>> divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    1.0
    """
    middle = (one + other) / 2

    def relative(each: Float[np.ndarray, "U"]) -> float:
        there = each > 0
        return float((each[there] * np.log2(each[there] / middle[there])).sum())

    return max(0.0, (relative(one) + relative(other)) / 2)
