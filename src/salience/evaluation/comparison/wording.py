"""A comparison in one plain sentence, and what a reader has to know about it."""

from __future__ import annotations

from collections.abc import Mapping

from salience.evaluation.comparison.difference import ScoreChange
from salience.evaluation.comparison.drift import Drift
from salience.evaluation.score import Score
from salience.evaluation.verdict import FEWEST

SAME = "Both runs give the same answers, and find the same parts equally important."

_CLASSES = "The second run answers {percent} of the rows otherwise"
_VALUES = "The values of the second run lie {value:.3g} away on average"
_CHANGE = {
    "better": "it is better in {name} ({numbers})",
    "worse": "it is worse in {name} ({numbers})",
    "open": "in {name} neither is surely better ({numbers})",
}


def sentence(scores: Mapping[str, ScoreChange], changed: Score, importance: Drift, *, is_value: bool) -> str:
    """The answers, the importance, and the first score."""
    if importance.drift.value == 0 and changed.value == 0:
        return SAME
    answers = _VALUES if is_value else _CLASSES
    told = f"{answers.format(percent=_percent(changed), value=changed.value)}, and {_elsewhere(importance)}"
    name, change = next(iter(scores.items()), ("", None))
    if change is None or change.difference.value is None:
        return f"{told}."
    return f"{told}; {_CHANGE[change.verdict].format(name=name.replace('_', ' '), numbers=_signed(change.difference))}."


def notes(
    importance: Drift, *, num_rows: int, num_short: int, num_groups: int | None, labelled: bool
) -> tuple[str, ...]:
    """What limits the numbers."""
    told = []
    if not labelled:
        told.append("The rows have no targets, so there are no scores.")
    independent = importance.num_rows if num_groups is None else num_groups
    if independent < FEWEST:
        what = "rows" if num_groups is None else "groups"
        told.append(f"{independent:,} {what} are few: intervals from fewer than {FEWEST} are too narrow.")
    if importance.pieces == "characters":
        told.append(
            "The runs divide rows into different units, so importance is compared on characters: every unit gives its "
            "score to its characters in equal parts. The strongest units are compared by the characters they cover."
        )
    if num_short:
        told.append(f"{num_short:,} of {num_rows:,} rows have fewer than two units, and no importance is compared.")
    if importance.num_constant:
        told.append(
            f"In {importance.num_constant:,} of {importance.num_rows:,} rows a run finds all parts equally important: "
            "there is no order to compare."
        )
    if importance.num_empty:
        told.append(
            f"In {importance.num_empty:,} of {importance.num_rows:,} rows a run finds nothing important: they are left "
            "out."
        )
    return tuple(told)


def _elsewhere(importance: Drift) -> str:
    if importance.drift.value is None:
        return f"nothing can be said about importance: {importance.drift.reason}"
    return f"{_percent(importance.drift)} of its importance lies elsewhere"


def _signed(score: Score) -> str:
    """A difference and its interval."""
    if score.low is None or score.high is None:
        return f"{score.value:+.3g}"
    return f"{score.value:+.3g}, 95 % interval {score.low:+.3g} to {score.high:+.3g}"


def _percent(score: Score) -> str:
    value = f"{100 * (score.value or 0):.3g} %"
    if score.low is None or score.high is None:
        return value
    return f"{value} ({100 * score.low:.3g} to {100 * score.high:.3g})"
