"""A report's content as JSON values and back, so that a page can be drawn again without the model."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from salience.core.errors import DataError, did_you_mean
from salience.reports.content import ReportContent


def to_json(content: ReportContent) -> dict[str, Any]:
    """The content as dictionaries, lists, strings, numbers and None."""
    return asdict(content)


def from_json(stored: object) -> ReportContent:
    """The inverse of `to_json`, after any JSON file.

    Raises:
        DataError: a field is unknown, missing or of another kind; `where` names it.
    """
    made: ReportContent = _read(ReportContent, stored, "the report")
    return made


def _read(wanted: Any, stored: object, where: str) -> Any:
    origin = get_origin(wanted)
    if origin in (Union, types.UnionType):
        kinds = [each for each in get_args(wanted) if each is not type(None)]
        return None if stored is None else _read(_kind(kinds, stored), stored, where)
    if is_dataclass(wanted) and isinstance(wanted, type):
        return _record(wanted, stored, where)
    if origin is tuple:
        items = _expect((list, tuple), stored, where)
        return tuple(_read(get_args(wanted)[0], each, f"{where}[{number}]") for number, each in enumerate(items))
    if origin is Mapping:
        items = _expect(dict, stored, where).items()
        return {str(name): _read(get_args(wanted)[1], each, f"{where}[{name!r}]") for name, each in items}
    return _expect((int, float) if wanted is float else wanted, stored, where)


def _kind(kinds: Sequence[Any], stored: object) -> Any:
    """Of several kinds, the one of this value, or of records the one with these fields; the first where none is."""
    if isinstance(stored, Mapping):
        return next(
            (
                each
                for each in kinds
                if isinstance(each, type) and is_dataclass(each) and set(_hints(each)) == set(stored)
            ),
            kinds[0],
        )
    return next((each for each in kinds if type(stored) is each), kinds[0])


def _record(wanted: type, stored: object, where: str) -> Any:
    given = _expect(dict, stored, where)
    hints = _hints(wanted)
    for name in given:
        if name not in hints:
            raise DataError(f"unknown field '{name}'", where=where, fix=did_you_mean(str(name), hints))
    values = {name: _read(hints[name], each, f"{where}.{name}") for name, each in given.items()}
    try:
        return wanted(**values)
    except TypeError as error:
        raise DataError(f"a field of {wanted.__name__} is missing: {error}", where=where) from error


@cache
def _hints(wanted: type) -> dict[str, Any]:
    known = get_type_hints(wanted)
    return {each.name: known[each.name] for each in fields(wanted)}


def _expect(kind: Any, stored: object, where: str) -> Any:
    if isinstance(stored, kind):
        return stored
    names = " or ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))
    raise DataError(f"expected {names}, got {type(stored).__name__}", where=where, fix="make the report again")
