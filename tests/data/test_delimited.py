"""CSV and TSV: every cell comes back, and every fault is located."""

from __future__ import annotations

import csv
import io
import random
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.data.delimited import LONGEST_CELL
from salience.data.table import read, stream


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "reviews.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def cells_of(frame) -> list[list[object]]:
    return frame.to_numpy().tolist()


def test_a_small_file_by_hand(write):
    frame = read(write('text,label\n"a, ""b""\nc",1\n,0\n'))
    assert list(frame.columns) == ["text", "label"]
    assert list(frame.index) == ["1", "2"]
    assert cells_of(frame) == [['a, "b"\nc', "1"], [None, "0"]]
    assert frame.attrs == {"source": "reviews.csv", "notes": [], "bad_rows": []}


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(deadline=None)
@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=13)))
def test_any_table_that_csv_writes_comes_back_cell_by_cell(rows):
    names = [f"column {number}" for number in range(len(rows[0]))]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(text.getvalue().encode())
        whole = read(path)
        parts = [row for part in stream(path, chunk=3) for row in cells_of(part)]
    assert list(whole.columns) == names
    assert cells_of(whole) == parts == [[cell or None for cell in row] for row in rows]


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_at_all_bring_out_another_error_than_ours(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(b"text,label\n" + content)
        outcomes = [width_or_error(path, on_bad_rows) for on_bad_rows in ("raise", "skip")]
    assert all(each == 2 or "any.csv" in str(each) for each in outcomes)


def width_or_error(path: Path, on_bad_rows: str) -> int | DataError:
    try:
        return read(path, on_bad_rows=on_bad_rows).shape[1]
    except DataError as error:
        return error


def test_the_row_is_named_that_has_another_number_of_cells(write):
    path = write("text,label\ngood,1\nbad, very bad,0\n")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == (
        "expected 2 cells (text, label), got 3\n"
        "  where: reviews.csv, row 2 (line 3)\n"
        "  to do: put quotes around a cell that contains ','"
    )


def test_a_line_number_counts_the_lines_within_cells(write):
    with pytest.raises(DataError, match=r"expected 2 cells .* got 1\n.*row 2 \(line 4\)"):
        read(write('text,label\n"a\nb",1\nbad\n'))


def test_a_quote_that_is_never_closed_is_located_where_it_opens(write):
    with pytest.raises(DataError, match=r'a quote \("\) is opened here and never closed\n.*row 2 \(line 3\)\n.*close'):
        read(write('text,label\nok,1\n"never closed,0\nnext,1\n' + "more,1\n" * 500))


def test_characters_after_a_closing_quote_are_located(write):
    with pytest.raises(DataError, match=r"characters follow a closing quote\n.*row 1 \(line 2\)"):
        read(write('text,label\n"good" film,1\n'))


def test_an_undecodable_byte_is_located(write):
    path = write(b"text,label\nfine,1\nna\xefve,0\n")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == (
        "byte 0xef at position 2 of the cell is not utf-8\n"
        "  where: reviews.csv, row 2, column 'text'\n"
        "  to do: pass encoding=, for example encoding='cp1252'"
    )
    assert read(path, encoding="cp1252")["text"].tolist() == ["fine", "naïve"]


def test_a_nul_is_located(write):
    with pytest.raises(DataError, match=r"a NUL character\n.*row 2, column 'label'"):
        read(write("text,label\n" + "fine text,1\n" + "bad,\0001\n"))


def test_faulty_rows_can_be_skipped_and_are_listed(write):
    path = write(b'text,label\nok,1\na,b,c\n"open,0\nx\xff,1\nlast,0\n"end')
    frame = read(path, on_bad_rows="skip")
    assert frame["text"].tolist() == ["ok", "last"]
    assert list(frame.index) == ["1", "5"]
    assert frame.attrs["bad_rows"] == [
        ("2", "expected 2 cells (text, label), got 3"),
        ("3", "characters follow a closing quote"),
        ("4", "column 'text': byte 0xff at position 1 of the cell is not utf-8"),
        ("6", 'a quote (") is opened here and never closed'),
    ]


def test_a_stream_loses_no_bad_row(write):
    lines = [f"text {number},1" if number % 3 else "bad" for number in range(1, 101)]
    path = write("text,label\n" + "\n".join(lines))
    frames = list(stream(path, chunk=7, on_bad_rows="skip"))
    bad = [row for frame in frames for row, _ in frame.attrs["bad_rows"]]
    good = [row for frame in frames for row in frame.index]
    assert bad == [str(number) for number in range(3, 100, 3)]
    assert sorted(good + bad, key=int) == [str(number) for number in range(1, 101)]


def test_a_file_of_faulty_rows_only_is_an_error_even_when_they_are_skipped(write):
    with pytest.raises(DataError, match=r"none of the 2 rows can be read; row 1: expected 2 cells .* got 1"):
        read(write("text,label\na\nb\n"), on_bad_rows="skip")


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_named(write, content):
    with pytest.raises(DataError, match=r"the file is empty\n.*reviews.csv"):
        read(write(content))


def test_a_header_without_rows_is_named(write):
    with pytest.raises(DataError, match=r"the table has no rows\n.*reviews.csv"):
        read(write("text,label\n"))


def test_two_columns_of_one_name_are_named(write):
    with pytest.raises(DataError, match=r"several columns are named 'text'\n.*reviews.csv, header"):
        read(write("text,label,text\na,1,b\n"))


def test_a_column_without_name_is_named(write):
    with pytest.raises(DataError, match=r"column 1 of 2 has no name\n.*\n.*index=False"):
        read(write(",text\n0,a\n"))


def test_a_faulty_header_is_located(write):
    with pytest.raises(DataError, match=r"never closed\n.*reviews.csv, header"):
        read(write('"text,label\na,1\n'))
    with pytest.raises(DataError, match=r"byte 0xff .*\n.*reviews.csv, header"):
        read(write(b"text\xff,label\na,1\n"))


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_another_delimiter_is_recognised_and_said(write, delimiter, name):
    lines = [("text", "score"), ("so, so", "3,5"), ("fine", "4,0")]
    frame = read(write("\n".join(delimiter.join(line) for line in lines)))
    assert cells_of(frame) == [list(line) for line in lines[1:]]
    assert frame.attrs["notes"] == [f"reviews.csv is separated by {name}, not by commas"]


def test_a_single_column_stays_a_single_column(write):
    frame = read(write("text\ngood; cheap\nbad\n"))
    assert cells_of(frame) == [["good; cheap"], ["bad"]]
    assert frame.attrs["notes"] == []


def test_a_bad_first_row_does_not_change_the_delimiter(write):
    with pytest.raises(DataError, match=r"row 1 "):
        read(write("text,label\na;b;c\ngood,1\n"))


def test_a_tab_file_without_quoting_is_recognised_and_said(write):
    frame = read(write('text\tlabel\n"good" film\t1\n"\t0\n', "reviews.tsv"))
    assert cells_of(frame) == [['"good" film', "1"], ['"', "0"]]
    assert frame.attrs["notes"] == ["reviews.tsv does not quote its cells: quotes are taken as ordinary characters"]


def test_a_tab_file_with_quoting_is_read_as_csv_writes_it(write):
    assert cells_of(read(write('text\tlabel\n"a\tb ""c"""\t1\n', "reviews.tsv"))) == [['a\tb "c"', "1"]]


def test_a_file_without_header_is_read_with_names(write):
    frame = read(write("a fine film\t1\nbad\t0\n", "dev.tsv"), columns=["text", "label"])
    assert cells_of(frame) == [["a fine film", "1"], ["bad", "0"]]
    assert list(frame.index) == ["1", "2"]
    with pytest.raises(DataError, match=r"expected 3 cells \(a, b, c\), got 2"):
        read(write("a fine film\t1\n", "dev.tsv"), columns=["a", "b", "c"])


def test_a_header_that_looks_like_data_is_doubted(write):
    (note,) = read(write("a fine film\t1\nbad\t0\n", "dev.tsv")).attrs["notes"]
    assert note == (
        "the first line of dev.tsv was taken for its header, though '1' is an odd name: "
        "if there is no header, pass columns="
    )


def test_very_long_cells_come_back_whole(write):
    cell = "wörd " * 50_000
    assert read(write(f"text,label\n{cell},1\n"))["text"].tolist() == [cell]


def test_an_endless_cell_is_an_error(write, monkeypatch):
    monkeypatch.setattr("salience.data.delimited.LONGEST_CELL", 200_000)
    with pytest.raises(DataError, match=r"a cell has more than 200,000 characters\n.*row 1 .*\n.*never be closed"):
        read(write('text,label\n"' + "never closed,1\n" * 50_000))


def test_the_limit_of_the_csv_module_is_put_back(write):
    before = csv.field_size_limit()
    path = write("text,label\n" + "a,1\n" * 10)
    frames = stream(path, chunk=2)
    next(frames)
    assert csv.field_size_limit() == LONGEST_CELL
    read(path)
    assert csv.field_size_limit() == LONGEST_CELL
    frames.close()
    assert csv.field_size_limit() == before


def test_threads_read_at_the_same_time(write):
    path = write("text,label\n" + ("x" * 200_000 + ",1\n") * 5)
    sizes: list[int] = []
    threads = [threading.Thread(target=lambda: sizes.append(len(read(path)))) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [5] * 7


def test_reading_goes_on_at_the_line_below_a_fault(write):
    rng = random.Random(0)
    noise = ["x", "x,y,z", '"x" y,z']
    lines = [f"good {number},1" if number % 2 else rng.choice(noise) for number in range(1, 200)]
    frame = read(write("text,label\n" + "\n".join(lines)), on_bad_rows="skip")
    assert frame["text"].tolist() == [f"good {number}" for number in range(1, 200, 2)]
    assert frame.index.tolist() == [str(number) for number in range(1, 200, 2)]
