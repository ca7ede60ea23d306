"""Hostile inputs, family by family: a family makes one case out of random numbers and a world to work in."""

from __future__ import annotations

from benchmarks.attacks import archives, checkpoints, commands, configs, models, pickles, runs, tables, texts
from benchmarks.attacks.case import Family

#: Every family with its weight: how many cases of each hundred are its own.
FAMILIES: dict[str, tuple[Family, int]] = {
    "table: damaged bytes": (tables.damaged, 12),
    "table: broken form": (tables.misshapen, 9),
    "table: encodings": (tables.encoded, 7),
    "table: empty": (tables.empty, 2),
    "table: columns": (tables.columns, 4),
    "table: wrong types": (tables.types, 7),
    "table: file names": (tables.names, 4),
    "table: targets": (tables.targets, 4),
    "text: strange but sound": (texts.strange, 8),
    "config: wrong values": (configs.values, 9),
    "config: broken YAML": (configs.yaml, 5),
    "config: names that escape": (configs.escapes, 1),
    "model: damaged files": (models.damaged, 6),
    "model: forged descriptions": (models.forged, 7),
    "run: damaged files": (runs.damaged, 5),
    "run: forged contents": (runs.forged, 2),
    "checkpoint": (checkpoints.checkpoint, 2),
    "archive": (archives.archive, 2),
    "pickle": (pickles.pickle, 2),
    "command": (commands.command_line, 2),
}
