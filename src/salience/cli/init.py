"""`salience init`: a full, commented config for a data file, with what was inferred and what to look out for."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import json
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from salience.cli.console import console
from salience.cli.fit import with_series
from salience.core import config
from salience.core.errors import ConfigError
from salience.core.whole import whole
from salience.data import table
from salience.data.splitters import SIDES
from salience.run.produce import Prepared, prepare
from salience.run.settings import Settings
from salience.training.options import TrainOptions


def init(arguments: argparse.Namespace) -> None:
    """Write the config and print what was understood."""
    path = Path(arguments.out)
    if path.exists():
        raise ConfigError("the file exists already", where=str(path), fix="choose another with --out")
    given = {"data": arguments.data, "target": arguments.target or _only_target(arguments.data)}
    values = with_series(given, time=arguments.time, series=arguments.series, horizon=arguments.horizon)
    settings = config.make(Settings, values, where="command line")
    prepared = prepare(arguments.data, settings)
    text = commented(settings.resolved(prepared.inference), prepared)
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
    if arguments.json:
        findings = [dataclasses.asdict(each) for each in prepared.findings]
        print(json.dumps({"config": str(path), "findings": findings}, ensure_ascii=False, default=str))
        return
    out = console(quiet=arguments.quiet)
    out.print(prepared.inference.statement())
    for finding in prepared.findings:
        out.print(f"{finding.severity}: {finding.sentence}")
    out.print(f"\nwrote {path}; train with: salience fit {path}")


def commented(settings: Settings, prepared: Prepared) -> str:
    """The settings as YAML, every key with the sentence that documents it."""
    blocks = [_comment(line) for line in prepared.inference.statement().split("\n")]
    blocks += [_comment(f"{each.severity}: {each.sentence}") for each in prepared.findings if each.severity != "info"]
    sizes = ", ".join(f"{len(getattr(prepared.split, side)):,} {side}" for side in SIDES)
    blocks.append(_comment(f"split: {sizes}; {prepared.split.how}"))
    for field in dataclasses.fields(Settings):
        value = getattr(settings, field.name)
        blocks += ["", _comment(_documentation(Settings)[field.name])]
        blocks.append(_options(value) if field.name == "train" else _yaml({field.name: value}))
    return "\n".join(blocks) + "\n"


def _options(values: dict[str, Any]) -> str:
    documentation = _documentation(TrainOptions)
    lines = [f"{_comment(documentation[name])}\n{_yaml({name: value})}" for name, value in values.items()]
    return "train:\n" + indent("\n".join(lines), "  ")


def _comment(text: str) -> str:
    """A comment of one line, whatever names and cells it quotes: behind a line break the rest would be a setting."""
    return "# " + "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _documentation(kind: type) -> dict[str, str]:
    """The string that stands under each field of a dataclass in its source."""
    (described,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(described, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in zip(described.body, described.body[1:], strict=False):
        is_text = isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and is_text:
            found[field.target.id] = " ".join(str(text.value.value).split())  # type: ignore[attr-defined]
    return found


def _yaml(value: dict[str, Any]) -> str:
    plain = json.loads(json.dumps(value))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1000).strip()


def _only_target(path: str) -> str:
    """The one column that is called like a target.

    Raises:
        ConfigError: there is none, or there are several.
    """
    names = [str(name) for name in table.read(path).columns]
    usual = [name for name in names if name.lower() in ("label", "target", "class", "y")]
    if len(usual) == 1:
        return usual[0]
    raise ConfigError("no target was named", where=path, fix=f"--target with one of: {', '.join(names)}")
