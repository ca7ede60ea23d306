"""Tables that are read from the code while the documentation is built, so that pages and tool say the same.

A page holds `<!-- table: NAME -->` or `<!-- table: NAME ARGUMENT -->`; the names are the functions in `TABLES`.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

# Flags of every verb; the page tells them once.
COMMON = ("help", "quiet", "json", "debug")
MARKER = re.compile(r"<!-- table: (\w+)(?: (\w+))? -->")


def on_page_markdown(text: str, **_: Any) -> str:
    """Called by mkdocs with the source of every page."""
    return MARKER.sub(lambda found: TABLES[found[1]](*filter(None, found.groups()[1:])), text)


def settings() -> str:
    """The keys of a config, each with the sentence that documents it."""
    from salience.run.settings import Settings

    return _fields(Settings)


def training() -> str:
    """The keys under `train:`."""
    from salience.training.options import TrainOptions

    return _fields(TrainOptions)


def named(kind: str) -> str:
    """What a config can name, of one kind, with the first sentence of its documentation."""
    from salience.cli.catalogue import names

    return _table(("Name", "What it does"), ((f"`{name}`", sentence) for name, sentence in names(kind).items()))


def options(kind: str) -> str:
    """The options of everything of one kind that has any."""
    from salience.cli.catalogue import ROOMS, names

    parts = []
    for name in names(kind):
        made = getattr(importlib.import_module(ROOMS[kind]), name)
        sentences = told(made)
        rows = [(f"`{each.name}`", _shown(each.default), sentences[each.name]) for each in options_of(made)]
        if rows:
            parts.append(f"**{name}**\n\n" + _table(("Option", "Default", "What it does"), rows))
    return "\n\n".join(parts)


def verbs() -> str:
    """Every verb of the command line with its words and flags."""
    from salience.cli.parser import parser

    return "\n\n".join(_verb(name, each) for name, each in verbs_of(parser()).items())


def verbs_of(whole: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb."""
    (choices,) = (each.choices for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    return dict(choices)


def options_of(made: type) -> list[inspect.Parameter]:
    """The options of a constructor: what has a default or can only be given by name."""
    parameters = inspect.signature(made).parameters.values()
    return [each for each in parameters if each.kind is each.KEYWORD_ONLY or each.default is not each.empty]


def told(made: type) -> dict[str, str]:
    """What the documentation of a class, or else of those it extends, says of each option, on one line."""
    import griffe

    found: dict[str, str] = {}
    for each in reversed([each for each in made.__mro__ if each.__module__.startswith("salience.")]):
        documentation = griffe.Docstring(inspect.cleandoc(each.__doc__ or ""))
        sections = griffe.parse_google(documentation, warn_missing_types=False, warn_unknown_params=False)
        listed = [section.value for section in sections if section.kind is griffe.DocstringSectionKind.parameters]
        found |= {option.name: " ".join(option.description.split()) for section in listed for option in section}
    return found


def documented(kind: type) -> dict[str, str]:
    """The string that stands under each field of a dataclass in its source."""
    import griffe

    attributes = griffe.load(kind.__module__)[kind.__name__].attributes
    return {name: each.docstring.value for name, each in attributes.items() if each.docstring}


def _fields(kind: type) -> str:
    sentences = documented(kind)
    rows = [(f"`{each.name}`", _shown(_default(each)), sentences[each.name]) for each in dataclasses.fields(kind)]
    return _table(("Key", "Default", "What it does"), rows)


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _verb(name: str, verb: argparse.ArgumentParser) -> str:
    words = " ".join(verb.format_usage().removeprefix("usage:").split())
    for flag in ("[-h] ", "[--quiet] ", "[--json] ", "[--debug] "):
        words = words.replace(flag, "")
    usage = textwrap.fill(words, 88, subsequent_indent="    ", break_on_hyphens=False)
    rows = [(_call(each), each.help or "") for each in verb._actions if each.dest not in COMMON]
    sentence = (verb.description or "").strip()
    table = _table(("Argument", "What it does"), rows) if rows else ""
    return f"## {name}\n\n{sentence[:1].upper()}{sentence[1:]}.\n\n```text\n{usage}\n```\n\n{table}"


def _call(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"`{', '.join(action.option_strings)}{value}`"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if value is inspect.Parameter.empty:
        return "needed"
    return f"`{ {True: 'true', False: 'false'}.get(value, value) if isinstance(value, bool) else value }`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


TABLES: dict[str, Callable[..., str]] = {
    "settings": settings,
    "training": training,
    "named": named,
    "options": options,
    "verbs": verbs,
}
