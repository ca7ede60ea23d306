"""Saved models that were damaged on the way, or changed by somebody who also corrected the hashes."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
from pathlib import Path
from random import Random

from benchmarks.attacks.bytes import changed, forge
from benchmarks.attacks.case import EVIL, Case, World, command

DESCRIPTION, WEIGHTS, HASHES = "pipeline.json", "model.safetensors", "hashes.json"
FILES = (DESCRIPTION, WEIGHTS, HASHES)
PARTS = ("model", "run.json", "config.yaml", "report.json")


class Owned:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.system, (f"touch {self.path}",)


def damaged(random: Random, world: World) -> Case:
    """Files that are not what was saved; the hashes tell."""
    run = world.copy(world.run, *PARTS)
    path = run / "model" / random.choice(FILES)
    content = path.read_bytes()
    kind = random.randrange(8)
    if kind < 4:
        path.write_bytes(changed(random, content))
    elif kind == 4:
        path.unlink()
    elif kind == 5:
        other = run / "model" / random.choice([name for name in FILES if name != path.name])
        path.write_bytes(other.read_bytes())
    elif kind == 6:
        path.unlink()
        if random.random() < 0.5:
            os.mkfifo(path)
        else:
            path.symlink_to(random.choice(("/dev/zero", "/dev/random", path, world.outside)))
    else:
        path.write_bytes(pickle.dumps(Owned(world.outside / "owned")))
    return Case(_door(random, run), "fail")


def forged(random: Random, world: World) -> Case:
    """Files that were changed on purpose, with hashes that are right again."""
    run = world.copy(world.run, *PARTS)
    model = run / "model"
    kind = random.random()
    if kind < 0.25:
        description = json.loads((model / DESCRIPTION).read_text(encoding="utf-8"))
        _foreign(random, description)
        _seal(model, DESCRIPTION, json.dumps(description).encode())
        return Case(_door(random, run), "fail")
    if kind < 0.7:
        description = json.loads((model / DESCRIPTION).read_text(encoding="utf-8"))
        forgery = forge(random, description)
        try:
            content = json.dumps(forgery).encode("utf-8", "surrogatepass")
        except ValueError:
            content = b'{"a": ' * 100_000
        _seal(model, DESCRIPTION, content)
    elif kind < 0.9:
        _seal(model, WEIGHTS, changed(random, (model / WEIGHTS).read_bytes()))
    else:
        size = random.choice((0, 2, 10**6, 2**40, 2**63 - 1))
        header = json.dumps({"a": {"dtype": "F32", "shape": [size], "data_offsets": [0, 4 * size]}}).encode()
        _seal(model, WEIGHTS, struct.pack("<Q", random.choice((len(header), 2**40, 0))) + header)
    return Case(_door(random, run))


def _foreign(random: Random, description: dict) -> None:
    """Name a class of a stranger somewhere."""
    choice = random.choice((EVIL, {EVIL: {}}, "os:system", f"{EVIL}:x", f" {EVIL}", f"{EVIL}\n", "subprocess:Popen"))
    inputs, model = description["inputs"], description["model"]
    place = random.randrange(6)
    if place == 0:
        inputs["text"] = choice
    elif place == 1:
        inputs["text"] = {"Text": {"tokens": choice}}
    elif place == 2:
        description["task"] = choice
    elif place == 3:
        model["encoder"] = choice
    elif place == 4:
        model["pool"] = choice
    else:
        model["encoder"] = {"Hierarchical": {random.choice(("words", "pool", "sentences")): choice}}


def _seal(model: Path, name: str, content: bytes) -> None:
    (model / name).write_bytes(content)
    hashes = {each: hashlib.sha256((model / each).read_bytes()).hexdigest() for each in (DESCRIPTION, WEIGHTS)}
    (model / HASHES).write_text(json.dumps(hashes), encoding="utf-8")


def _door(random: Random, run: Path):
    verb = random.choice(("predict", "predict", "explain"))
    return command(verb, run, "--text", "a superb film", *random.choice(((), ("--json",))))
