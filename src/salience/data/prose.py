"""The plain sentences of a docstring: no code, no tables, no formulas, no lists of parameters, no markup."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

from salience.data.sentences import sentence_ends


def paragraphs(docstring: str) -> list[list[str]]:
    """The paragraphs of a docstring, each a list of its plain sentences; an empty string stands for one left out.

    >>> paragraphs("Add two numbers.\\n\\n>>> 1 + 1\\n2\\n\\nThe sum of the **two** numbers is returned.")
    [[''], ['The sum of the two numbers is returned.']]
    """
    return [_sentences(_unmarked(block)) for block in _Blocks().read(inspect.cleandoc(docstring))]


_SECTION_LINE = re.compile(r"([-=~^#*+\"])\1{2,}\s*$")
_TABLE_LINE = re.compile(r"[|+]\S|[|] |[-=+|\s]{3,}$")
_DIRECTIVE = re.compile(r"\.\.\s+([\w:-]+)::\s*(.*)|\.\.(\s|$)")
_HEADING = re.compile(
    r"(?:Args|Arguments|Parameters|Returns?|Raises|Yields|Examples?|Notes?|Warnings?|Attributes)\s*:$"
)
_CODE_HEADING = re.compile(r"(?:Shape|Inputs?|Outputs?|References|See [Aa]lso|Authors?|Examples?)\s*::?$|.*::$")
_ENTRY = re.compile(r"\*{0,2}\w+\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*:\s+(.*)")
_BROKEN_WORD = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_BULLET = re.compile(r"(?:[-*+•]|\d+[.)])\s+(.*)")
# What these directives hold is prose; what the others hold is code, formulas, or the history of the package.
_PROSE_DIRECTIVES = frozenset({"note", "warning", "tip", "important", "caution", "attention", "hint", "admonition"})
_NAMING_SECTIONS = frozenset({
    "parameters", "other parameters", "returns", "yields", "receives", "raises", "warns", "attributes", "methods",
})  # fmt: skip
_LEFT_OUT_SECTIONS = frozenset({"see also", "references", "authors"})


@dataclass
class _Blocks:
    """Reads a docstring line by line and collects its blocks of prose."""

    done: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    indent: int = 0
    hanging: bool = False
    section: str = ""
    # The line before, where it may be the title of a section.
    before: str = ""
    # Lines indented more than this are code, a formula, or the like.
    skipped: int | None = None
    # Within an example or a table, which both end with an empty line.
    in_code: bool = False

    def read(self, docstring: str) -> list[str]:
        for line in docstring.expandtabs().splitlines():
            self._line(line.strip(), len(line) - len(line.lstrip()))
        self._flush()
        return self.done

    def _line(self, text: str, indent: int) -> None:
        before, self.before = self.before, text
        if not text:
            self._flush()
            self.in_code = False
        elif self.in_code or (self.skipped is not None and indent > self.skipped):
            return
        elif text.startswith(">>>"):
            self._flush()
            self.in_code = True
        elif _SECTION_LINE.match(text) and before:
            self.section = before.lower().rstrip(":")
            self.lines = []
        elif _TABLE_LINE.match(text):
            self.lines = []
            self.in_code = True
        else:
            self.skipped = None
            self._prose(text, indent)

    def _prose(self, text: str, indent: int) -> None:
        if directive := _DIRECTIVE.match(text):
            self._flush()
            if directive[1] in _PROSE_DIRECTIVES:
                self._begin(directive[2], indent, hanging=True)
            else:
                self.skipped = indent
        elif _HEADING.match(text):
            self._flush()
        elif not self.lines and _CODE_HEADING.match(text):
            self.skipped = indent
        elif self._names_something(indent):
            self._flush()
        elif found := _ENTRY.fullmatch(text) or _BULLET.fullmatch(text):
            self._begin(found[1], indent, hanging=True)
        elif self.lines and (indent == self.indent or (indent > self.indent and self.hanging)):
            self.lines.append(text)
        else:
            self._begin(text, indent, hanging=False)

    def _names_something(self, indent: int) -> bool:
        return self.section in _LEFT_OUT_SECTIONS or (self.section in _NAMING_SECTIONS and indent == 0)

    def _begin(self, text: str, indent: int, *, hanging: bool) -> None:
        self._flush()
        self.lines, self.indent, self.hanging = [text], indent, hanging

    def _flush(self) -> None:
        block = _BROKEN_WORD.sub("-", "\n".join(self.lines)).strip()
        self.lines = []
        if block.endswith("::"):
            self.skipped = self.indent
        if block:
            self.done.append(block)


_ROLE = re.compile(r":[\w:]+:`~?([^`<]*?)\s*(?:<[^`>]*>)?`")
_MARKUP = (
    # A backslash marks the sentence as a formula, which is then left out.
    (re.compile(r":math:`[^`]*`"), "\\\\"),
    (_ROLE, r"\1"),
    (re.compile(r"``([^`]*)``"), r"\1"),
    (re.compile(r"`([^`<]*?)\s*(?:<[^`>]*>)?`_{0,2}"), r"\1"),
    (re.compile(r"\s*\[[\w#*-]+\]_"), ""),
    (re.compile(r"(?<![\w*])\*{1,2}(\w(?:[^*]*\w)?)\*{1,2}(?![\w*])"), r"\1"),
    (re.compile(r"\s+"), " "),
    (re.compile(r" (?=[.,;:!?](?: |$))"), ""),
)


def _unmarked(block: str) -> str:
    for pattern, replacement in _MARKUP:
        block = pattern.sub(replacement, block)
    return block


def _sentences(block: str) -> list[str]:
    """The sentences of a block; those that are not plain prose become empty strings."""
    # A variable may end a sentence, unlike the initial of a name.
    found = {*sentence_ends(block).tolist(), *(each.end() for each in re.finditer(r"(?<=\s[a-z])\.(?=\s)", block))}
    ends = sorted(end for end in found if _begins_sentence(block[end:].lstrip()))
    pieces = [block[start:stop].strip() for start, stop in zip([0, *ends], [*ends, len(block)], strict=True)]
    return [piece if _is_plain(piece) else "" for piece in pieces if piece]


def _begins_sentence(rest: str) -> bool:
    return not rest or not rest[0].islower()


_UNUSUAL = re.compile(
    r"[\\{}$|<>@^~`#\[\]]|::|==|\w=|https?:|www\.|[Cc]opyright|[Ll]icen[cs]e|%\(|\w\.\w+\(|__|\b(?:Vol|pp|et al)\."
)
_NO_LETTER = re.compile(r"[^\w ]|[\d_]")


def _is_plain(sentence: str) -> bool:
    """Whether a sentence of 6 to 45 words is made of words, begins with a capital and ends with a full stop."""
    if not sentence[0].isupper() or sentence[-1] not in ".!?" or not 5 <= sentence.count(" ") < 45:
        return False
    if len(_NO_LETTER.findall(sentence)) > 0.1 * len(sentence) or _UNUSUAL.search(sentence):
        return False
    return sentence.count("(") == sentence.count(")")
