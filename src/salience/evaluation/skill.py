"""How good a method is between two marks: 0 is a reference, 1 is the best competitor.

Legend: N rows, K methods, R draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from salience.evaluation.bootstrap import Bootstrap, interval, mean
from salience.evaluation.score import Score


def skills(
    gains: Float[np.ndarray, "N K"],
    names: Sequence[str],
    bootstrap: Bootstrap,
    *,
    reference: str,
    competitors: Sequence[str],
) -> tuple[str, dict[str, Score]]:
    r"""The competitor with the largest mean gain, and of each method :math:`(g - g_{ref}) / (g_{best} - g_{ref})`.

    In a bootstrap draw the best is the best of that draw. Unless the best is certainly better than the reference there
    is no scale, and so no skill.
    """
    zero, rivals = names.index(reference), [names.index(each) for each in competitors]
    drawn = bootstrap.distribution(mean(gains), len(gains))
    best = drawn[:, rivals].max(1)
    certain, _ = interval(best - drawn[:, zero])
    value = gains.mean(0)
    winner = max(rivals, key=lambda k: value[k])
    if certain is None or certain <= 0 or value[winner] <= value[zero]:
        reason = "no method found parts that certainly matter more to the answer than parts taken at random"
        return names[winner], {name: Score(None, reason=reason) for name in names}
    # Draws in which nothing is above the reference are rare by now, and have no scale.
    length = np.where(best > drawn[:, zero], best - drawn[:, zero], np.nan)
    value = (value - value[zero]) / (value[winner] - value[zero])
    drawn = (drawn - drawn[:, [zero]]) / length[:, None]
    return names[winner], {name: Score(float(value[k]), *interval(drawn[:, k])) for k, name in enumerate(names)}
