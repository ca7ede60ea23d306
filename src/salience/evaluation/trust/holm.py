"""Several verdicts at once: how sure each has to be so that all of them together are rarely wrong (Holm 1979)."""

from __future__ import annotations

from collections.abc import Sequence

#: How often any verdict of a report may be wrong.
ALPHA = 0.05


def levels(p: Sequence[float], *, alpha: float = ALPHA) -> list[float]:
    r"""The level of each test: with m tests, the k-th smallest p may be at most :math:`\alpha / (m - k + 1)`.

    From the first one that is above its level, no level grows any more. A test is decided where its p is at most its
    level.

    Reference: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".

    >>> [round(each, 4) for each in levels([0.001, 0.04, 0.02])]
    [0.0167, 0.05, 0.025]
    """
    found = [0.0] * len(p)
    stopped: float | None = None
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        level = alpha / (len(p) - rank) if stopped is None else stopped
        found[i] = level
        if p[i] > level:
            stopped = level
    return found
