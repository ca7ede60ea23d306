"""Characters that draw nothing, or command the screen, replaced one for one by characters that can be seen."""

from __future__ import annotations

# Tab, line feed and carriage return are layout. The other control characters have pictures of their own; half of a
# surrogate pair cannot be written to a file at all.
_KEPT = "\t\n\r"
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEPT} | {
    0x7F: "\N{SYMBOL FOR DELETE}"
}
_CONTROLS = _PICTURES | dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}")
_CONTROLS |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")

# These turn the direction of everything behind them, also beyond the text that holds them.
_DIRECTIONS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\N{REPLACEMENT CHARACTER}")


def visible(text: str) -> str:
    r"""The text with one visible character for each control character; lengths and offsets stay as they are.

    >>> visible("a\x00b\n")
    'a␀b\n'
    """
    return text.translate(_CONTROLS)


def on_one_line(text: str) -> str:
    r"""The same for places that cannot isolate a text: also line breaks, tabs and marks that turn the direction.

    >>> on_one_line("a\tb\n")
    'a b↵'
    """
    layout = {ord("\t"): " ", ord("\n"): "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}", ord("\r"): " "}
    return text.translate(_CONTROLS | _DIRECTIONS | layout)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: at most `most` characters.

    >>> shortened("attention", 6)
    'atten…'
    """
    return text if len(text) <= most else text[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"
