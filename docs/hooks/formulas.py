"""Draw the formulas of docstrings and pages as SVG while the documentation is built: no script, no font, no network.

A docstring writes :math:`x`, a page writes $`x`$ (which is also how a page is read on code hosts).
"""

from __future__ import annotations

import html
import re
from typing import Any

FORMULA = re.compile(r"(?::math:|\$)<code>(.+?)</code>\$?")
# What the drawing library calls by another name, and what it wants in braces.
SAME = {
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\gets": r"\leftarrow",
    r"\tfrac": r"\frac",
    r"\|": r"\Vert",
    r"\lvert": "|",
    r"\rvert": "|",
}
# Points of a path per em.
EM = 100


def on_page_content(content: str, **_: Any) -> str:
    """Called by mkdocs with the HTML of every page."""
    return FORMULA.sub(lambda found: drawn(html.unescape(found[1])), content)


def drawn(formula: str) -> str:
    """A formula as one SVG element that stands on the line of the text around it and takes its colour."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextToPath

    properties = FontProperties(math_fontfamily="stix")
    points, codes = TextToPath().get_text_path(properties, f"${plain(formula)}$", ismath=True)
    path = Path(points, codes)
    box = path.get_extents().padded(3)
    # SVG counts downwards.
    path.vertices = (path.vertices - [box.x0, box.y1]) * [1, -1]
    return (
        f'<svg class="formula" role="img" aria-label="{html.escape(formula)}" '
        f'viewBox="0 0 {box.width:.0f} {box.height:.0f}" style="width:{box.width / EM:.3f}em;'
        f'height:{box.height / EM:.3f}em;vertical-align:{box.y0 / EM:.3f}em"><path d="{_outline(path)}"/></svg>'
    )


def plain(formula: str) -> str:
    r"""The formula in the words that the drawing library knows.

    >>> print(plain(r"x \gets \frac12 y / \sqrt D"))
    x \leftarrow \frac{1}{2} y / \sqrt{D}
    """
    formula = re.sub(r"\\t?frac(\d)(\d)", r"\\frac{\1}{\2}", formula)
    formula = re.sub(r"\\sqrt (\w)", r"\\sqrt{\1}", formula)
    for name, known in SAME.items():
        formula = re.sub(re.escape(name) + r"(?![a-zA-Z])", known.replace("\\", r"\\"), formula)
    return formula


def _outline(path: Any) -> str:
    """The path in the words of SVG."""
    words = {1: "M", 2: "L", 3: "Q", 4: "C"}
    parts = []
    for points, code in path.iter_segments(curves=True, simplify=False):
        parts.append("Z" if code == path.CLOSEPOLY else words[code] + " ".join(f"{each:.0f}" for each in points))
    return "".join(parts)
