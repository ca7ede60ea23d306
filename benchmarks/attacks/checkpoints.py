"""Checkpoints that were damaged, or that hold something else, given to `salience fit --resume`."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import torch

from benchmarks.attacks.bytes import VALUES, changed
from benchmarks.attacks.case import Case, World, command
from benchmarks.attacks.models import Owned

PARTS = ("run.json", "config.yaml", "env.json", "checkpoints")
#: Without these nothing can go on.
NEEDED = {
    "last.ckpt": ("state_dict", "epoch", "global_step", "loops", "optimizer_states", "lr_schedulers", "history"),
    "best.ckpt": ("state_dict", "epoch"),
}
WRONG: tuple[Any, ...] = ("text", [None], {"a": 1}, torch.zeros(3), None, 10**30)


def checkpoint(random: Random, world: World) -> Case:
    """One of the two checkpoints is not what training left: the last one where an epoch is left, the best one else."""
    run = world.copy(world.stopped, *PARTS)
    path = run / "checkpoints" / random.choice(("last.ckpt", "last.ckpt", "best.ckpt"))
    if path.name == "last.ckpt":
        (run / "checkpoints" / "ended.txt").unlink()
        config = run / "config.yaml"
        config.write_text(config.read_text(encoding="utf-8").replace("epochs: 2", "epochs: 3"), encoding="utf-8")
    kind = random.random()
    must = "fail"
    if kind < 0.35:
        path.write_bytes(changed(random, path.read_bytes()))
        # Bytes between the members of an archive mean nothing.
        must = "either"
    elif kind < 0.5:
        torch.save({"state_dict": Owned(world.outside / "owned")}, path)
    elif kind < 0.6:
        torch.save(random.choice(VALUES), path, _use_new_zipfile_serialization=random.random() < 0.5)
    elif kind < 0.9:
        made = torch.load(path, weights_only=True)
        name = random.choice(NEEDED[path.name])
        if random.random() < 0.5:
            del made[name]
        else:
            made[name] = random.choice(WRONG)
        torch.save(made, path)
    else:
        torch.save(_greedy(torch.load(path, weights_only=True), world, run), path)
        must = "either"
    return Case(command("fit", "--resume", run), must)


def _greedy(made: dict[str, Any], world: World, run: Path) -> dict[str, Any]:
    """A checkpoint that has a file elsewhere removed as soon as an epoch is better."""
    canary = run / "checkpoints" / ".." / ".." / ".." / world.outside.name / "canary.txt"
    for name, state in made["callbacks"].items():
        if name.startswith("ModelCheckpoint"):
            state |= {"best_model_path": str(canary), "kth_best_model_path": str(canary), "best_model_score": -9.0}
            state |= {"best_k_models": {str(canary): torch.tensor(-9.0)}, "kth_value": torch.tensor(-9.0)}
    return made
