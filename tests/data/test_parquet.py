"""Parquet: Python values come back, and a damaged file is an error of ours."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from salience.core.errors import DataError
from salience.data.table import read, stream


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reviews.parquet"


def test_values_come_back_as_python_values(path):
    rows = [
        {
            "text": "很好",
            "score": 1.5,
            "count": 3,
            "labels": ["a", "b"],
            "day": datetime.date(2024, 1, 31),
            "meta": {"k": 1},
        },
        {"text": None, "score": None, "count": None, "labels": [], "day": None, "meta": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    frame = read(path)
    assert frame.to_dict("records") == rows
    assert list(frame.index) == ["1", "2"]


def test_a_stream_gives_what_a_reading_gives(path):
    pq.write_table(pa.table({"number": list(range(101))}), path, row_group_size=13)
    frames = list(stream(path, chunk=7))
    assert [len(frame) for frame in frames] == [7] * 14 + [3]
    assert [each for frame in frames for each in frame["number"]] == read(path)["number"].tolist()
    assert [each for frame in frames for each in frame.index] == read(path).index.tolist()


def test_a_truncated_file_is_an_error_of_ours(path):
    pq.write_table(pa.table({"number": list(range(1001))}), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        DataError, match=r"not Parquet, or is cut off or damaged .*\n.*reviews.parquet\n.*write the file again"
    ):
        read(path)


def test_a_file_damaged_inside_is_an_error_of_ours(path):
    pq.write_table(pa.table({"text": [f"text {n}" for n in range(1001)]}), path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cut off or damaged"):
        read(path)


def test_another_file_of_that_name_is_an_error_of_ours(path):
    path.write_text("text,label\n")
    with pytest.raises(DataError, match=r"the file is not Parquet"):
        read(path)


def test_two_columns_of_one_name_are_named(path):
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), path)
    with pytest.raises(DataError, match=r"several columns are named 'a'\n.*reviews.parquet, schema"):
        read(path)


def test_a_file_without_rows_is_named(path):
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), path)
    with pytest.raises(DataError, match=r"the table has no rows\n.*reviews.parquet"):
        read(path)
