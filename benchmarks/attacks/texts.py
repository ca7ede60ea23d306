"""Sound files with strange texts: every row has to be answered."""

from __future__ import annotations

import csv
import json
from random import Random

import pandas as pd

from benchmarks.attacks.case import Case, World, command, predict

TEXTS = (
    *("", " ", "\n\n", "a", ".", "好", "0", "null", "NaN", "None", "-", "=1+1", '"', "''", "\\", "a,b\tc;d", "{}"),
    *(
        "👍",
        "👨‍👩‍👧‍👦 family",
        "🇩🇪🇩🇪🇩",
        "é" * 50,
        "e\u0301" * 50,
        "z" + "\u0300" * 2000,
        "\u200b\u200d\ufeff",
        "\ufffe",
    ),
    *(
        "שלום עולם",
        "مرحبا بالعالم",
        "\u202eright to left\u202c",
        "\u2066isolated\u2069",
        "ไม่มีช่องว่าง",
        "한국어",
        "ﬁne",
        "İ",
    ),
    *("\x07bell", "\x1b[31mred", "\x7f", "\x85", "\u2028line", "a\r\nb", "$x^2$ $\\frac{", "%s %n", "<b>&amp;</b>"),
    *("../../outside/owned", "file:///etc/passwd", "x" * 100_000, "word " * 20_000, "好" * 100_000, "a." * 5000),
)


def strange(random: Random, world: World) -> Case:
    """A file of strange texts, or one text on the command line."""
    texts = random.choices(TEXTS, k=random.choice((1, 3, 8)))
    if random.random() < 0.3:
        text = texts[0].replace("\x00", "")
        if random.random() < 0.5:
            return Case(command("predict", world.run, f"--text={text}", *_json(random)), must="work")
        method = random.choice(("received", "received", "gradient_x_input", "integrated_gradients"))
        words = ("explain", world.run, f"--text={text}", "--method", method, *_json(random))
        return Case(command(*words), must="work")
    kind = random.choice(("csv", "jsonl", "parquet"))
    path = world.box / f"new.{kind}"
    if kind == "csv":
        # A lone blank cell in the only column would be a blank line.
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["text", "more"], *([text, "x"] for text in texts)])
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    else:
        pd.DataFrame({"text": texts}).to_parquet(path)
    if random.random() < 0.15:
        words = ("explain", world.run, path, "--rows", 3, *_out(random, world))
        return Case(command(*words), must="work")
    return predict(random, world, path, must="work", rows=len(texts))


def _json(random: Random) -> tuple[str, ...]:
    return ("--json",) if random.random() < 0.5 else ()


def _out(random: Random, world: World) -> tuple[object, ...]:
    return ("--out", world.box / f"why.{random.choice(('csv', 'parquet'))}") if random.random() < 0.5 else ()
