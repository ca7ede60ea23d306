"""`salience list`: what can be named in a config, read from the code itself."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json

from salience.core.errors import ConfigError, did_you_mean

#: The rooms whose public classes or functions can be named, by the word for their kind.
ROOMS = {
    "mechanisms": "salience.attention",
    "encoders": "salience.models.encoders",
    "pools": "salience.models.pools",
    "networks": "salience.models.networks",
    "tokens": "salience.data.tokens",
    "modalities": "salience.data.modalities",
    "tasks": "salience.tasks",
    "schedules": "salience.training.schedule",
    "losses": "salience.training.attention_losses",
    "splits": "salience.data.splitters",
    "methods": "salience.evaluation.importance",
}


def catalogue(arguments: argparse.Namespace) -> None:
    """Print every name of one kind, or of all kinds."""
    kinds = [arguments.kind] if arguments.kind else list(ROOMS)
    named = {kind: names(kind) for kind in kinds}
    if arguments.json:
        print(json.dumps(named, ensure_ascii=False, indent=1))
        return
    for kind, sentences in named.items():
        print(kind)
        width = max(map(len, sentences))
        for name, sentence in sentences.items():
            print(f"  {name:<{width}}  {sentence}")


def names(kind: str) -> dict[str, str]:
    """Each name of a kind with the first sentence of its documentation.

    Raises:
        ConfigError: there is no such kind.
    """
    if kind not in ROOMS:
        raise ConfigError(f"there is no kind '{kind}' to list", fix=did_you_mean(kind, ROOMS))
    room = importlib.import_module(ROOMS[kind])
    found = {name: getattr(room, name) for name in room.__all__}
    return {name: _sentence(each) for name, each in found.items() if _can_be_named(each)}


def _can_be_named(value: object) -> bool:
    is_contract = inspect.isabstract(value) or getattr(value, "_is_protocol", False)
    return inspect.isclass(value) and not is_contract


def _sentence(value: object) -> str:
    documentation = inspect.getdoc(value) or ""
    return " ".join(documentation.split("\n\n")[0].split())
