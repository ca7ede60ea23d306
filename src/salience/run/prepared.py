"""What every kind of data has become before anything is learned: rows, targets and ids on three sides."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from salience.data.finding import Finding
from salience.data.infer import Inference
from salience.data.rationale import Rationale
from salience.data.split import Split


class Prepared(Protocol):
    """Data that have been understood and divided. Sequences may be lazy."""

    @property
    def frame(self) -> pd.DataFrame: ...

    @property
    def inference(self) -> Inference: ...

    @property
    def split(self) -> Split: ...

    @property
    def findings(self) -> Sequence[Finding]: ...

    @property
    def rationales(self) -> Mapping[str, Sequence[Rationale | None]]:
        """Per marked input column, what people marked in each row."""

    def rows(self, side: str) -> Sequence[Mapping[str, Any]]:
        """The input cells of one side."""

    def targets_of(self, side: str) -> Sequence[Any]:
        """The targets of one side."""

    def rationales_of(self, side: str) -> Mapping[str, Sequence[Rationale | None]]:
        """What people marked on one side."""

    def ids(self, side: str) -> Sequence[str]:
        """The row ids of one side."""

    def groups_of(self, side: str) -> Sequence[Hashable] | None:
        """For each row of one side a label that it shares with all rows it depends on; None where rows are
        independent."""
