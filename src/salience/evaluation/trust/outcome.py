"""What one test found, before and after all tests are judged together.

A test measures, and says which verdicts its numbers could carry, the most telling first. `judged` then asks of all
tests at once which of these are sure enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from salience.evaluation.score import Score
from salience.evaluation.trust.claim import Claim
from salience.evaluation.trust.holm import levels
from salience.evaluation.verdict import FEWEST, lacking, two_digits

#: The verdict where no claim is sure, where a test does not apply, and where there is nothing to judge.
INCONCLUSIVE, UNAVAILABLE, INFORMATION, CONSTANT = "inconclusive", "not available", "information", "constant"


@dataclass(frozen=True)
class Measured:
    """What a test measured. With `claims` the verdict is open, and `meanings` says each one in words."""

    name: str
    question: str
    statistics: Mapping[str, Score] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    meanings: Mapping[str, str] = field(default_factory=dict)
    #: The numbers behind the verdict, as they stand in brackets after its sentence.
    numbers: str = ""
    #: Without claims: what is said.
    verdict: str = INFORMATION
    sentence: str = ""
    #: Lines of numbers for a picture, by their title.
    table: tuple[Mapping[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test says: its verdict in a word and in a sentence, and the numbers behind it."""

    name: str
    question: str
    #: pass, weak, fail, misleading, needed, decorative, constant, information, inconclusive or not available.
    verdict: str
    sentence: str
    statistics: dict[str, Score]
    #: How often draws contradict the verdict, and how often they may, given all the other tests (Holm).
    p: float | None = None
    level: float | None = None
    #: How many more inputs would decide an inconclusive case, where known.
    more_inputs: int | None = None
    #: Lines of numbers by their titles.
    table: tuple[dict[str, float], ...] = ()


def judged(found: Sequence[Measured], *, count: int, num_groups: int | None = None) -> tuple[Outcome, ...]:
    """The outcomes of all tests. A verdict is given only where its claim is sure enough given all the others.

    Args:
        count: rows that were measured.
        num_groups: groups they fall in, if the rows of a group are not independent.
    """
    tried = [each for each in found if each.claims]
    sure = dict(
        zip([each.name for each in tried], levels([min(c.p for c in each.claims) for each in tried]), strict=True)
    )
    inputs = f"{count:,} inputs" + ("" if num_groups is None else f" in {num_groups:,} groups")
    few = (num_groups or count) < FEWEST
    return tuple(
        _told(each)
        if not each.claims
        else _few(each, inputs, lacking(count, num_groups))
        if few
        else _decided(each, sure[each.name], count, inputs)
        for each in found
    )


def unavailable(name: str, question: str, reason: str) -> Measured:
    """A test that cannot be made."""
    return Measured(name, question, verdict=UNAVAILABLE, sentence=f"Not available: {reason}.")


def _told(found: Measured) -> Outcome:
    return Outcome(
        found.name, found.question, found.verdict, found.sentence, dict(found.statistics), table=_table(found)
    )


def _few(found: Measured, inputs: str, more: int) -> Outcome:
    sentence = f"{inputs} are too few for a verdict: it needs {FEWEST} that are independent ({found.numbers})."
    return Outcome(
        found.name,
        found.question,
        INCONCLUSIVE,
        sentence,
        dict(found.statistics),
        more_inputs=more,
        table=_table(found),
    )


def _decided(found: Measured, level: float, count: int, inputs: str) -> Outcome:
    sure = [each for each in found.claims if each.p <= level]
    chosen = sure[0] if sure else min(found.claims, key=lambda each: each.p)
    more = None
    if sure:
        word, meaning = chosen.word, found.meanings[chosen.word]
    else:
        word, more = INCONCLUSIVE, _more(found.claims, level, count)
        wanted = "more inputs would hardly decide it" if more is None else f"about {more:,} more would decide it"
        meaning = f"{inputs} do not decide this; {wanted}"
    return Outcome(
        found.name,
        found.question,
        word,
        f"{meaning} ({found.numbers}).",
        dict(found.statistics),
        p=chosen.p,
        level=level,
        more_inputs=more,
        table=_table(found),
    )


def _more(claims: Sequence[Claim], level: float, count: int) -> int | None:
    """How many more inputs would make the nearest claim sure, if its margin grows with the root of their number.

    None where that is more than a hundred times as many.
    """
    margin = max(each.margin for each in claims)
    factor = (NormalDist().inv_cdf(1 - level / 2) / margin) ** 2 if margin > 0 else float("inf")
    return two_digits(count * max(factor - 1, 0.01)) if factor <= 100 else None


def _table(found: Measured) -> tuple[dict[str, float], ...]:
    return tuple(dict(line) for line in found.table)
