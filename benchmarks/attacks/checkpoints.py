"""Checkpoints that were damaged, or that hold something else, given to `salience fit --resume`."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import torch

from benchmarks.attacks.bytes import VALUES, damage
from benchmarks.attacks.case import Case, World, command
from benchmarks.attacks.models import Owned

PARTS = ("run.json", "config.yaml", "env.json", "checkpoints")


def checkpoint(random: Random, world: World) -> Case:
    """One of the two checkpoints is not what training left."""
    run = world.copy(world.stopped, *PARTS)
    path = run / "checkpoints" / random.choice(("last.ckpt", "last.ckpt", "best.ckpt"))
    kind = random.random()
    if kind < 0.4:
        content = path.read_bytes()
        while (changed := damage(random, content)) == content:
            pass
        path.write_bytes(changed)
        # Bytes between the members of an archive mean nothing.
        return Case(command("fit", "--resume", run))
    if kind < 0.6:
        torch.save({"state_dict": Owned(world.outside / "owned")}, path)
    elif kind < 0.7:
        torch.save(random.choice(VALUES), path, _use_new_zipfile_serialization=random.random() < 0.5)
    else:
        torch.save(_forged(random, path), path)
    return Case(command("fit", "--resume", run), "fail")


def _forged(random: Random, path: Path) -> dict[str, Any]:
    """A checkpoint of the right form that lacks something or holds something wrong."""
    made = torch.load(path, weights_only=True)
    needed = ("state_dict", "epoch", "history") if path.name == "best.ckpt" else tuple(made)
    name = random.choice([each for each in made if each in needed])
    if name == "pytorch-lightning_version" or random.random() < 0.5:
        # The version is asked for by nobody who resumes.
        name = random.choice([each for each in needed if each in ("state_dict", "epoch", "loops", "optimizer_states")])
        del made[name]
    else:
        made[name] = random.choice(("text", [None], {"a": 1}, torch.zeros(3)))
    return made
