"""Tables that are broken, empty, wrongly written, wrongly typed, wrongly named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.attacks.bytes import VALUES, damage
from benchmarks.attacks.case import Case, World, command, predict, read

WORDS = ("superb", "awful", "the", "film", "story", "好看", "plot", "was", "夏天", "naïve", "don't", "3.5")


def damaged(random: Random, world: World) -> Case:
    """A sound file with wrong bytes in it."""
    kind = random.choice(("csv", "csv", "tsv", "jsonl", "jsonl", "parquet", "csv.gz"))
    content = damage(random, _written(kind, _rows(random, random.choice((3, 12, 40)))))
    return read(random, world, _put(world, f"new.{kind}", content), rows=_lines(kind, content))


def misshapen(random: Random, world: World) -> Case:
    """A file whose lines or cells do not fit together."""
    rows = _rows(random, 9)
    lines = _written("csv", rows).decode().splitlines()
    place = random.randrange(1, len(lines))
    kind = random.randrange(8)
    if kind == 0:
        lines[place] += ",more" * random.randint(1, 4)
    elif kind == 1:
        lines[place] = lines[place].replace(",", " ")
    elif kind == 2:
        lines[place] = '"' + lines[place]
    elif kind == 3:
        lines[place] = lines[place][:3] + '"' + lines[place][3:]
    elif kind == 4:
        lines[place:place] = [random.choice(("", " ", "\t", ",", ",,", '""', "#"))] * random.randint(1, 3)
    elif kind == 5:
        lines = [line.replace(",", random.choice((";", "\t", "|", ":", " "))) for line in lines]
    elif kind == 6:
        lines[place] = lines[place] + random.choice(("\x00", "\x1a", "\x0b", "\x0c", "\x1c", "\u2028"))
    else:
        lines = lines[1:]
    end = random.choice(("\n", "\r\n", "\r", "\n\r"))
    content = (end.join(lines) + random.choice(("", end, end * 3))).encode()
    name = random.choice(("new.csv", "new.csv", "new.tsv"))
    return read(random, world, _put(world, name, content), rows=_lines("csv", content))


def encoded(random: Random, world: World) -> Case:
    """Text in another encoding than UTF-8, or in several, or half characters in escapes."""
    count = random.choice((2, 11))
    texts = [f"{random.choice(WORDS)} 好看的电影 café {number}" for number in range(count)]
    kind = random.randrange(9)
    if kind < 3:
        encoding = ("utf-16", "utf-8-sig", "utf-32")[kind]
        content = _written("csv", [{"text": each, "label": "positive"} for each in texts]).decode().encode(encoding)
        return predict(random, world, _put(world, "new.csv", content), must="work", rows=count)
    if kind < 7:
        encoding = ("utf-16-le", "gb18030", "cp1252", "utf-7")[kind - 3]
        encoded = "\n".join(["text", *texts]).encode(encoding, errors="replace")
        return predict(random, world, _put(world, "new.csv", encoded), rows=_lines("csv", encoded))
    if kind == 7:
        codes = [random.choice(("utf-8", "gb18030", "cp1252")) for _ in texts]
        lines = [each.encode(code, "replace") for each, code in zip(texts, codes, strict=True)]
        content = b"\n".join([b"text", *lines])
        return predict(random, world, _put(world, "new.csv", content), rows=count)
    escapes = ("\\ud800", "\\udc00\\ud800", "\\u0000", "\\ud83d\\ude00", "\\uDEAD x", "\\u202e")
    lines = [f'{{"text": "a {random.choice(escapes)} b", "label": "x"}}'.encode() for _ in texts]
    return predict(random, world, _put(world, "new.jsonl", b"\n".join(lines)), rows=count)


def empty(random: Random, world: World) -> Case:
    """Nothing, or a header and nothing, or nothing but blanks."""
    kind = random.choice(("csv", "tsv", "jsonl", "parquet", "csv.gz"))
    contents = (b"", b"\n", b" ", b"\xef\xbb\xbf", b"text\n", b"text,label\r\n\r\n", b"{}\n", b"[]", b"null", b"\x00")
    content = random.choice(contents)
    content = gzip.compress(content) if kind == "csv.gz" and random.random() < 0.7 else content
    if kind == "parquet" and random.random() < 0.5:
        content = _written("parquet", [])
    return read(random, world, _put(world, f"new.{kind}", content), must="fail" if content != b"{}\n" else "either")


def columns(random: Random, world: World) -> Case:
    """Columns that are missing, nameless, doubled, misspelt or very many."""
    rows = [{"text": "a superb film", "label": "positive"}] * 5
    header = random.choice(
        (
            *(
                "label",
                "txt,label",
                "Text,label",
                "text,text",
                " text,label",
                "text ,label",
                ",label",
                "text,",
                "label,",
            ),
            *(
                '"te""xt",label',
                "text\u200b,label",
                "text;label",
                "\x1b[2J,label",
                "a" * 10_000 + ",b",
                "1,2",
                "'text',b",
            ),
        )
    )
    if random.random() < 0.15:
        many = ",".join(f"c{number}" for number in range(3000))
        content = f"{many},text\n{many},good\n".encode()
        return predict(random, world, _put(world, "new.csv", content), must="work", rows=1)
    if random.random() < 0.3:
        lines = [json.dumps({random.choice(("text", "txt", "", "text ")): "good"}) for _ in rows]
        return read(random, world, _put(world, "new.jsonl", "\n".join(lines).encode()), rows=len(rows))
    lines = [header, *(["a,b"] * 5)]
    has_text = header.split(",")[0] == "text" and header != "text,text" and header != "text,"
    return read(random, world, _put(world, "new.csv", "\n".join(lines).encode()), must="either" if has_text else "fail")


def types(random: Random, world: World) -> Case:
    """Values that are no texts where texts are read."""
    if random.random() < 0.35:
        return _typed_parquet(random, world)
    count = random.choice((1, 2, 9))
    values = [random.choice(VALUES) if random.random() < 0.4 else "a superb film" for _ in range(count)]
    texts = [_json(value) for value in values]
    doubled = '{"text": "a", "text": "b"}'
    lines = [f'{{"text": {each}}}' if random.random() < 0.9 else random.choice((doubled, each)) for each in texts]
    return read(random, world, _put(world, "new.jsonl", "\n".join(lines).encode()), rows=count)


def _typed_parquet(random: Random, world: World) -> Case:
    import pyarrow as pa
    from pyarrow import parquet

    column: Any = random.choice(
        (
            pa.array([1, 2, 3]),
            pa.array([1.5, float("nan"), None]),
            pa.array([True, False, None]),
            pa.array([["a"], ["b", "c"], None]),
            pa.array([{"a": 1}, None, {"a": 2}]),
            pa.array([b"good", b"\xff\xfe", None]),
            pa.array([date(2020, 1, 1), None, date(1, 1, 1)]),
            pa.array([None, None, None]),
            pa.array(["good", "bad", "good"]).dictionary_encode(),
            pa.array([2**62, None, -1], pa.timestamp("ns")),
            pa.array(["good", None, "bad"], pa.large_string()),
        )
    )
    path = world.box / "new.parquet"
    parquet.write_table(pa.table({"text": column, "label": ["positive", "negative", "positive"]}), path)
    return read(random, world, path, rows=3)


def names(random: Random, world: World) -> Case:
    """Files whose name or kind is not what it should be."""
    content = _written("csv", _rows(random, 4))
    kind = random.randrange(6)
    if kind == 0:
        name = random.choice(
            (
                "a\nb.csv",
                "\x1b[2J.csv",
                "-rf.csv",
                "%s%n.csv",
                "$(x).csv",
                "x" * 240 + ".csv",
                "好\udcff.csv",
                "~ghost.csv",
            )
        )
        return predict(random, world, _put(world, name, content), must="work", rows=4)
    if kind == 1:
        name = random.choice(
            ("new", "new.txt", "new.xlsx", "new.csv.zip", "new.parquet.gz", "new.json", ".csv", "new.pkl")
        )
        return read(random, world, _put(world, name, content), must="fail")
    if kind == 2:
        (world.box / "new.csv").mkdir()
        return read(random, world, world.box / "new.csv", must="fail")
    if kind == 3:
        name = random.choice(
            ("none.csv", "no/such/file.csv", "~ghost/a.csv", "/dev/null", "", "..", "new.csv/x", "a" * 5000)
        )
        return read(random, world, Path(name) if name else Path("."), must="fail")
    if kind == 4:
        link = world.box / "link.csv"
        link.symlink_to(random.choice((link, world.box / "nowhere", Path("/dev/null"))))
        return read(random, world, link, must="fail")
    wrong = random.choice(("new.parquet", "new.jsonl", "new.csv.gz"))
    return read(random, world, _put(world, wrong, content), must="fail")


def targets(random: Random, world: World) -> Case:
    """Labels that training did not know, or that are none."""
    texts = [f"{row['text']} {number}" for number, row in enumerate(_rows(random, 12))]
    strange: Sequence[Any] = random.choice(
        (
            ["positive", "negative", "new class"] * 4,
            [None] * 12,
            ["positive"] * 12,
            ["positive", None, " "] * 4,
            [f"label {number}" for number in range(12)],
            [1, 0.0, True] * 4,
            [["positive"], []] * 6,
            [{"a": 1}] * 12,
            ["positive|negative", "negative"] * 6,
            ["\x1b[2J", "a\nb"] * 6,
            ["positive", "negative"] * 6,
        )
    )
    rows = [{"text": text, "label": label} for text, label in zip(texts, strange, strict=True)]
    path = _put(world, "new.jsonl", _written("jsonl", rows))
    if random.random() < 0.5:
        return Case(command("evaluate", world.run, path, "--rows", random.choice((0, 0, 0, 6))))
    return Case(command("init", path, "--target", "label", "--out", world.box / "run.yaml"))


def _rows(random: Random, count: int) -> list[dict[str, Any]]:
    return [
        {
            "text": " ".join(random.choices(WORDS, k=random.randint(1, 9))),
            "label": random.choice(("positive", "negative")),
        }
        for _ in range(count)
    ]


def _written(kind: str, rows: Sequence[dict[str, Any]]) -> bytes:
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if kind == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        file = io.BytesIO()
        columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in ("text", "label")}
        parquet.write_table(pa.table(columns), file)
        return file.getvalue()
    text = io.StringIO()
    writer = csv.DictWriter(text, ["text", "label"], delimiter="\t" if kind == "tsv" else ",", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    content = text.getvalue().encode()
    return gzip.compress(content, mtime=0) if kind.endswith(".gz") else content


def _json(value: Any) -> str:
    # A number of 4,000 digits cannot be written by str, and is what a file may hold all the same.
    return "9" * 5000 if isinstance(value, int) and value > 10**100 else json.dumps(value)


def _lines(kind: str, content: bytes) -> int | None:
    """How many rows a file holds, counted without the reader; None where only the reader can tell."""
    if kind not in ("csv", "jsonl", "tsv") or (kind != "jsonl" and b'"' in content):
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    lines = re.split(rb"\r\n|\r|\n", content.removeprefix(b"\xef\xbb\xbf"))
    filled = [line for line in lines if (line.strip(b" \t") if kind == "jsonl" else line)]
    return len(filled) if kind == "jsonl" else max(0, len(filled) - 1)


def _put(world: World, name: str, content: bytes) -> Path:
    path = world.box / name
    with open(os.fsencode(path), "wb") as file:
        file.write(content)
    return path
