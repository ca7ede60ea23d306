"""Reads a page with the parser of the standard library: its elements, their attributes, and the text inside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"col", "meta", "input", "br", "link", "img", "hr"}


@dataclass
class Element:
    """One element with everything inside it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str | None = None, css: str | None = None) -> list[Element]:
        """All elements inside, in order, of this tag and with this class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                named = tag is None or child.tag == tag
                classed = css is None or css in (child.attributes.get("class") or "").split()
                found += [child] if named and classed else []
                found += child.all(tag, css)
        return found


def read(html: str) -> Element:
    """The root of a page, or of a part of one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.open[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        # Every element of our pages is closed where it was opened.
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
