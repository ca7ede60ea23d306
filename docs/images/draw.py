"""Make the pictures of the documentation again: train on made-up reviews, and photograph the reports in Chromium.

python docs/images/draw.py
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

HERE = Path(__file__).parent
# Below a thousand pixels a page has one column, which suits a part of it.
PAGE, PART, TALLEST = 1200, 960, 6000
EXAMPLES = 2


def main() -> None:
    """The command line."""
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("--rows", type=int, default=2000)
    command.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    words = command.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        english = _report(Path(folder), "en", words.rows)
        chinese = _report(Path(folder), "zh", words.rows)
        _photograph(_beginning(english), HERE / "report.png", PAGE, words.chromium)
        _photograph(_proof(english), HERE / "proof.png", PART, words.chromium)
        _photograph(_beginning(chinese), HERE / "report-zh.png", PAGE, words.chromium)


def _report(folder: Path, language: str, rows: int) -> str:
    """The page of a run on made-up reviews."""
    import salience

    sys.path.insert(0, str(HERE.parents[1] / "examples"))
    import reviews

    path = folder / {"en": "reviews.csv", "zh": "酒店评论.csv"}[language]
    reviews.write(str(path), reviews.reviews(rows=rows, language=language))
    inputs = {"text": {"Text": {"tokens": {"en": "Word", "zh": "Jieba"}[language]}}}
    run = salience.fit(path, target="label", inputs=inputs, out=folder / "runs")
    return (run.folder / "report.html").read_text(encoding="utf-8")


def _beginning(page: str) -> str:
    """The page down to its first few examples."""
    first = [found.end() for found in re.finditer("</article>", page)][EXAMPLES - 1]
    return page[:first] + "</section></main></div></body></html>"


def _proof(page: str) -> str:
    """The section about the proof alone."""
    start, stop = page.index('<section id="proof"'), page.index('<section id="scores"')
    return page[: page.index("<body>")] + f"<body><div class=body><main>{page[start:stop]}</main></div></body></html>"


def _photograph(page: str, path: Path, width: int, chromium: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shown, taken = Path(folder) / "page.html", Path(folder) / "page.png"
        shown.write_text(page, encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={width},{TALLEST}"
        command = [chromium, *flags, size, f"--screenshot={taken}", shown.as_uri()]
        subprocess.run(command, check=True, capture_output=True)
        picture = Image.open(taken).convert("RGB")
    blank = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    _, _, _, bottom = ImageChops.difference(picture, blank).getbbox() or (0, 0, *picture.size)
    cut = picture.crop((0, 0, width, min(bottom + 24, TALLEST)))
    cut.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
