"""Damage to bytes, and values that nobody expects."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from benchmarks.attacks.case import EVIL

#: What breaks readers when it stands in the wrong place.
SPLINTERS = (b"\x00", b'"', b'""', b"\n", b"\r", b"\r\n", b",", b"\t", b";", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf")
SPLINTERS += (
    b"\x80",
    b"\xed\xa0\x80",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"'",
)
SPLINTERS += (b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"%PDF", b"\x1a", b"\xe2\x80\xa8", b"\xc2\x85", b"=", b"#", b"-")

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3, 2**31, -(2**63), 10**30, 10**4000, 0.5, -0.0, 1e308, float("inf"), float("nan")),
    *("", " ", "\x00", "\ud800", "\x1b[2J", "\u202e", "a\nb", "x" * 10_000, "../../outside/owned", "/etc/passwd"),
    *(EVIL, "os:system", "{}", "%s%n", "$(touch owned)", "<script>", "Text", "Mean", "NaN", "1e999"),
    *([], [[]], ["a", "a"], [None], list(range(1000)), {}, {"a": {}}, {"": ""}, {EVIL: {}}, {"Text": None}),
)


def damage(random: Random, content: bytes) -> bytes:
    """The bytes with one to five kinds of damage."""
    found = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        place = random.randrange(len(found) + 1)
        length = random.choice((1, 1, 2, 7, 50))
        kind = random.randrange(7)
        if kind == 0:
            del found[place:]
        elif kind == 1:
            del found[place : place + length]
        elif kind == 2:
            found[place:place] = random.choice(SPLINTERS)
        elif kind == 3:
            found[place : place + length] = random.randbytes(length)
        elif kind == 4:
            found[place:place] = found[place : place + 20 * length]
        elif kind == 5 and place < len(found):
            found[place] ^= 1 << random.randrange(8)
        else:
            found[:place] = b""
    return bytes(found)


def changed(random: Random, content: bytes) -> bytes:
    """The bytes with damage that shows."""
    while (found := damage(random, content)) == content:
        pass
    return found


def forge(random: Random, value: Any) -> Any:
    """A value as JSON knows it, changed in one to three places."""
    forged = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        holder, key = _place(random, forged)
        if holder is None:
            return random.choice(VALUES)
        kind = random.random()
        if kind < 0.6:
            holder[key] = random.choice(VALUES)
        elif kind < 0.75:
            del holder[key]
        elif kind < 0.9 and isinstance(holder[key], str):
            holder[key] = holder[key] + str(random.choice(VALUES))
        elif isinstance(holder, dict):
            holder[random.choice(("extra", "", "a\nb", EVIL, "\ud800"))] = holder[key]
        else:
            holder.insert(0, random.choice(VALUES))
    return forged


def _place(random: Random, value: Any) -> tuple[Any, Any]:
    """A random place inside: the dictionary or list, and the key in it; (None, None) for the whole."""
    holder, key = None, None
    while isinstance(value, dict | list) and value and (holder is None or random.random() < 0.8):
        holder, key = value, random.choice(list(value)) if isinstance(value, dict) else random.randrange(len(value))
        value = holder[key]
    return holder, key
