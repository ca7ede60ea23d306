"""The trust report: is this attention true? Eight tests on the same rows, judged together, and one plain sentence.

T1 needed, T2 right parts, T3 honest numbers, T4 enough, T5 learned, T6 stable, T7 human, T8 alone: one file each. No
test knows a kind of data: parts are taken away by `Modality.without` and `Modality.blank`, and what is watched is
`Task.focus`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from salience.core.errors import NotAvailable
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.competition import Competition, compete
from salience.evaluation.faithfulness import COMPETITORS, Faithfulness, judged
from salience.evaluation.importance import Received, Rollout
from salience.evaluation.importance.importance import Importance
from salience.evaluation.importance.parts import parts_of, spread
from salience.evaluation.removal import answers, by_column, together
from salience.evaluation.sample import chosen, draw
from salience.evaluation.trust import outcome
from salience.evaluation.trust.alone import alone
from salience.evaluation.trust.enough import enough
from salience.evaluation.trust.holm import ALPHA
from salience.evaluation.trust.honest import honest
from salience.evaluation.trust.human import Marks, human
from salience.evaluation.trust.learned import is_ordered, learned, position_prior
from salience.evaluation.trust.needed import needed
from salience.evaluation.trust.outcome import Outcome
from salience.evaluation.trust.right_parts import POSITION, right_parts
from salience.evaluation.trust.second_operator import Second, second_operator
from salience.evaluation.trust.sentence import overall
from salience.evaluation.trust.stable import stable
from salience.evaluation.trust.trial import Trial
from salience.models.outside import Outside
from salience.pipeline import Pipeline

#: Told what is being measured, how much is done and how much there is; 0 of 0 where that is not known.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trust:
    """What the eight tests say about one importance of one model."""

    method: str
    #: misleading, decoration, looks right, wiring, trustworthy, only the order, not the reason or not proven.
    verdict: str
    #: The verdict in words.
    sentence: str
    outcomes: tuple[Outcome, ...]
    faithfulness: Faithfulness
    #: Rows measured; rows seen that have fewer than four units.
    num_rows: int
    num_short: int
    num_groups: int | None
    seed: int
    draws: int
    #: How often any verdict may be wrong, all together.
    alpha: float
    #: What takes units away, per column: the first way, and the second one where there is one.
    operators: dict[str, str]
    second_operators: dict[str, str] | None
    #: What a reader has to know about the measurement itself.
    guards: tuple[str, ...]

    def of(self, name: str) -> Outcome:
        """The outcome of one test: needed, right_parts, honest, enough, learned, stable, human or alone.

        Raises:
            NotAvailable: there is no such test.
        """
        for each in self.outcomes:
            if each.name == name:
                return each
        raise NotAvailable(f"there is no test '{name}'", fix=f"known: {', '.join(each.name for each in self.outcomes)}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "faithfulness": self.faithfulness.to_dict()}


def measure_trust(
    pipeline: Pipeline,
    rows: Iterable[Any],
    method: Importance | None = None,
    *,
    targets: Sequence[Any] | None = None,
    groups: Sequence[Hashable] | None = None,
    rationales: Sequence[Marks] | None = None,
    others: Sequence[Pipeline] = (),
    count: int = 256,
    seed: int = 0,
    draws: int = 2000,
    progress: Progress | None = None,
) -> Trust:
    """Put the importance of a model to all eight tests, on a random sample of rows.

    Args:
        rows: rows that training has not seen.
        method: the importance on trial; by default the attention that each unit received from the pool, or, in a model
            of Hugging Face, what flowed from it through all layers.
        targets: their targets, to tell whether the model still works on shortened rows and without its attention.
        groups: a label per row (a day, a speaker, a document) whose rows are not independent.
        rationales: what people marked: per row one mark per unit, or one row of marks per annotator, or None; or a
            mapping from columns to what `salience.data` reads from a column of rationales.
        others: the same model trained with other seeds: T6 tells how far they agree.
        count: rows to measure; all if there are fewer. Rows with fewer than four units are passed over.
        draws: of the bootstrap.

    Raises:
        DataError: no row has four units or more, targets or groups are not one per row, or one of the others divides
            rows into other units.
    """
    tell = progress or (lambda *_: None)
    rows = pipeline.as_rows(rows)
    sample = draw(pipeline, rows, count=count, seed=seed)
    targets = chosen(sample, targets, len(rows), "target")
    rationales = chosen(sample, rationales, len(rows), "rationale")
    bootstrap = Bootstrap(draws, seed, chosen(sample, groups, len(rows), "group"))
    method = method or _attention_of(pipeline)
    scores = method.scores(pipeline, sample.rows)
    trial = Trial(pipeline, method, sample.rows, answers(pipeline, sample.rows), scores, targets, bootstrap, seed)
    tell("measuring what each part carries", 0, 0)
    walks = list(trial.shapley.walks(pipeline, sample.rows))
    found = competition(trial, walks, progress=lambda done, total: tell("taking parts away", done, total))
    faithfulness = judged(pipeline, method.name, found, sample, targets, bootstrap)
    second, lacking = _second(trial)
    measured = []
    for test in (
        needed,
        lambda trial: right_parts(trial, found, faithfulness, second),
        lambda trial: honest(trial, walks),
        lambda trial: enough(trial, found),
        learned,
        lambda trial: stable(trial, others),
        lambda trial: human(trial, rationales),
        alone,
    ):
        measured.append(test(trial))
        tell("putting the attention to eight tests", len(measured), 8)
    num_groups = None if bootstrap.groups is None else len(set(bootstrap.groups))
    outcomes = outcome.judged(measured, count=len(sample.rows), num_groups=num_groups)
    verdict, sentence = overall({each.name: each for each in outcomes}, count=len(sample.rows))
    return Trust(
        method=method.name,
        verdict=verdict,
        sentence=sentence,
        outcomes=outcomes,
        faithfulness=faithfulness,
        num_rows=len(sample.rows),
        num_short=sample.num_short,
        num_groups=num_groups,
        seed=seed,
        draws=draws,
        alpha=ALPHA,
        operators=faithfulness.operators,
        second_operators=second.operators if second else None,
        guards=(faithfulness.shift.sentence, *lacking),
    )


def _attention_of(pipeline: Pipeline) -> Importance:
    # The answer of such a model is read from a position that is no unit.
    return Rollout() if isinstance(pipeline.model, Outside) else Received()


def competition(
    trial: Trial,
    walks: Sequence[Float[np.ndarray, "K R"]],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Competition:
    """The importance on trial, positions alone where there is an order, post-hoc methods and Shapley values.

    `walks` are those of the trial's Shapley values, one per row.
    """
    posthoc = {each.name: each.scores(trial.pipeline, trial.rows) for each in COMPETITORS}
    posthoc[trial.shapley.name] = [
        by_column(row, spread(walked.mean(0), parts_of(row, trial.shapley.parts)))
        for row, walked in zip(trial.rows, walks, strict=True)
    ]
    # A method that is on trial and is also a competitor takes its place.
    positions = {POSITION: position_prior(trial.scores)} if is_ordered(trial.pipeline) else {}
    scores = {**posthoc, **positions, trial.method.name: trial.scores}
    return compete(trial.pipeline, trial.rows, scores, competitors=list(posthoc), seed=trial.seed, progress=progress)


def _second(trial: Trial) -> tuple[Second | None, tuple[str, ...]]:
    """What the second way to take parts away says, or why there is none."""
    try:
        return second_operator(trial, [together(each) for each in trial.scores]), ()
    except NotAvailable as error:
        return None, (f"Parts were taken away in one way only: {error.problem}.",)
