"""How strongly a score is drawn: from 0 (not at all) to 5 (the strongest).

The strongest unit gets the strongest mark, unless nothing stands out: then all marks are pale. Full strength is

    max(strongest, min(3 x the average, a third of the whole))

so that an even attention over a long text does not look like a find.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from salience.core.place import Heat

LEVELS = 5

# Below this many shades a unit is left unmarked; otherwise the small change of every text would be tinted.
_FAINTEST = 0.8


def full_strength(heats: Sequence[Heat]) -> float:
    """The size of a score that is drawn at level 5; 0 where no unit has any."""
    sizes = [abs(heat.score) for heat in heats]
    if not sizes:
        return 0.0
    total = sum(sizes)
    return max(max(sizes), min(3 * total / len(sizes), total / 3))


def level(score: float, full: float) -> int:
    """The level of one score, where `full` is the size drawn at level 5.

    >>> level(0.5, 0.5), level(-0.26, 0.5), level(0.04, 0.5), level(0.0, 0.0)
    (5, 3, 0, 0)
    """
    shades = LEVELS * abs(score) / full if full else 0.0
    return 0 if shades < _FAINTEST else min(LEVELS, round(shades))


def strongest(heats: Sequence[Heat], most: int) -> list[Heat]:
    """The `most` units that mattered most, for or against; among equals the earlier one."""
    return heapq.nlargest(most, heats, key=lambda heat: abs(heat.score))
