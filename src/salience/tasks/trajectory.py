"""What a forecast says of one row: the numbers to come.

Legend: H steps, T targets, Q quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False, slots=True)
class Trajectory:
    """The forecast of each target at each step, in the user's unit. Without quantiles Q is 1."""

    targets: tuple[str, ...]
    values: Float[np.ndarray, "H T"]
    levels: tuple[float, ...]
    quantiles: Float[np.ndarray, "H T Q"]

    def __str__(self) -> str:
        """The first target, from the first step to the last.

        >>> print(Trajectory(("sold",), np.array([[1.0], [2.5]]), (), np.array([[[1.0]], [[2.5]]])))
        sold 1 to 2.5 in 2 steps
        """
        first, *others = self.targets
        ends = (
            f"{self.values[0, 0]:.4g} to {self.values[-1, 0]:.4g}"
            if len(self.values) > 1
            else f"{self.values[0, 0]:.4g}"
        )
        more = f", and {len(others)} others" if others else ""
        return f"{first} {ends} in {len(self.values)} {'steps' if len(self.values) > 1 else 'step'}{more}"
