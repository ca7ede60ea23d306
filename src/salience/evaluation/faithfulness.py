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

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from salience.core.errors import DataError
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
from salience.evaluation.sample import Sample, draw
from salience.evaluation.score import Score
from salience.evaluation.skill import skills
from salience.evaluation.verdict import judge
from salience.pipeline import Pipeline

#: What an importance has to match. Leave one out is capped, so that a long row costs no more than 64 predictions.
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
    #: The post-hoc method with the largest gain: gradient x input, integrated gradients or leave one out.
    best: str
    #: Skill of each method: 0 is a random order, 1 is `best`.
    skills: dict[str, Score]
    #: For a class, if `method` has no signs: the largest skill that a post-hoc method reaches without its own. An
    #: importance that cannot tell parts for the prediction from parts against it can hardly do better.
    without_signs: Score | None
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

    @property
    def skill(self) -> Score:
        """The skill of the method that is judged."""
        return self.skills[self.method]

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
    targets = _chosen(sample, targets, len(rows), "target")
    bootstrap = Bootstrap(draws, seed, _chosen(sample, groups, len(rows), "group"))
    # A method that is judged and is also a competitor takes its place.
    methods = {each.name: each for each in (*COMPETITORS, method)}
    competitors = [each.name for each in COMPETITORS]
    found = compete(
        pipeline, sample.rows, list(methods.values()), competitors=competitors, seed=seed, progress=progress
    )
    return _judged(pipeline, method.name, found, sample, targets, bootstrap)


def _judged(
    pipeline: Pipeline,
    method: str,
    found: Competition,
    sample: Sample,
    targets: Sequence[Any] | None,
    bootstrap: Bootstrap,
) -> Faithfulness:
    erased, orders = found.erased, found.orders
    value = is_value(pipeline.task, erased.raw)
    scales: dict[str, Scale] = {"closeness": closeness} if value else {"log_odds": log_odds, "probability": probability}
    best, skill, without_signs = _skills(found, next(iter(scales.values())), bootstrap)
    without_signs = None if found.signed[method] else without_signs
    verdict = judge(
        skill[method],
        method=method,
        best=best,
        count=len(sample.rows),
        num_groups=None if bootstrap.groups is None else len(set(bootstrap.groups)),
        value=value,
        without_signs=without_signs,
    )
    shift = removal_shift(pipeline.task, erased.raw, erased.raw_shortened[:, orders[RANDOM]], targets, bootstrap)
    return Faithfulness(
        method=method,
        verdict=verdict.word,
        sentence=f"{verdict.sentence} {shift.sentence}" if shift.unusual else verdict.sentence,
        more_inputs=verdict.more,
        best=best,
        skills=skill,
        without_signs=without_signs,
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


def _skills(found: Competition, scale: Scale, bootstrap: Bootstrap) -> tuple[str, dict[str, Score], Score | None]:
    """The best competitor, the skill of every method, and the largest one of a competitor that is ranked by size."""
    by_size = {f"{name} by size": each for name, each in found.by_size.items()}
    orders = {**found.orders, **by_size}
    competitors = [each.name for each in COMPETITORS]
    gained = gains(found.erased, orders, scale)
    best, skill = skills(gained, list(orders), bootstrap, reference=RANDOM, competitors=competitors)
    known = [skill[name] for name in by_size if skill[name].value is not None]
    largest = max(known, key=lambda score: score.value or 0.0, default=None)
    return best, {name: skill[name] for name in found.orders}, largest


def _chosen(sample: Sample, values: Sequence[Any] | None, count: int, name: str) -> list[Any] | None:
    """What belongs to the sampled rows, of something that was given per row."""
    if values is None:
        return None
    if len(values) != count:
        raise DataError(f"expected one {name} per row, {count:,}, got {len(values):,}")
    given = list(values)
    return [given[i] for i in sample.index]
