"""`salience data`: public data sets, listed, fetched and described."""

from __future__ import annotations

import argparse
import json
import sys

from salience.core.errors import ConfigError
from salience.data.fetch import Progress, get, missing
from salience.data.registry import data_home, known, lookup


def data(arguments: argparse.Namespace) -> None:
    """Run `salience data list|get|info`."""
    {"list": _list, "get": _get, "info": _info}[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> None:
    sets = known()
    if arguments.json:
        print(json.dumps({name: each.title for name, each in sets.items()}, ensure_ascii=False, indent=1))
        return
    print(f"folder: {data_home()}")
    width = max(map(len, sets))
    for name, each in sets.items():
        state = "here" if not missing(each) else "not fetched"
        print(f"  {name:<{width}}  {_size(each.bytes):>9}  {state:<11}  {each.title}")


def _get(arguments: argparse.Namespace) -> None:
    def tell(progress: Progress) -> None:
        print(f"\r  {progress.file}  {_size(progress.done)} of {_size(progress.total)}   ", end="", file=sys.stderr)

    watched = sys.stderr.isatty() and not arguments.quiet
    folder = get(lookup(_named(arguments)), report=tell if watched else None)
    if watched:
        print(file=sys.stderr)
    print(json.dumps({"folder": str(folder)}) if arguments.json else folder)


def _info(arguments: argparse.Namespace) -> None:
    found = lookup(_named(arguments))
    absent = missing(found)
    facts = {
        "name": found.name,
        "title": found.title,
        "task": found.task,
        "licence": found.licence,
        "citation": found.citation,
        "size": _size(found.bytes),
        "files": len(found.files),
        "missing": [file.file for file in absent],
        "folder": str(data_home() / found.name),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for name, value in facts.items():
        shown = ", ".join(value) or "none" if isinstance(value, list) else value
        print(f"{name:<9} {shown}")


def _named(arguments: argparse.Namespace) -> str:
    if not arguments.name:
        raise ConfigError(f"`salience data {arguments.action}` needs the name of a data set", fix="salience data list")
    return arguments.name


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 1024:.1f} KiB"
