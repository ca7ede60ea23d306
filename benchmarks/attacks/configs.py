"""Configs that no run can be made of. Each holds at least one mistake that has to be found before training."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from benchmarks.attacks.bytes import damage
from benchmarks.attacks.case import EVIL, Case, World, command

#: Key by path, and a value that cannot be meant.
WRONG: tuple[tuple[str, Any], ...] = (
    *(("modle", {"width": 8}), ("Target", "label"), ("train.epoch", 3), ("model.widht", 8), ("model.", 1), ("", 1)),
    *(("target", None), ("target", 3), ("target", "lable"), ("target", ["label"]), ("target", "text\x00")),
    *(("data", None), ("data", 3), ("data", "none.csv"), ("data", "."), ("data", "/dev/zero"), ("data", "a\x00.csv")),
    *(("inputs", []), ("inputs", {}), ("inputs", ["label"]), ("inputs", ["nope"]), ("inputs", "text"), ("inputs", [3])),
    *(
        ("inputs", {"text": EVIL}),
        ("inputs", {"text": {"Text": {"tokens": EVIL}}}),
        ("inputs", {"text": {"Sound": {}}}),
    ),
    *(("inputs", {"text": {"Text": {"max_tokens": 0}}}), ("inputs", {"text": {"Text": {"vocabulary_size": -1}}})),
    *(("inputs", {"text": {"Text": {"min_count": 10**9}}}), ("inputs", {"text": {"Text": {"vectors": "/etc/passwd"}}})),
    *(("inputs", {"text": {"Text": {"pairs": -1}}}), ("inputs", {"text": {"Text": {"max_tokens": 1.5}}})),
    *(
        ("inputs", {"text": {"Text": {"pairs": 10**12}}}),
        ("inputs", {"text": {"Text": {"tokens": {"Word": {"x": 1}}}}}),
    ),
    *(
        ("inputs", {"text": {"Text": {"tokens": {"BytePair": {"size": -5}}}}}),
        ("inputs", {"text": {"Text": {"tokens": {"WordPiece": {"size": 10**30}}}}}),
    ),
    *(
        ("inputs", {"text": {"Text": {"tokens": {"Pretrained": {"name": "/etc"}}}}}),
        ("inputs", {"text": {"A": 1, "B": 2}}),
    ),
    *(("task", {}), ("task", "Dancing"), ("task", EVIL), ("task", {"subprocess:Popen": {"args": ["touch", "owned"]}})),
    *(("task", "Regression"), ("task", {"Classification": {"balance": 1}}), ("task", ["Classification"])),
    *(("task", {"Classification": {"smoothing": 7}}), ("task", {"Classification": {"focal": -1}})),
    *(("split", "ByColumn"), ("split", {"ByColumn": {"column": "nope"}}), ("split", {"ByTime": {"column": "text"}})),
    *(("split", {"ByHash": {"fractions": [2, -1, 0]}}), ("split", {"ByHash": {"fractions": []}}), ("split", EVIL)),
    *(("split", {"Stratified": {"fractions": [1, 0, 0]}}), ("split", {"ByHash": {"fractions": ["a"]}}), ("split", {})),
    *(("model.width", 0), ("model.width", -8), ("model.width", 10**12), ("model.width", 10**30), ("model.width", 1.5)),
    *(
        ("model.width", "8"),
        ("model.width", True),
        ("model.dropout", 2),
        ("model.dropout", -0.1),
        ("model.dropout", "x"),
    ),
    *(
        ("model.encoder", EVIL),
        ("model.encoder", {}),
        ("model.encoder", "Cat"),
        ("model.encoder", 3),
        ("model.pool", []),
    ),
    *(("model.encoder", {"Convolution": {"kernels": []}}), ("model.encoder", {"Convolution": {"kernels": [0]}})),
    *(("model.encoder", {"Convolution": {"kernels": [-3]}}), ("model.encoder", {"Convolution": {"kernels": "abc"}})),
    *(("model.encoder", {"Convolution": {"layers": -1}}), ("model.encoder", {"Convolution": {"layers": 0}})),
    *(("model.attention", {"MultiHead": {"heads": 3}}), ("model.attention", {"MultiHead": {"heads": 0}})),
    *(("model.encoder", {"Transformer": {"layers": -2}}), ("model.encoder", {"Transformer": {"positions": EVIL}})),
    *(("model.encoder", {"Transformer": {"feedforward": -4}}), ("model.encoder", {"Transformer": {"dropout": 3}})),
    *(("model.encoder", {"Recurrent": {"cell": "abc"}}), ("model.encoder", {"Recurrent": {"directions": 3}})),
    *(("model.encoder", {"Recurrent": {"layers": 0}}), ("model.encoder", {"FeedForward": {"layers": -1}})),
    *(("model.encoder", {"Hierarchical": {"words": EVIL}}), ("model.encoder", {"Hierarchical": {"pool": "Cat"}})),
    *(("model.encoder", {"Pretrained": {"name": "/etc"}}), ("model.encoder", {"Pretrained": {"name": "no/such"}})),
    *(("model.pool", {"MultiHead": {"heads": 3}}), ("model.pool", {"MultiHead": {"heads": 0}}), ("model.pool", "os:x")),
    *(("model.pool", {"Additive": {"hidden": -1}}), ("model.pool", {"Additive": {"hidden": 0}}), ("model", [8])),
    *(
        ("train.epochs", 0),
        ("train.epochs", -1),
        ("train.epochs", "many"),
        ("train.epochs", 2.5),
        ("train.epochs", None),
    ),
    *(
        ("train.batch_size", 0),
        ("train.batch_size", -(10**20)),
        ("train.learning_rate", 0),
        ("train.learning_rate", -1),
    ),
    *(("train.learning_rate", float("nan")), ("train.learning_rate", float("inf")), ("train.learning_rate", 10**400)),
    *(("train.weight_decay", -1), ("train.clip", -1), ("train.patience", -1), ("train.drop_units", 1), ("train", [1])),
    *(("train.precision", "64"), ("train.precision", 32), ("train.select", "nonsense"), ("train.select", 3)),
    *(("train.time_limit", 0), ("train.time_limit", -5), ("train.time_limit", 1e300), ("train.loggers", ["nope"])),
    *(("train.loggers", "wandb"), ("train.seed", "x"), ("train.seed", 1.5), ("train.seed", 10**30), ("train.seed", -1)),
    *(("train.schedule", "Cat"), ("train.schedule", EVIL), ("train.schedule", {"Cosine": {"warmup": 2}})),
    *(("train.schedule", {"Plateau": {"patience": -1}}), ("train.schedule", {"Plateau": {"factor": 7}})),
    *(("explain", -1), ("explain", "all"), ("explain", None), ("name", 3), ("name", ["a"]), ("name", {"a": 1})),
)

TAGS = (
    "x: !!python/object/apply:os.system ['touch {outside}/owned']",
    "x: !!python/name:os.system",
    "x: !!python/object/new:subprocess.Popen [['touch', '{outside}/owned']]",
    "x: !!python/module:evil_of_a_stranger",
    "!!python/object:evil_of_a_stranger.Evil {}",
    "x: !include /etc/passwd",
    "x: !!binary '!!!'",
    "x: !!timestamp soon",
    "x: !!int '0x'",
    "x: !!set {a, b}",
    "x: &x [*x]",
    "x: *nowhere",
    "x: " + "[" * 2000,
    "x: " + "{a: " * 2000,
    "x: " + "9" * 10_000,
    "? [1, 2]\n: 3",
    "1: 2",
    "target: text\ntarget: label",
    "--- a\n--- b",
    "%YAML 9.9\n---\nx: 1",
    "\x00",
    "x: \x07",
    "\ttarget: label",
    "x: 'unclosed",
    "- a\n- b",
    "just words",
    "<<: {{x: 1}}",
)


def values(random: Random, world: World) -> Case:
    """A config with a wrong value, in the file or in a word of the command line."""
    path, value = random.choice(WRONG)
    config = _base(world)
    if random.random() < 0.25 and path.strip("."):
        config_path = _write(world, config)
        return Case(command("fit", config_path, f"{path}={_yaml(value)}", "--out", world.box / "runs"), "fail")
    holder: Any = config
    *parents, last = path.split(".")
    for name in parents:
        holder = holder.setdefault(name, {})
    holder[last] = value
    return Case(command("fit", _write(world, config), "--out", world.box / "runs"), "fail")


def yaml(random: Random, world: World) -> Case:
    """A config that is no YAML, or YAML that wants more than plain values."""
    kind = random.random()
    path = world.box / "run.yaml"
    if kind < 0.15:
        depth = random.randint(5, 60)
        laughs = [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]" for number in range(1, depth)]
        content = "\n".join(["a0: &a0 lol", *laughs, f"name: *a{depth - 1}", f"data: {world.table}", "target: label"])
        path.write_text(content, encoding="utf-8")
    elif kind < 0.6:
        attack = random.choice(TAGS).replace("{outside}", str(world.outside)).replace("{{", "{").replace("}}", "}")
        path.write_text(f"{attack}\n" + json.dumps(_base(world))[:0], encoding="utf-8")
    else:
        # The key at the end is wrong, so that nothing is trained where the damage leaves a sound config.
        content = json.dumps(_base(world), indent=1).encode()
        path.write_bytes(damage(random, content[:-2]) + b',\n "certainly wrong": 1\n}\n')
    return Case(command("fit", path, "--out", world.box / "runs"), "fail")


def escapes(random: Random, world: World) -> Case:
    """A name that leads out of the folder of runs; training then fails, because no score has the name it asks for."""
    up = "../" * random.randint(1, 5)
    names = (
        f"{up}outside/owned",
        str(world.outside / "owned"),
        "..",
        ".",
        "",
        "a/b",
        "\x1b[2J",
        "con",
        "x" * 300,
        "\\..\\x",
    )
    config = {**_base(world), "name": random.choice(names)}
    config["train"] = {**config["train"], "select": "nonsense"}
    return Case(command("fit", _write(world, config), "--out", world.box / "runs"), "fail")


def _base(world: World) -> dict[str, Any]:
    return {
        "data": str(world.table),
        "target": "label",
        "model": {"width": 8},
        "train": {"epochs": 1, "seed": 0},
        "explain": 0,
    }


def _write(world: World, config: Mapping[str, Any]) -> Any:
    path = world.box / "run.yaml"
    lines = [f"{json.dumps(key)}: {_yaml(value)}" for key, value in config.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _yaml(value: Any) -> str:
    """A value as YAML on one line: JSON, but for the numbers that JSON does not know."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, float):
        return {"inf": ".inf", "nan": ".nan"}.get(
            str(value), f"{value:.1e}".replace("e", "e") if value > 1e20 else repr(value)
        )
    return json.dumps(value)
