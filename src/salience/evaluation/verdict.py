"""From a skill and its interval to one plain verdict, or to how many more inputs one would take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from salience.evaluation.score import Score

#: A skill (0: random order, 1: the best post-hoc method) from which an importance passes, and below which it fails.
PASS, WEAK = 0.7, 0.3
#: Bootstrap intervals of fewer independent inputs are too narrow to decide anything.
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    """`word` is pass, weak, fail, misleading or inconclusive; `more` inputs would decide an open case, where known."""

    word: str
    sentence: str
    more: int | None = None


def judge(
    skill: Score,
    *,
    method: str,
    best: str,
    count: int,
    num_groups: int | None = None,
    value: bool = False,
    with_signs: Score | None = None,
) -> Verdict:
    """The verdict on a method. It is given only where the whole interval lies on one side of each line.

    pass: from 0.7; weak: 0.3 to 0.7; fail: below 0.3; misleading: below 0, worse than a random order. With fewer than
    30 inputs (or groups, where the inputs of a group are not independent) every case is open.

    Args:
        value: is the answer a value and not a class?
        with_signs: for a method that has no signs, and is measured against others without theirs: its skill against the
            best of them with signs.

    >>> judge(Score(0.9, 0.8, 1.0), method="received", best="leave_one_out", count=256).word
    'pass'
    """
    method, best = (f"'{name.replace('_', ' ')}'" for name in (method, best))
    inputs = f"{count:,} inputs" + ("" if num_groups is None else f" in {num_groups:,} groups")
    if (num_groups or count) < FEWEST:
        few = f"{inputs} are too few to judge {method}: a verdict needs {FEWEST} that are independent."
        return Verdict("inconclusive", few, lacking(count, num_groups))
    if skill.value is None:
        return Verdict("inconclusive", f"Nothing can be said about {method}: {skill.reason}.")
    if skill.low is None or skill.high is None:
        return Verdict("inconclusive", f"Without bootstrap draws there is no verdict on {method}.")
    word = _word(skill.low, skill.high)
    meaning = _OPEN[skill.low > 0] if word == "inconclusive" else _MEANING[word]
    meaning = meaning.format(method=method, change="moves the value" if value else "weakens the prediction")
    numbers = f"skill {skill.value:.2f}, 95 % interval {skill.low:.2f} to {skill.high:.2f}, from {inputs}"
    ruler = "the best other method" + (" without its signs" if with_signs else "")
    sentence = f"{meaning} ({numbers}; 0 is a random order, 1 {ruler}, {best})."
    if with_signs:
        sentence += f" {_unsigned(method, with_signs)}"
    if word != "inconclusive":
        return Verdict(word, sentence)
    more = more_inputs(skill.value, skill.low, skill.high, count)
    return Verdict(word, f"{sentence} {_wanted(more)}", more)


def more_inputs(value: float, low: float, high: float, count: int) -> int | None:
    """How many inputs more than `count` would move the interval off every line inside it, if its ends come nearer with
    the square root of the number. None where that is more than a hundred times as many.

    >>> more_inputs(0.6, 0.4, 0.8, 100)
    300
    """
    factor = 1.0
    for line in (WEAK, PASS):
        if low < line <= high:
            reach = value - low if value >= line else high - value
            factor = max(factor, (reach / max(abs(value - line), 1e-9)) ** 2)
    return None if factor > 100 else two_digits(count * (factor - 1))


_MEANING = {
    "pass": "The parts that {method} ranks first are the right ones: taking them away {change}",
    "weak": "The parts that {method} ranks first are right only to some degree: taking them away {change}, but less "
    "than the right ones would",
    "fail": "The parts that {method} ranks first are not the right ones: taking them away {change} hardly more than "
    "taking away parts at random",
    "misleading": "Do not use {method}: taking away the parts it ranks first {change} less than taking away parts at "
    "random",
}
_OPEN = {
    True: "The parts that {method} ranks first are better than parts taken at random: taking them away {change} more; "
    "how much more is not certain yet",
    False: "It is not certain yet whether taking away the parts that {method} ranks first {change} more than taking "
    "away parts at random",
}


def _word(low: float, high: float) -> str:
    if low >= PASS:
        return "pass"
    if high < WEAK:
        return "misleading" if high < 0 else "fail"
    return "weak" if low >= WEAK and high < PASS else "inconclusive"


def _unsigned(method: str, with_signs: Score) -> str:
    reached = (
        "" if with_signs.value is None else f"; against the best with its signs, its skill is {with_signs.value:.2f}"
    )
    return (
        f"{method} has no signs, so it cannot tell parts that speak for the prediction from parts that speak against "
        f"it, and is compared with others as if they had none{reached}."
    )


def _wanted(more: int | None) -> str:
    if more is None:
        return "It lies so near to a line between two verdicts that more inputs would hardly decide it."
    return f"About {more:,} more inputs would decide it."


def lacking(count: int, num_groups: int | None = None) -> int:
    """How many more inputs give the fewest that are independent, if their groups stay as large as they are.

    >>> lacking(12), lacking(256, 26)
    (18, 40)
    """
    return FEWEST - count if num_groups is None else two_digits((FEWEST - num_groups) * count / num_groups)


def two_digits(number: float) -> int:
    """Rounded up to two significant digits: a rough number should look like one."""
    unit = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return math.ceil(round(number / unit, 6)) * unit
