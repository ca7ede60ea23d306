"""From a name and options to an object, with errors that name what exists.

The public namespace of a room is its registry: a name in a config is the name of a class. `package.module:Name` names a
class of a third party.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any, get_type_hints

from salience.core.config import described, fits
from salience.core.errors import ConfigError, SalienceError, did_you_mean

# Importing runs code, and a name can come from a file of a stranger. The question is asked where the import happens,
# because a search for such names in a file could miss a place.
_foreign_allowed: ContextVar[bool] = ContextVar("foreign_allowed", default=True)


@contextmanager
def foreign_classes(*, allowed: bool) -> Iterator[None]:
    """Inside the block, classes of third parties may be imported or not; what was forbidden outside stays so."""
    token = _foreign_allowed.set(allowed and _foreign_allowed.get())
    try:
        yield
    finally:
        _foreign_allowed.reset(token)


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


def known(name: str, room: ModuleType) -> bool:
    """Whether `room` has a class of this name, whatever its capitals and underscores."""
    return _fold(name) in {_fold(each) for each in room.__all__}


def build(choice: str | Mapping[str, Any], room: ModuleType, *given: Any) -> Any:
    """Make the object that a config names: `"Additive"`, or `{"Additive": {"hidden": 64}}`.

    `given` are the leading arguments that the caller knows (a width, say) and the config does not.

    Raises:
        ConfigError: unknown name, unknown option, missing option, all reported at once; or a value that the class, or
            what it is made of, refuses.
    """
    name, options = named(choice)
    made = find(name, room)
    check_options(made, options, skip=len(given))
    try:
        return made(*given, **options)
    except (ValueError, RuntimeError, ArithmeticError, AssertionError) as error:
        if isinstance(error, SalienceError):
            raise
        # Layers of other libraries check their own options; their words become ours, with the place.
        problem = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ConfigError(f"{made.__name__} cannot be made with these options: {problem}", where=name) from error


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


def options_of(made: Callable[..., Any], skip: int = 0) -> dict[str, inspect.Parameter]:
    """The options of a constructor: its parameters after the first `skip`."""
    parameters = list(inspect.signature(made).parameters.items())
    return dict(parameters[skip:])


def check_options(
    made: Callable[..., Any], options: Mapping[str, Any], *, skip: int = 0, name: str | None = None
) -> None:
    """Bind `options` to the constructor, reporting every wrong and missing one together.

    Args:
        made: a class or a function.
        options: what is to be given by name.
        skip: how many leading parameters the caller gives itself.
        name: what errors call it.

    Raises:
        ConfigError: an option is unknown, missing, or of another type than the constructor says.
    """
    name = name or made.__name__
    known = options_of(made, skip)
    problems = [f"'{each}' ({did_you_mean(str(each), known)})" for each in options if each not in known]
    missing = [each for each, found in known.items() if found.default is found.empty and each not in options]
    if problems:
        raise ConfigError(f"unknown options of {name}: " + "; ".join(problems), fix="remove or rename them")
    hints = _hints(made)
    wrong = [
        f"'{each}' of {name} must be {described(hints[each])}, got {value!r}"
        for each, value in options.items()
        if each in hints and not fits(value, hints[each])
    ]
    if wrong:
        raise ConfigError("; ".join(wrong), fix="correct them, or leave them out")
    if missing:
        lacking = ", ".join(f"{each}: ..." for each in missing)
        raise ConfigError(f"{name} needs {', '.join(missing)}", fix=f"write {name}: {{{lacking}}}")


def _hints(made: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(made.__init__ if inspect.isclass(made) else made)
    except (NameError, TypeError):
        # A class of a third party may use names that exist for type checkers only; it has to check its options itself.
        return {}


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _foreign(name: str) -> type:
    if not _foreign_allowed.get():
        raise ConfigError(
            f"'{name}' is a class of a third party, and importing it runs its code",
            fix="if you trust it, allow it: allow_foreign=True in Python, --allow-foreign on the command line",
        )
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"cannot import '{name}': {error}", fix="write package.module:ClassName") from error
    if not inspect.isclass(found):
        raise ConfigError(f"'{name}' is not a class", fix="write package.module:ClassName")
    return found
