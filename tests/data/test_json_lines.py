"""JSONL: values come back as they are, and every faulty line is located."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.data.table import read, stream


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "reviews.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_small_file_by_hand(write):
    frame = read(
        write('{"text": "很好", "score": 1.5, "labels": ["a", "b"]}\n\n{"text": "", "new": true, "score": null}\n')
    )
    assert frame.to_dict("index") == {
        "1": {"text": "很好", "score": 1.5, "labels": ["a", "b"], "new": None},
        "2": {"text": "", "score": None, "labels": None, "new": True},
    }


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
NAMES = TEXTS.filter(str.strip)


@settings(deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), min_size=1, max_size=7))
def test_any_objects_come_back_value_by_value(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.jsonl"
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), newline="")
        frame = read(path)
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert list(frame.columns) == names
    assert frame.to_numpy().tolist() == [[row.get(name) for name in names] for row in rows]


def test_a_number_that_is_none_is_missing(write):
    assert read(write('{"score": NaN}\n{"score": 1}\n'))["score"].tolist() == [None, 1]


def test_a_broken_line_is_located(write):
    with pytest.raises(DataError) as caught:
        read(write('{"text": "a"}\n\n{"text": "b"\n'))
    assert str(caught.value) == (
        "the line is not JSON: Expecting ',' delimiter (character 13)\n"
        "  where: reviews.jsonl, row 2 (line 3)\n"
        "  to do: write one complete JSON object per line"
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [("[1, 2]", "an array"), ("3", "a number"), ('"a"', "a text"), ("null", "null"), ("true", "true or false")],
)
def test_a_line_that_is_no_object_is_located(write, line, what):
    with pytest.raises(DataError, match=rf"expected a JSON object, got {what}\n.*row 1 .line 1.\n.*a line of its own"):
        read(write(line))


def test_a_key_that_stands_twice_is_located(write):
    with pytest.raises(DataError, match=r"the key 'text' stands twice in one object\n.*row 1"):
        read(write('{"text": "a", "label": 1, "text": "b"}'))


def test_values_nested_too_deeply_are_located(write):
    with pytest.raises(DataError, match=r"nested too deeply\n.*row 1"):
        read(write('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"))


def test_an_endless_number_is_located(write):
    with pytest.raises(DataError, match=r"a number is too long .*\n.*row 1"):
        read(write('{"a": ' + "1" * 5_000 + "}"))


def test_an_undecodable_byte_is_located(write):
    with pytest.raises(
        DataError, match=r"byte 0xe9 at position 13 of the line is not utf-8\n.*row 1 \(line 1\)\n.*cp1252"
    ):
        read(write(b'{"text": "caf\xe9"}'))


@pytest.mark.parametrize(("escape", "problem"), [(r"\ud83d", "half a character"), (r"\u0000", "a NUL character")])
def test_an_escape_that_is_no_character_is_located(write, escape, problem):
    with pytest.raises(DataError, match=rf"{problem}.*\n.*row 1 .*column 'text'"):
        read(write('{"text": "a' + escape + '"}'))


def test_escapes_of_characters_are_read(write):
    assert read(write(r'{"text": "\ud83d\ude00 \u597d"}'))["text"].tolist() == ["😀 好"]


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_named(write, content):
    with pytest.raises(DataError, match=r"the file is empty\n.*reviews.jsonl\n.*one JSON object per line"):
        read(write(content))


def test_an_object_without_a_key_name_is_located(write):
    with pytest.raises(DataError, match=r"column 1 of 1 has no name\n.*reviews.jsonl, columns"):
        read(write('{"": 1}'))


def test_faulty_lines_can_be_skipped_and_are_listed(write):
    path = write('{"text": "a"}\n[]\n{"text": \n{"text": "b\\ud800"}\n{"text": "c"}\n')
    frame = read(path, on_bad_rows="skip")
    assert frame["text"].to_dict() == {"1": "a", "5": "c"}
    assert frame.attrs["bad_rows"] == [
        ("2", "expected a JSON object, got an array"),
        ("3", "the line is not JSON: Expecting value (character 9)"),
        ("4", "column 'text': half a character (U+D800)"),
    ]


def test_a_stream_gives_the_keys_met_so_far(write):
    frames = list(stream(write('{"a": 1}\n{"b": 2}\n{"a": 3}\n'), chunk=1))
    assert [frame.to_dict("records") for frame in frames] == [[{"a": 1}], [{"a": None, "b": 2}], [{"a": 3, "b": None}]]
