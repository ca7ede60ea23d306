"""Dates as people write them, as moments, and where a moment lies in the year, the month, the week and the day."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from salience.core.errors import DataError

#: How many numbers `features_of` gives.
FEATURES = 9

_CLOCK = r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
_TIME = _CLOCK + r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.年](?P<first>\d{1,2})[-/.月](?P<second_part>\d{1,2})日?" + _TIME)
_YEAR_LAST = re.compile(r"(?P<first>\d{1,2})[-/.](?P<second_part>\d{1,2})[-/.](?P<year>\d{4})" + _TIME)


def read_date(cell: Any, *, day_first: bool = True) -> datetime:
    """A date, with or without a time, as a moment in UTC; what names no zone is taken as it is.

    Read are 2024-01-31 (also with / . or 年月日), 31.01.2024 (also with / or -), each with a time such as 12:30:05 and
    a zone such as Z or +01:00, and dates of Python and pandas.

    Args:
        day_first: whether 03/04/2024 is in April.

    Raises:
        DataError: it is written in another way, or there is no such day or time.

    >>> read_date("31.1.2024 12:30+01:00").isoformat()
    '2024-01-31T11:30:00+00:00'
    """
    if isinstance(cell, datetime):
        return _in_utc(cell)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), UTC)
    try:
        return _parsed(str(cell).strip(), day_first=day_first)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"expected a date, got {cell!r:.40}",
            fix="write it as 2024-01-31 or 2024-01-31 12:30, or leave the cell empty",
        ) from error


def day_comes_first(cells: Iterable[Any]) -> bool:
    """Whether in dates such as 03/04/2024 the day stands first: a number above 12 tells; else it does.

    Raises:
        DataError: some of them can only be read in one way, and some only in the other.

    >>> day_comes_first(["03/04/2024", "03/25/2024"])
    False
    """
    found = [match for cell in cells if (match := _YEAR_LAST.fullmatch(str(cell).strip()))]
    first = next((each.group() for each in found if int(each["first"]) > 12), None)
    second = next((each.group() for each in found if int(each["second_part"]) > 12), None)
    if first and second:
        raise DataError(
            f"the day stands first in '{first}' and second in '{second}'", fix="write all dates as 2024-01-31"
        )
    return second is None


def features_of(moment: datetime, *, along: float) -> tuple[float, ...]:
    """How far along a moment lies, as given, and the place on four circles, each as cosine and sine.

    The circles are the year (by its days), the month, the week and the day.
    """
    midnight = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    today = (moment - midnight) / timedelta(days=1)
    shares = (
        (moment.timetuple().tm_yday - 1 + today) / 366,
        (moment.day - 1 + today) / monthrange(moment.year, moment.month)[1],
        (moment.weekday() + today) / 7,
        today,
    )
    return (along, *(turn(2 * math.pi * share) for share in shares for turn in (math.cos, math.sin)))


def _parsed(text: str, *, day_first: bool) -> datetime:
    if match := _YEAR_FIRST.fullmatch(text):
        month, day = int(match["first"]), int(match["second_part"])
    elif match := _YEAR_LAST.fullmatch(text):
        month, day = int(match["second_part"]), int(match["first"])
        month, day = (month, day) if day_first else (day, month)
    else:
        raise ValueError(text)
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    return _in_utc(datetime(int(match["year"]), month, day, hour, minute, second, tzinfo=_zone(match["zone"])))


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    minutes = 60 * int(text[1:3]) + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
