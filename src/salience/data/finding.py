"""What a check of a table found, and the view of the table that all checks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool, Int

from salience.data import same
from salience.data.infer import Inference, parse_targets
from salience.data.target import Listed, is_known

SEVERITIES = ("serious", "warning", "info")
_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One thing about a table that its owner should know."""

    severity: str
    """`"serious"` (results would mislead), `"warning"` (look at it) or `"info"`."""
    name: str
    """What was found, in a word or two; the same for all findings of a check."""
    sentence: str
    """The finding, with numbers."""
    count: int
    """How many rows, classes or cells it concerns."""
    rows: tuple[str, ...] = ()
    """Ids of some of the rows."""
    columns: tuple[str, ...] = ()
    """The columns it concerns."""


@dataclass(frozen=True, eq=False)
class View:
    """A frame with what several checks need of it, computed once. N rows, of which some have a target."""

    frame: pd.DataFrame
    inference: Inference

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def texts(self) -> list[str]:
        """All inputs of each row as one text."""
        return same.exact(self.frame, self.inference.inputs)

    @property
    def read(self) -> str:
        """What a row is called: a text, or an input where something else is read as well."""
        return "input" if self.inference.tabular else "text"

    @cached_property
    def folded(self) -> list[str]:
        """Likewise, without regard to capitals and white space."""
        return same.folded(self.frame, self.inference.inputs)

    @cached_property
    def blank(self) -> Bool[np.ndarray, "N"]:
        """True where there is nothing to read."""
        return np.array([not text.strip("\0") for text in self.folded])

    @cached_property
    def known(self) -> Bool[np.ndarray, "N"]:
        """True where a row has a target."""
        return is_known(self.frame[self.inference.target]).to_numpy()

    @cached_property
    def targets(self) -> list[Any]:
        """The targets of the rows that have one, without their lists."""
        found = parse_targets(self.frame[self.known], self.inference)
        return [each.value if isinstance(each, Listed) else each for each in found]

    @cached_property
    def classes(self) -> Int[np.ndarray, "K"]:
        """A number for each row that has a target; equal where the whole target is."""
        return pd.factorize(np.array([str(target) for target in self.targets], dtype=object))[0]

    def examples(self, rows: Sequence[int] | np.ndarray) -> tuple[str, ...]:
        """The ids of the first of some rows."""
        return tuple(str(self.frame.index[row]) for row in rows[:_EXAMPLES])
