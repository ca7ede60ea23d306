"""Pickles that call what they name, or are damaged."""

from __future__ import annotations

import pickle as module
import pickletools
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.attacks.bytes import damage
from benchmarks.attacks.case import Case, World, called
from benchmarks.attacks.models import Owned
from salience.data.unpickle import load


def pickle(random: Random, world: World) -> Case:
    """A pickle of harmless things with wrong bytes, or one with a program in it."""
    path = world.box / "a.pkl"
    kind = random.random()
    if kind < 0.5:
        path.write_bytes(damage(random, module.dumps(_harmless(random), protocol=random.choice((0, 1, 2, 3, 4)))))
        return Case(called(lambda: load(path)))
    if kind < 0.8:
        _write_program(random, world, path)
        return Case(called(lambda: load(path)), "fail")
    codes = [each.code.encode("latin-1") for each in pickletools.opcodes]
    program = b"".join(
        random.choice(codes) + random.randbytes(random.randrange(4)) for _ in range(random.randint(1, 60))
    )
    path.write_bytes(random.choice((b"", b"\x80\x02", b"\x80\x04")) + program + b".")
    return Case(called(lambda: load(path)))


def _harmless(random: Random) -> Any:
    return random.choice(
        (
            {"a": [1, 2.5, None, True, "text"], "b": (1, (2, {3}))},
            [np.arange(7), np.ones((2, 3)), np.float32(2.5)],
            ["x" * 100, 2**100, b"bytes"],
            {"words": {f"word{number}": number for number in range(50)}},
        )
    )


def _write_program(random: Random, world: World, path: Path) -> None:
    owned = world.outside / "owned"
    programs = (
        module.dumps(Owned(owned)),
        module.dumps([1, {"a": Owned(owned)}], protocol=random.choice((0, 2, 4))),
        f"cos\nsystem\n(S'touch {owned}'\ntR.".encode(),
        f"(S'touch {owned}'\nios\nsystem\n.".encode(),
        f"cbuiltins\neval\n(S'open({str(owned)!r}, chr(119))'\ntR.".encode("unicode_escape"),
        b"cevil_of_a_stranger\nEvil\n.",
        b"cevil_of_a_stranger\nEvil\n)\x81.",
        b"cnumpy\nload\n(S'/etc/passwd'\ntR.",
        b"cbuiltins\ngetattr\n(cos\nS'system'\ntR.",
        b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\xffS''\n.",
        b"\x80\x02]" + b"(" * 100_000 + b".",
        b"\x80\x02X\xff\xff\xff\x7f.",
        b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b".",
        b"(" * 10 + b"I" + b"9" * 5000 + b"\n.",
    )
    path.write_bytes(random.choice(programs))
