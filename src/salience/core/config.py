"""From a YAML file and `key=value` words to a frozen dataclass, with every problem reported at once."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from yaml.error import MarkedYAMLError

from salience.core.errors import ConfigError, did_you_mean

Made = TypeVar("Made")


def read(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or is not a mapping with names as keys.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config: {error}", where=str(path)) from error
    return parse(text, where=str(path))


def parse(text: str, *, where: str) -> dict[str, Any]:
    """The mapping in a YAML text; nothing but plain values is ever made from it."""
    try:
        value = yaml.load(text, Loader=_Plain)
    # The parser lets through whatever goes wrong behind an explicit tag, such as `!!bool maybe`.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(f"the config is not valid YAML: {problem}", where=where + line) from error
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"expected a mapping from names to values, got {type(value).__name__}", where=where)
    return value


def override(config: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """The config with `a.b=value` words applied; values are read as YAML.

    >>> override({"model": {"width": 32}}, ["model.width=64", "train.epochs=3"])
    {'model': {'width': 64}, 'train': {'epochs': 3}}

    Raises:
        ConfigError: a word has no `=`, or its path leads through something that is not a mapping.
    """
    result = _copy(config)
    for word in words:
        path, equals, text = word.partition("=")
        if not equals or not path:
            raise ConfigError(f"expected key=value, got '{word}'", fix="write for example model.width=64")
        place = result
        *parents, last = path.split(".")
        for name in parents:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigError(f"'{path}' leads through '{name}', which is not a mapping", where=word)
        place[last] = parse(f"value: {text}", where=word).get("value")
    return result


def make(kind: type[Made], values: Mapping[str, Any], *, where: str) -> Made:
    """A dataclass from a mapping: unknown keys, missing keys and wrong types are all named in one error."""
    fields = {each.name: each for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(kind)
    problems = [f"unknown key '{key}' ({did_you_mean(str(key), fields)})" for key in values if key not in fields]
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if name not in values and required:
            problems.append(f"'{name}' is missing")
        elif name in values and not fits(values[name], hints[name]):
            problems.append(f"'{name}' must be {described(hints[name])}, got {values[name]!r}")
    if problems:
        raise ConfigError("; ".join(problems), where=where)
    return kind(**{name: _plain(each, hints[name]) for name, each in values.items()})


def fits(value: object, hint: Any) -> bool:
    """Is a value read from YAML of the annotated type? Whole numbers count as numbers, lists as tuples.

    >>> fits(3, float), fits(float("inf"), float), fits([1, "a"], tuple[int, ...])
    (True, False, False)
    """
    if hint is Any:
        return True
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in typing.get_args(hint))
    if origin in (tuple, Sequence):
        return isinstance(value, list | tuple) and all(fits(each, typing.get_args(hint)[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(fits(each, typing.get_args(hint)[0]) for each in value)
    if hint is None or hint is type(None):
        return value is None
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or hint)


class _Plain(yaml.SafeLoader):
    """Plain values only: no references, which make an endless value out of a short text, and no key given twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise MarkedYAMLError(problem="references are not read", problem_mark=self.peek_event().start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        made = super().construct_mapping(node, deep=deep)
        if len(made) < len(node.value):
            raise MarkedYAMLError(problem="a key is given twice in one mapping", problem_mark=node.start_mark)
        return made


def _is_finite(value: float) -> bool:
    # False for NaN, for both infinities, and for whole numbers that no float can hold.
    return -sys.float_info.max <= value <= sys.float_info.max


def _plain(value: object, hint: Any) -> object:
    """Lists become the tuples that frozen dataclasses hold."""
    holds_tuple = typing.get_origin(hint) is tuple or any(
        typing.get_origin(each) is tuple for each in typing.get_args(hint)
    )
    return tuple(value) if isinstance(value, list) and holds_tuple else value


def described(hint: Any) -> str:
    """An annotated type in the words of an error: `int | None` is "a whole number or null"."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(described(each) for each in typing.get_args(hint))
    if origin in (tuple, Sequence):
        return f"a list of {described(typing.get_args(hint)[0])}"
    named = {int: "a whole number", float: "a finite number", str: "text", bool: "true or false", type(None): "null"}
    return "a mapping with names as keys" if origin is Mapping else named.get(hint, str(hint))


def _copy(value: Any) -> Any:
    return {key: _copy(each) for key, each in value.items()} if isinstance(value, Mapping) else value
