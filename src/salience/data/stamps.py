"""Time stamps as numbers on one clock, and what can be read from them: the hour, the weekday.

Legend: N rows, F features.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from jaxtyping import Float

from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.data.fault import where
from salience.data.kind import numbers_of

_ZONE = re.compile(r"[T \d](Z|[+-]\d{2}:?\d{2})$")

# Characters of a date without a time.
_DAY = 10

#: What can be read from a time stamp, by name: whole numbers.
CALENDAR: dict[str, Callable[[pd.DatetimeIndex], np.ndarray]] = {
    "minute": lambda dates: dates.minute.to_numpy(),
    "hour": lambda dates: dates.hour.to_numpy(),
    "weekday": lambda dates: dates.day_of_week.to_numpy(),
    "day": lambda dates: dates.day.to_numpy(),
    "dayofyear": lambda dates: dates.day_of_year.to_numpy(),
    "month": lambda dates: dates.month.to_numpy(),
    "quarter": lambda dates: dates.quarter.to_numpy(),
}


@dataclass(frozen=True, eq=False)
class Stamps:
    """Time stamps as texts and as numbers: seconds since 1970 in dates, else the numbers themselves."""

    texts: np.ndarray  # [N] as the user wrote them
    times: Float[np.ndarray, "N"]
    dates: bool
    notes: tuple[str, ...] = ()
    zoned: bool = False


def read_stamps(cells: pd.Series, source: str) -> Stamps:
    """Numbers, or dates as ISO 8601 writes them: 2024-01-31, 2024-01-31T12:30:00+01:00.

    Raises:
        DataError: a cell is missing or is no time stamp, or some have a zone and others have none.
    """
    missing = np.flatnonzero(cells.isna())
    if len(missing):
        place = where(source, row=cells.index[missing[0]], column=str(cells.name))
        raise DataError("the time stamp is missing", where=place, fix="fill the cell, or leave the row out")
    texts = np.array([str(cell).strip() for cell in cells], dtype=object)
    numbers = numbers_of(texts)
    if not np.isnan(numbers).any():
        return Stamps(texts, numbers, dates=False)
    zoned = np.array([bool(_ZONE.search(text)) for text in texts])
    if zoned.any() and not zoned.all():
        place = where(source, row=cells.index[int(zoned.argmin())], column=str(cells.name))
        raise DataError(
            f"{zoned.sum():,} of {len(zoned):,} time stamps have a zone, and the others have none",
            where=place,
            fix="write all of them with a zone (2024-01-31T12:00:00+01:00), or none",
        )
    dates = pd.to_datetime(pd.Series(texts), format="ISO8601", utc=True, errors="coerce")
    bad = np.flatnonzero(dates.isna())
    if len(bad):
        raise DataError(
            f"expected a time stamp, got {texts[bad[0]]!r}",
            where=where(source, row=cells.index[bad[0]], column=str(cells.name)),
            fix="write dates as 2024-01-31 or 2024-01-31T12:30:00, or number the steps",
        )
    zones = {found[1] for text in texts if (found := _ZONE.search(text))}
    mixed = len(zones - {"Z", "+00:00", "+0000"}) > 1 or len(zones) > 2
    notes = (f"time stamps have {len(zones)} different offsets, and were brought to UTC",) if mixed else ()
    return Stamps(texts, _seconds(dates), dates=True, notes=notes, zoned=bool(zones))


def written(time: float, *, dates: bool, like: str = "") -> str:
    """A number on the clock as a time stamp, with no more of it and the same separator as `like` has.

    >>> written(0.0, dates=True), written(0.0, dates=True, like="2024-01-31"), written(7.0, dates=False)
    ('1970-01-01 00:00:00', '1970-01-01', '7')
    """
    if not dates:
        return f"{time:.15g}"
    text = str(pd.Timestamp(time, unit="s"))
    if len(like) == _DAY and text.endswith(" 00:00:00"):
        return text[:_DAY]
    return text.replace(" ", "T") if "T" in like else text


def duration(step: str | float, *, dates: bool) -> float:
    """A step in time as a number on the clock: seconds of "1h", "15min" or "7D"; or the number itself.

    Raises:
        ConfigError: it is no length of time above 0, or dates are stepped by a bare number.
    """
    try:
        found = pd.Timedelta(step).total_seconds() if dates and isinstance(step, str) else float(step)
    except ValueError:
        found = -1.0
    if found <= 0 or (dates and not isinstance(step, str)):
        example = '"1h", "15min" or "1D"' if dates else "1"
        raise ConfigError(f"expected a step in time, got {step!r}", where="step", fix=f"write for example {example}")
    return found


def in_words(seconds: float, *, dates: bool) -> str:
    """A length of time for people.

    >>> in_words(86400, dates=True), in_words(5400, dates=True)
    ('1 day', '1:30:00')
    """
    return str(timedelta(seconds=seconds)).removesuffix(", 0:00:00") if dates else f"{seconds:.6g}"


def calendar_numbers(
    times: Float[np.ndarray, "N"], features: Sequence[str], *, dates: bool
) -> Float[np.ndarray, "N F"]:
    """What is read from each time.

    Raises:
        ConfigError: there is no such feature, or the times are no dates.
    """
    for name in features:
        if name not in CALENDAR:
            raise ConfigError(f"there is no '{name}' in a calendar", where="calendar", fix=did_you_mean(name, CALENDAR))
    if features and not dates:
        raise ConfigError(
            "the time stamps are numbers, which have no calendar", where="calendar", fix="leave it out, or give dates"
        )
    if not features:
        return np.empty((len(times), 0))
    index = pd.DatetimeIndex(pd.to_datetime(times, unit="s"))
    return np.stack([CALENDAR[name](index).astype(float) for name in features], axis=1)


def _seconds(dates: pd.Series) -> Float[np.ndarray, "N"]:
    return dates.dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64) / 1e9
