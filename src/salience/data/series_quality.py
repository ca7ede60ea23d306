"""Look series over before training: what is missing, never changes, is new, is too short, or gives the future away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from salience.data.finding import SEVERITIES, Finding
from salience.data.long_table import LongTable
from salience.data.windows import Window, only_table

# Correlation from which a column that is known ahead gives the target away.
_SAME = 0.99


def check_series(
    table: LongTable, train: Sequence[Window], targets: Sequence[str], *, look_back: int, horizon: int
) -> list[Finding]:
    """What its owner should know about series, the serious first.

    Args:
        targets: what is forecast; none for all variables that are not known ahead.
    """
    _, rows = only_table(train)
    targets = targets or [name for v, name in enumerate(table.variables) if not table.known[v]]
    findings = [
        *_given_away(table, rows, targets),
        *_constant(table, rows),
        *_unseen(table, rows),
        *_missing(table),
        *_short(table, look_back + horizon),
    ]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _given_away(table: LongTable, rows: np.ndarray, targets: Sequence[str]) -> Iterator[Finding]:
    """Columns that are said to be known ahead and nearly equal a target of the same moment."""
    for v in np.flatnonzero(table.known & ~table.static & ~table.calendar):
        for name in targets:
            if name not in table.variables:
                continue
            pair = table.values[rows][:, [v, table.variables.index(name)]]
            pair = pair[np.isfinite(pair).all(1)]
            if len(pair) < 3 or (pair.std(0) == 0).any():
                continue
            categorical = table.variables[v] in table.categories
            found = _correlation_ratio(*pair.T) if categorical else abs(np.corrcoef(pair.T)[0, 1])
            if found > _SAME:
                yield Finding(
                    "serious",
                    "future given away",
                    f"'{table.variables[v]}' is said to be known ahead, and its correlation with '{name}' at the same "
                    f"time stamp is {found:.3f} in training rows: if it is only known afterwards, it must not be in "
                    "`known`",
                    count=len(pair),
                    columns=(table.variables[v], name),
                )


def _correlation_ratio(codes: np.ndarray, values: np.ndarray) -> float:
    """How much a category tells of a number, from 0 to 1: the square root of the variance between categories over all.

    Where categories have fewer than ten rows each they may tell as much by chance, and nothing is said: 0.
    """
    _, group = np.unique(codes, return_inverse=True)
    count = np.bincount(group)
    if len(values) < 10 * len(count):
        return 0.0
    inside = values - (np.bincount(group, values) / count)[group]
    return float(np.sqrt(1 - inside.var() / values.var()))


def _constant(table: LongTable, rows: np.ndarray) -> Iterator[Finding]:
    for v in np.flatnonzero(~table.static & ~table.calendar):
        values = table.values[rows, v]
        values = values[np.isfinite(values)]
        if len(values) and values.min() == values.max():
            named = table.categories.get(table.variables[v])
            said = f"{values[0]:g}" if named is None else f"'{named[int(values[0])]}'"
            yield Finding(
                "warning",
                "constant in train",
                f"'{table.variables[v]}' is {said} in all training rows, so that nothing can be learned of it",
                count=int(rows.sum()),
                columns=(table.variables[v],),
            )


def _unseen(table: LongTable, rows: np.ndarray) -> Iterator[Finding]:
    for name, named in table.categories.items():
        codes = table.values[:, table.variables.index(name)]
        known = set(np.unique(codes[rows]).tolist())
        new = np.isfinite(codes) & ~np.isin(codes, list(known))
        if new.any():
            found = [named[int(code)] for code in np.unique(codes[new])]
            yield Finding(
                "warning",
                "unseen categories",
                f"'{name}' holds {len(found):,} categories that training rows do not have, in {new.sum():,} rows; all "
                f"are read as 'unseen', of which nothing was learned: {', '.join(map(repr, found[:5]))}",
                count=int(new.sum()),
                columns=(name,),
            )


def _missing(table: LongTable) -> Iterator[Finding]:
    for v, name in enumerate(table.variables):
        count = int(np.isnan(table.values[:, v]).sum())
        if count:
            how = (
                "that is a category of its own"
                if name in table.categories
                else "the last number before is read in its place, with an indicator, and nothing is learned or judged "
                "there"
            )
            yield Finding(
                "warning" if count > 0.05 * len(table) else "info",
                "missing categories" if name in table.categories else "missing numbers",
                f"'{name}' is missing in {count:,} of {len(table):,} rows; {how}",
                count=count,
                columns=(name,),
            )


def _short(table: LongTable, least: int) -> Iterator[Finding]:
    lengths = np.diff(table.starts)
    short = np.flatnonzero(lengths < least)
    if len(short):
        yield Finding(
            "warning",
            "short series",
            f"{len(short):,} of {len(lengths):,} series have fewer than {least} rows, and give no window: "
            + ", ".join(f"'{table.names[k]}'" for k in short[:5]),
            count=len(short),
        )
