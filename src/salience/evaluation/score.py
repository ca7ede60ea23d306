"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """A measured number and its 95 % interval. `value` is None where the number is undefined; `reason` says why.

    >>> print(Score(0.871, 0.842, 0.903))
    0.871 [0.842, 0.903]
    >>> print(Score(None, reason="only one class occurs"))
    undefined: only one class occurs
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined: {self.reason}"
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def to_dict(self) -> dict[str, float | str | None]:
        """Plain JSON values; `reason` only where there is one."""
        return {name: each for name, each in asdict(self).items() if name != "reason" or each is not None}
