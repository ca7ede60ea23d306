"""Make docstrings ready for Markdown: examples become code, and the lines of a card (Idea, Formula, ...) paragraphs."""

from __future__ import annotations

import re
from typing import Any

import griffe

CARD = re.compile(r"\n+([ \t]*)(Idea|Formula|Cost|Weights|Works badly when|Reference): ")


class Docstrings(griffe.Extension):
    """Changes every docstring while it is read; Markdown takes `>>>` for quotations and `[x]` for links."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = fenced(CARD.sub(r"\n\n\1**\2:** ", obj.docstring.value))


def fenced(docstring: str) -> str:
    r"""A docstring with each of its examples as a block of code, without the remarks that are meant for the tests.

    >>> fenced("Add.\n\n>>> 1 + 1  # doctest: +SKIP\n2").splitlines()
    ['Add.', '', '```pycon', '>>> 1 + 1', '2', '```']
    """
    blocks = re.split(r"\n[ \t]*\n", docstring)
    return "\n\n".join(_fenced(block) if block.lstrip().startswith(">>>") else block for block in blocks)


def _fenced(block: str) -> str:
    indent = re.match(r"[ \t]*", block)
    assert indent is not None
    lines = re.sub(r"[ ]*# doctest:.*", "", block)
    return f"{indent[0]}```pycon\n{lines}\n{indent[0]}```"
