"""Where sentences end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.data.sentences import sentence_ends


def sentences(text: str) -> list[str]:
    ends = [0, *sentence_ends(text).tolist(), len(text)]
    parts = [text[start:stop].strip() for start, stop in pairwise(ends)]
    return [part for part in parts if part]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is good. Really! Is it? Yes; no.", ["It is good.", "Really!", "Is it?", "Yes;", "no."]),
        ("Mr. Smith met Dr. J. Jones in the U.S. once.", ["Mr. Smith met Dr. J. Jones in the U.S. once."]),
        (
            "So did I. Then it cost 3.5 on example.org, e.g. here.",
            ["So did I.", "Then it cost 3.5 on example.org, e.g. here."],
        ),
        ('He said "no." And (it ended!) so...', ['He said "no."', "And (it ended!)", "so..."]),
        ("Great film.<br /><br />See it.", ["Great film.", "<br /><br />See it."]),
        ("one line\nanother\r\n\r\nthird", ["one line", "another", "third"]),
        ("the plot is thin . the cast is good", ["the plot is thin .", "the cast is good"]),
        (
            "味道很好。服务呢？很差！！“再也不来。”他说…好",
            ["味道很好。", "服务呢？", "很差！！", "“再也不来。”", "他说…", "好"],
        ),
        ("هل هو جيد؟ نعم", ["هل هو جيد؟", "نعم"]),
        ("What?! Never...", ["What?!", "Never..."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(alphabet="aI .!?\n。”…J"))
def test_ends_ascend_inside_the_text(text: str) -> None:
    ends = [0, *sentence_ends(text).tolist()]
    assert all(earlier < later for earlier, later in pairwise(ends))
    assert ends[-1] <= len(text)
