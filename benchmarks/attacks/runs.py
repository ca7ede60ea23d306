"""Run folders whose other files were damaged or forged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.attacks.bytes import damage, forge
from benchmarks.attacks.case import Case, World, command

READ = ("run.json", "config.yaml", "report.json", "metrics.json", "faithfulness.json", "env.json")
#: What is read of a run that was interrupted.
READ_AGAIN = ("run.json", "config.yaml", "env.json")


def damaged(random: Random, world: World) -> Case:
    """Wrong bytes in one of the files, or no file."""
    stopped = random.random() < 0.2
    run = world.copy(world.stopped, *READ_AGAIN, "checkpoints") if stopped else world.copy(world.run, *READ, "model")
    path = run / random.choice(READ_AGAIN if stopped else READ)
    kind = random.random()
    if kind < 0.75:
        path.write_bytes(damage(random, path.read_bytes()))
    elif kind < 0.9:
        path.unlink()
    else:
        path.unlink()
        path.mkdir()
    if stopped:
        # Another target in the config, so that nothing is trained where the damage does not matter.
        config = run / "config.yaml"
        if config.is_file():
            config.write_bytes(config.read_bytes() + b"\ncertainly wrong: 1\n")
        return Case(command("fit", "--resume", run), "fail")
    return Case(_door(random, world, run))


def forged(random: Random, world: World) -> Case:
    """Other values in a file of JSON: row ids that lead elsewhere, numbers that are texts, commands to a terminal."""
    run = world.copy(world.run, *READ, "model")
    path = run / random.choice([name for name in READ if name.endswith(".json")])
    content = json.loads(path.read_text(encoding="utf-8"))
    if path.name == "report.json" and random.random() < 0.4:
        for number, example in enumerate(content["examples"]):
            example["row_id"] = f"../../outside/owned{number}"
            example["cells"] = {"text": "$\\frac{ \x1b[2J \ud800 <script>"}
    else:
        content = forge(random, content)
    try:
        path.write_text(json.dumps(content), encoding="utf-8")
    except ValueError:
        path.write_text("[" * 100_000, encoding="utf-8")
    return Case(_door(random, world, run))


def _door(random: Random, world: World, run: Path) -> Callable[[], int]:
    door = random.random()
    if door < 0.35:
        return command("report", run, "--out", world.box / "page.html")
    if door < 0.4:
        return command("report", run)
    if door < 0.7:
        return command("evaluate", run, *random.choice(((), ("--json",))))
    if door < 0.8:
        return command("evaluate", run, world.table, "--rows", 0, "--quiet")
    if door < 0.9:
        return command("explain", run, "--text", "a superb film")
    return command("predict", run, "--text", "a superb film")
