"""Read the card of a mechanism from its docstring, so that nothing is said twice."""

from __future__ import annotations

import inspect
import re

PARTS = ("Idea", "Formula", "Cost", "Weights", "Works badly when", "Reference")
MATH = re.compile(r":math:`([^`]+)`")


def card(mechanism: type) -> dict[str, str]:
    """The parts of the card in the words of a page, each on one line.

    >>> class Loud:
    ...     '''Shouts.
    ...
    ...     Idea: be heard.
    ...
    ...     Formula: :math:`y = 2
    ...     x`.
    ...     '''
    >>> print(card(Loud))
    {'Idea': 'be heard.', 'Formula': '$`y = 2 x`$.'}
    """
    found = {}
    for paragraph in re.split(r"\n\s*\n", inspect.getdoc(mechanism) or ""):
        name, colon, text = " ".join(paragraph.split()).partition(": ")
        if colon and name in PARTS:
            found[name] = MATH.sub(r"$`\1`$", text)
    return found


def headline(mechanism: type) -> str:
    """The first sentence of its documentation."""
    return MATH.sub(r"$`\1`$", " ".join((inspect.getdoc(mechanism) or "").split("\n\n")[0].split()))
