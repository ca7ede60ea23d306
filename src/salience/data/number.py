"""Numbers as people write them: with a point or a comma before the decimals, in groups of thousands, beside a unit."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

#: What tables write in a cell of numbers or dates whose value is not known.
MARKS = frozenset({"?", "-", "--", "n/a", "na", "#n/a", "nan", "null", "none", "unknown"})

# Apostrophes and spaces, which stand between thousands only.
_SPACES = " \u00a0\u2009\u202f'’"


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written.

    >>> Notation(decimal=",", unit="€").read("1.234,50 €")
    1234.5
    """

    decimal: str = "."
    """What stands before the decimals: a point or a comma. The other one stands between thousands."""
    unit: str = ""
    """A percent sign or a currency sign, before or behind each number; the number is taken as it stands."""

    def read(self, text: str) -> float | None:
        """The number that a text writes; None if it writes no finite one in this way."""
        bare, unit = _apart(text)
        if unit != self.unit:
            return None
        group = "," if self.decimal == "." else "."
        if _grouped(group, self.decimal).fullmatch(bare):
            bare = re.sub(f"[{group}{_SPACES}]", "", bare)
        elif group in bare:
            return None
        try:
            number = float(bare.replace(self.decimal, "."))
        except ValueError:
            return None
        return number if math.isfinite(number) else None


def is_mark(text: str) -> bool:
    """Whether a text says that nothing is known, in the place of a number or a date."""
    return text.strip().lower() in MARKS


def notation_of(texts: Iterable[str]) -> Notation:
    """How most of these numbers are written: a point before the decimals, unless a comma reads more of them.

    So 1,234 is more than a thousand, unless another cell, such as 1,5 or 1.234,5, tells that the comma stands before
    decimals.

    >>> notation_of(["1,234", "0,5"])
    Notation(decimal=',', unit='')
    """
    texts = [text for text in texts if not is_mark(text)]
    if not texts:
        return Notation()
    ((unit, _),) = Counter(_apart(text)[1] for text in texts).most_common(1)
    written = [Notation(decimal, unit) for decimal in ".,"]
    return max(written, key=lambda each: sum(each.read(text) is not None for text in texts))


def _apart(text: str) -> tuple[str, str]:
    """What a text writes without its unit, and the unit."""
    text = text.strip()
    if text and _is_unit(text[-1]):
        return text[:-1].rstrip(), text[-1]
    sign = text[:1] if text[:1] in ("-", "+") else ""
    rest = text[len(sign) :]
    return (sign + rest[1:].lstrip(), rest[0]) if rest and _is_unit(rest[0]) else (text, "")


def _is_unit(letter: str) -> bool:
    return letter in "%‰" or unicodedata.category(letter) == "Sc"


def _grouped(group: str, decimal: str) -> re.Pattern[str]:
    """Digits in groups of three, all apart by the same mark, with or without decimals."""
    # A number in groups does not begin with a zero, as codes may: 030 123 456.
    return re.compile(rf"[-+]?[1-9]\d{{0,2}}([{group}{_SPACES}])\d{{3}}(?:\1\d{{3}})*(?:[{decimal}]\d*)?")
