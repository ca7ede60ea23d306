"""How numbers are written in reports: short, in the reader's units, the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Callable

from salience.evaluation.score import Score

#: What stands where there is no number.
NOTHING = "\N{EM DASH}"


def number(value: float | None) -> str:
    """A number with about three significant digits, at most three decimals, and a true minus sign.

    >>> number(0.91234), number(1234567.0), number(0.0), number(0.00012), number(None)
    ('0.912', '1,234,567', '0', '1.2e−04', '—')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    return _fixed(value, _decimals(value))


def signed(value: float) -> str:
    """A number with its sign, plus included, and two decimals, so that a column of them is aligned.

    >>> signed(0.5), signed(-2.25), signed(0.0004), signed(0.0)
    ('+0.50', '−2.25', '+4.0e−04', '0')
    """
    if value == 0:
        return "0"
    return ("+" if value > 0 else "") + (_minus(f"{value:.2f}") if abs(value) >= 0.005 else number(value))


def percent(share: float | None) -> str:
    """A share of one as a percentage; one decimal below ten.

    >>> percent(0.5), percent(0.031), percent(0.0002), percent(1.0)
    ('50%', '3.1%', '<0.1%', '100%')
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    hundredths = 100 * share
    if 0 < hundredths < 0.1:
        return "<0.1%"
    if 99.5 <= hundredths < 100:
        return ">99%"
    return _minus(f"{hundredths:.0f}%" if abs(hundredths) >= 9.95 or hundredths == 0 else f"{hundredths:.1f}%")


def between(low: float | None, high: float | None, written: Callable[[float], str]) -> str:
    """An interval of numbers that are written in some way; nothing where there is none.

    >>> between(0.05, 0.19, percent), between(-0.5, 0.25, signed), between(None, None, percent)
    ('5.0% to 19%', '−0.50 to +0.25', '')
    """
    return "" if low is None or high is None else f"{written(low)} to {written(high)}"


def measured(score: Score | None) -> str:
    """A score with its interval, or the dash; the reason for a missing one is left to the caller.

    >>> measured(Score(0.97, 0.9, 1.04))
    '0.97 (0.90–1.04)'
    """
    return NOTHING if score is None else value(score) + interval(score)


def value(score: Score) -> str:
    """The value of a score, with as many decimals as its interval."""
    return NOTHING if score.value is None else _fixed(score.value, _decimals(*_known(score)))


def interval(score: Score) -> str:
    """The interval of a score in brackets, with a space before it; nothing where there is none."""
    if score.low is None or score.high is None:
        return ""
    joint = "\N{EN DASH}" if score.low >= 0 else " to "
    low, high = (_fixed(bound, _decimals(*_known(score))) for bound in (score.low, score.high))
    return f" ({low}{joint}{high})"


def count(whole: int | None) -> str:
    """A whole number with thousands set apart.

    >>> count(6000)
    '6,000'
    """
    return NOTHING if whole is None else _minus(f"{whole:,}")


def duration(seconds: float) -> str:
    """A time in at most two units.

    >>> duration(0.4), duration(72.3), duration(4000)
    ('0.4 s', '1 min 12 s', '1 h 7 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def _known(score: Score) -> list[float]:
    return [each for each in (score.value, score.low, score.high) if each is not None]


def _decimals(*values: float) -> int:
    """How many decimals give the largest of the values three digits; -1 where only powers of ten can tell it."""
    largest = max(map(abs, values))
    magnitude = math.floor(math.log10(largest)) if largest else 0
    return -1 if magnitude < -3 else min(max(2 - magnitude, 0), 3)


def _fixed(value: float, decimals: int) -> str:
    if value == 0:
        return "0"
    return _minus(f"{value:.1e}" if decimals < 0 else f"{value:,.{decimals}f}")


def _minus(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}")
