"""Labels that matplotlib can really draw: a font that has all characters, or honest words in their place.

Matplotlib's own fonts have no Chinese, Japanese or Korean characters and would draw empty boxes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from salience.reports.visible import on_one_line, shortened

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

# Parts of the file names of widespread fonts that have Chinese; they are tried before all others.
_LIKELY = (
    "cjk",
    "notosanssc",
    "sourcehan",
    "pingfang",
    "hiragino",
    "stheiti",
    "msyh",
    "simhei",
    "wqy",
    "droidsansfallback",
    "unifont",
)


class Lettering:
    """The labels of one figure. `note` says what could not be written."""

    def __init__(self) -> None:
        self._unwritable: set[str] = set()

    def label(self, text: str, *, instead: str, most: int = 32) -> tuple[str, FontProperties]:
        """The text on one line with a font that has it, or what to write `instead` where this machine has none."""
        text = shortened(on_one_line(text), most)
        path = _font_with(text)
        if path is not None:
            return text, _font(path)
        self._unwritable.add(text)
        return instead, _font(_default())

    @property
    def note(self) -> str:
        """A sentence for the caption; empty if everything was written."""
        if not self._unwritable:
            return ""
        return (
            f"No font on this machine can write {len(self._unwritable)} of the labels; numbers stand in their place. "
            "Install a font that has them, for Chinese Noto Sans CJK."
        )


@cache
def _font_with(text: str) -> str | None:
    needed = {ord(letter) for letter in text}
    return next((path for path in _fonts() if needed <= _letters(path)), None)


@cache
def _fonts() -> tuple[str, ...]:
    from matplotlib.font_manager import findSystemFonts

    return (_default(), *sorted(findSystemFonts(), key=_unlikely))


def _unlikely(path: str) -> tuple[bool, bool, str]:
    name = path.replace("-", "").lower()
    return not any(part in name for part in _LIKELY), "regular" not in name, path


def _default() -> str:
    from matplotlib.font_manager import findfont

    return findfont("DejaVu Sans")


@cache
def _letters(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        # Bitmap and damaged fonts cannot be opened, and then they have no letters for us.
        return frozenset()


def _font(path: str) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=path)
