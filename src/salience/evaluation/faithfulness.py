"""Is an importance true? Take away what it ranks first, and see whether the answer changes more than for other parts.

Legend: N rows, M orders, G points of a curve, R draws.

With f the focus of the task on the prediction c for the whole row (log-odds of c, or the value), r_k the k units ranked
first, and the mean over B = {one unit, 5, 10, 20, 50 % of the units}, at least one unit each:

    comprehensiveness = mean_k f(x) - f(x without r_k)      more is better
    sufficiency       = mean_k f(x) - f(x with r_k alone)   less is better
    gain              = comprehensiveness - sufficiency
    skill             = (gain - gain of random orders) / (gain of the best post-hoc method - gain of random orders)

The mean divides by the five thresholds, as the released code of ERASER does; its paper divides by six. A value can move
either way, so for a regression f is minus its distance from the value of the whole row, in standard deviations of the
training targets, and units are ranked by absolute importance.

Reference: DeYoung et al. 2020, "ERASER: A Benchmark to Evaluate Rationalized NLP Models".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.competition import RANDOM, RANDOM_ORDERS, Competition, compete
from salience.evaluation.effect import (
    THRESHOLDS,
    Effect,
    Flip,
    Scale,
    closeness,
    effects,
    flips,
    gains,
    log_odds,
    probability,
)
from salience.evaluation.erasure import PERCENT
from salience.evaluation.importance import GradientXInput, IntegratedGradients, LeaveOneOut
from salience.evaluation.importance.importance import Importance
from salience.evaluation.removal_shift import RemovalShift, is_value, removal_shift
from salience.evaluation.sample import Sample, chosen, draw
from salience.evaluation.score import Score
from salience.evaluation.skill import Drawn, draw_skills
from salience.evaluation.verdict import judge
from salience.pipeline import Pipeline

#: What an importance has to match. Leave one out is capped, so that a long row costs no more than 64 predictions. (The
#: trust report measures Shapley values anyway, and takes them for a fourth.)
COMPETITORS: tuple[Importance, ...] = (GradientXInput(), IntegratedGradients(steps=16), LeaveOneOut(parts=64))


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Whether what an importance ranks first is what drives the answer, against random orders and post-hoc methods.

    Random orders stand among the methods as "random".
    """

    method: str
    #: pass, weak, fail, misleading or inconclusive; `more_inputs` would decide an inconclusive case, where known.
    verdict: str
    #: The verdict in words, with its numbers.
    sentence: str
    more_inputs: int | None
    #: The competitor with the largest gain.
    best: str
    #: Skill of each method: 0 is a random order, 1 is `best`.
    skills: dict[str, Score]
    #: What is judged: the skill of `method` against the best of its own kind. For a class, a method without signs is of
    #: another kind than the post-hoc methods, and is compared with them without theirs.
    skill: Score
    #: The best of the same kind, and whether that is a kind without signs.
    best_of_kind: str
    unsigned: bool
    #: Per scale (the first is what is judged) and method, what removal does to the answer.
    effects: dict[str, dict[str, Effect]]
    #: Per method, how much must go until the prediction changes; None for a regression.
    flips: dict[str, Flip] | None
    shift: RemovalShift
    #: Rows measured; rows seen that have fewer than four units; rows where all units are equally important to `method`.
    num_rows: int
    num_short: int
    num_constant: int
    seed: int
    draws: int
    random_orders: int
    #: What takes units away, per column.
    operators: dict[str, str]
    #: The inner points of the curves in percent of the units, at least one: 0 is one unit.
    percent: tuple[int, ...]
    #: Those of them over which comprehensiveness and sufficiency are averaged.
    thresholds: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "shift_sentence": self.shift.sentence}


def measure_faithfulness(
    pipeline: Pipeline,
    rows: Iterable[Any],
    method: Importance,
    *,
    targets: Sequence[Any] | None = None,
    groups: Sequence[Hashable] | None = None,
    count: int = 256,
    seed: int = 0,
    draws: int = 2000,
    progress: Callable[[int, int], None] | None = None,
) -> Faithfulness:
    """Judge one importance method on a random sample of rows.

    Args:
        rows: rows that training has not seen.
        targets: their targets, to tell whether the model still works on shortened rows.
        groups: a label per row (a day, an author) whose rows are not independent: intervals are drawn from groups.
        count: rows to measure; all if there are fewer. Rows with fewer than four units are passed over.
        draws: of the bootstrap.
        progress: called with the rows done and the rows to do.

    Raises:
        DataError: no row has four units or more, or targets or groups are not one per row.
    """
    rows = pipeline.as_rows(rows)
    sample = draw(pipeline, rows, count=count, seed=seed)
    targets = chosen(sample, targets, len(rows), "target")
    bootstrap = Bootstrap(draws, seed, chosen(sample, groups, len(rows), "group"))
    # A method that is judged and is also a competitor takes its place.
    methods = {each.name: each for each in (*COMPETITORS, method)}
    competitors = [each.name for each in COMPETITORS]
    found = compete(
        pipeline,
        sample.rows,
        {name: each.scores(pipeline, sample.rows) for name, each in methods.items()},
        competitors=competitors,
        seed=seed,
        progress=progress,
    )
    return judged(pipeline, method.name, found, sample, targets, bootstrap)


def judged(
    pipeline: Pipeline,
    method: str,
    found: Competition,
    sample: Sample,
    targets: Sequence[Any] | None,
    bootstrap: Bootstrap,
) -> Faithfulness:
    """What a competition on sampled rows says about one of its methods; targets and groups are those of the sample."""
    erased, orders = found.erased, found.orders
    value = is_value(pipeline.task, erased.raw)
    scales: dict[str, Scale] = {"closeness": closeness} if value else {"log_odds": log_odds, "probability": probability}
    every, kind = skill_of(found, method, bootstrap, value=value)
    unsigned = is_unsigned(found, method)
    verdict = judge(
        kind.score(method),
        method=method,
        best=kind.best,
        count=len(sample.rows),
        num_groups=None if bootstrap.groups is None else len(set(bootstrap.groups)),
        value=value,
        with_signs=every.score(method) if unsigned else None,
    )
    shift = removal_shift(pipeline.task, erased.raw, erased.raw_shortened[:, orders[RANDOM]], targets, bootstrap)
    return Faithfulness(
        method=method,
        verdict=verdict.word,
        sentence=f"{verdict.sentence} {shift.sentence}" if shift.unusual else verdict.sentence,
        more_inputs=verdict.more,
        best=every.best,
        skills={name: every.score(name) for name in orders},
        skill=kind.score(method),
        best_of_kind=kind.best,
        unsigned=unsigned,
        effects={name: effects(erased, orders, scale, bootstrap) for name, scale in scales.items()},
        flips=None if value else flips(erased, orders, bootstrap),
        shift=shift,
        num_rows=len(sample.rows),
        num_short=sample.num_short,
        num_constant=found.num_constant[method],
        seed=bootstrap.seed,
        draws=bootstrap.draws,
        random_orders=RANDOM_ORDERS,
        operators={name: f"{type(each).__name__}.without" for name, each in pipeline.modalities.items()},
        percent=PERCENT,
        thresholds=THRESHOLDS,
    )


def is_unsigned(found: Competition, method: str) -> bool:
    """Is the method of a kind without signs, and is there such a kind: is the answer a class?"""
    return bool(found.by_size) and not found.signed[method]


def skill_of(found: Competition, method: str, bootstrap: Bootstrap, *, value: bool) -> tuple[Drawn, Drawn]:
    """Skills against the best competitor, and skills against the best one of the same kind as `method`."""
    scale = closeness if value else log_odds
    every = _drawn(found, found.orders, scale, bootstrap)
    if not is_unsigned(found, method):
        return every, every
    return every, _drawn(found, {**found.orders, **found.by_size}, scale, bootstrap)


def _drawn(found: Competition, orders: Mapping[str, range], scale: Scale, bootstrap: Bootstrap) -> Drawn:
    gained = gains(found.erased, orders, scale)
    return draw_skills(gained, list(orders), bootstrap, reference=RANDOM, competitors=found.competitors)
