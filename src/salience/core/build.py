"""From a name and options to an object, with errors that name what exists.

The public namespace of a room is its registry: a name in a config is the name of a class. `package.module:Name` names a
class of a third party.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from salience.core.errors import ConfigError, did_you_mean


def find(name: str, room: ModuleType) -> type:
    """The class called `name` in the public namespace of `room`, whatever its capitals and underscores.

    Raises:
        ConfigError: there is no such class.
    """
    if ":" in name:
        return _foreign(name)
    public = {each: getattr(room, each) for each in room.__all__ if inspect.isclass(getattr(room, each))}
    folded = {_fold(each): each for each in public}
    if _fold(name) in folded:
        return public[folded[_fold(name)]]
    raise ConfigError(f"there is no '{name}' in {room.__name__}", fix=did_you_mean(name, public))


def build(choice: str | Mapping[str, Any], room: ModuleType, *given: Any) -> Any:
    """Make the object that a config names: `"Additive"`, or `{"Additive": {"hidden": 64}}`.

    `given` are the leading arguments that the caller knows (a width, say) and the config does not.

    Raises:
        ConfigError: unknown name, unknown option, missing option; all unknown options are reported at once.
    """
    name, options = named(choice)
    made = find(name, room)
    check_options(made, options, skip=len(given))
    return made(*given, **options)


def named(choice: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name and the options of a config entry."""
    if isinstance(choice, str):
        return choice, {}
    if isinstance(choice, Mapping) and len(choice) == 1:
        (name, options), *_ = choice.items()
        if isinstance(name, str) and (options is None or isinstance(options, Mapping)):
            return name, dict(options or {})
    raise ConfigError(
        f"expected a name, or one name with its options, got {choice!r}", fix="write `Name` or `Name: {option: value}`"
    )


def options_of(made: type, skip: int = 0) -> dict[str, inspect.Parameter]:
    """The options of a constructor: its parameters after the first `skip`."""
    parameters = list(inspect.signature(made).parameters.items())
    return dict(parameters[skip:])


def check_options(made: type, options: Mapping[str, Any], *, skip: int = 0) -> None:
    """Bind `options` to the constructor, reporting every wrong and missing one together."""
    known = options_of(made, skip)
    problems = [f"'{name}' ({did_you_mean(str(name), known)})" for name in options if name not in known]
    missing = [name for name, each in known.items() if each.default is each.empty and name not in options]
    if problems:
        raise ConfigError(f"unknown options of {made.__name__}: " + "; ".join(problems), fix="remove or rename them")
    if missing:
        raise ConfigError(f"{made.__name__} needs {', '.join(missing)}", fix="give them as options")


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _foreign(name: str) -> type:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"cannot import '{name}': {error}", fix="write package.module:ClassName") from error
    if not inspect.isclass(found):
        raise ConfigError(f"'{name}' is not a class", fix="write package.module:ClassName")
    return found
