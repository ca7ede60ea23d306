"""Tables from any source take one form, and what cannot be read is said."""

from __future__ import annotations

import gzip
import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from salience.core.errors import ConfigError, DataError
from salience.data.table import column, read, source_of, stream

ROWS = [{"text": "good", "label": "1"}, {"text": "bad", "label": "0"}, {"text": None, "label": "1"}]


@pytest.fixture
def sources(tmp_path):
    """The same three rows in each kind of source."""
    csv = "text,label\ngood,1\nbad,0\n,1\n"
    tsv = csv.replace(",", "\t")
    jsonl = '{"text": "good", "label": "1"}\n{"text": "bad", "label": "0"}\n{"text": null, "label": "1"}\n'
    for name, content in {"a.csv": csv, "a.TSV": tsv, "a.tab": tsv, "a.jsonl": jsonl, "a.ndjson": jsonl}.items():
        (tmp_path / name).write_text(content)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
    pd.DataFrame(ROWS).to_parquet(tmp_path / "a.parquet")
    return [*sorted(tmp_path.iterdir()), pd.DataFrame(ROWS, index=[1, 2, 3]), ROWS, tuple(ROWS)]


def test_every_source_gives_the_same_frame(sources):
    expected = pd.DataFrame(ROWS, dtype=object, index=pd.Index(["1", "2", "3"], name="row"))
    assert len(sources) == 14
    for source in sources:
        pd.testing.assert_frame_equal(read(source), expected)
        parts = list(stream(source, chunk=2))
        assert [len(part) for part in parts] == [2, 1]
        pd.testing.assert_frame_equal(pd.concat(parts), expected)


def test_a_path_may_be_a_text_and_begin_at_home(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("text\ngood\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read("~/a.csv")["text"].tolist() == ["good"]
    with pytest.raises(DataError, match="there is no such file"):
        read("~nobody.csv")


def test_reading_a_frame_again_changes_nothing(sources):
    once = read(sources[0])
    pd.testing.assert_frame_equal(read(once), once)
    assert read(once).attrs == once.attrs


def test_the_index_of_a_frame_is_kept_as_text():
    frame = read(pd.DataFrame({"id": [7, 8], "text": ["a", "b"]}, index=["x", 3]))
    assert list(frame.index) == ["x", "3"]
    assert list(frame.columns) == ["id", "text"]


def test_an_index_with_repeats_gives_way_to_row_numbers():
    assert list(read(pd.DataFrame({"text": ["a", "b"]}, index=[5, 5])).index) == ["1", "2"]


def test_every_kind_of_missing_cell_becomes_none():
    frame = pd.DataFrame(
        {
            "text": pd.Series(["a", None], dtype="str"),
            "number": [1.5, np.nan],
            "nullable": pd.array([1, None], dtype="Int64"),
            "date": [pd.Timestamp(2024, 1, 31), pd.NaT],
            "category": pd.Categorical(["x", None]),
            "list": [["a", "b"], None],
        }
    )
    first, second = read(frame).to_dict("records")
    assert first["list"] == ["a", "b"]
    assert set(second.values()) == {None}


def test_numpy_values_become_python_values():
    values = {"a": np.int64(3), "b": np.float32(0.5), "c": np.bool_(True), "d": np.str_("x"), "e": np.array(["x", "y"])}
    expected = {"a": 3, "b": 0.5, "c": True, "d": "x", "e": ["x", "y"]}
    for source in ([values], pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in values.items()})):
        (row,) = read(source).to_dict("records")
        assert row == expected
        assert [type(value) for value in row.values()] == [int, float, bool, str, list]


def test_the_frame_of_the_caller_is_left_alone():
    given = pd.DataFrame({"text": ["a", "b"]})
    made = read(given)
    made.loc["0", "text"] = "changed"
    assert given["text"].tolist() == ["a", "b"]
    assert given.attrs == {}


def test_keys_may_differ_between_mappings():
    frame = read([{"a": 1}, {"b": [1, 2]}, {"a": 2, "b": [3, 4]}])
    assert frame["a"].tolist() == [1, None, 2]
    assert frame["b"].tolist() == [None, [1, 2], [3, 4]]


def test_a_row_that_is_no_mapping_is_located():
    with pytest.raises(DataError, match=r"expected a mapping from column to value, got str\n.*the rows, row 2"):
        read([{"text": "a"}, "b"])
    frame = read([{"text": "a"}, "b", {"text": "c"}], on_bad_rows="skip")
    assert frame["text"].to_dict() == {"1": "a", "3": "c"}
    assert frame.attrs["bad_rows"] == [("2", "expected a mapping from column to value, got str")]


def test_a_column_name_that_is_no_text_is_located():
    with pytest.raises(DataError, match=r"the name of column 2 is 3, not a text\n.*the rows, columns"):
        read([{"text": "a", 3: "b"}])
    with pytest.raises(DataError, match=r"the name of column 1 is 0, not a text\n.*the table, columns"):
        read(pd.DataFrame([["a"]]))


@pytest.mark.parametrize("source", [[], (), pd.DataFrame({"a": []}), pd.DataFrame()])
def test_a_table_without_rows_is_an_error(source):
    with pytest.raises(DataError, match=r"the table has no rows\n.*\n.*at least one row"):
        read(source)


@pytest.mark.parametrize("source", [3, None, {"text": ["a", "b"]}])
def test_what_is_no_table_is_refused(source):
    with pytest.raises(DataError, match=rf"cannot read a table from a {type(source).__name__}\n.*DataFrame"):
        read(source)


def test_a_missing_file_brings_the_nearest_name(tmp_path):
    (tmp_path / "reviews.csv").write_text("text\na\n")
    with pytest.raises(DataError, match=r"there is no such file\n.*review.csv\n.*did you mean 'reviews.csv'"):
        read(tmp_path / "review.csv")
    with pytest.raises(DataError, match=r"there is no such file\n.*\n.*check the path$"):
        read(tmp_path / "something else.csv")
    with pytest.raises(DataError, match=r"there is no such file\n.*\n.*there is no folder '.*nowhere' either"):
        read(tmp_path / "nowhere" / "a.csv")


def test_a_text_given_for_a_path_is_refused():
    with pytest.raises(DataError, match=r"the path cannot be followed \(File name too long\)\n.*text,label"):
        read("text,label\n" + "good,1\n" * 1000)


def test_a_folder_is_refused_with_the_files_in_it(tmp_path):
    with pytest.raises(DataError, match=r"this is a folder, not a file\n.*\n.*give a file$"):
        read(tmp_path)
    (tmp_path / "reviews.csv").write_text("text\na\n")
    with pytest.raises(DataError, match=r"this is a folder, not a file\n.*\n.*one of its files: reviews.csv"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["reviews.xlsx", "reviews", "reviews.gz", "reviews.parquet.gz"])
def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path, name):
    (tmp_path / name).write_text("text\na\n")
    with pytest.raises(DataError, match=r"cannot tell from the name what kind of table.*\n.*\n.*\.csv, \.tsv"):
        read(tmp_path / name)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("text\na\n")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(DataError, match=r"the file cannot be read \(Permission denied\)\n.*a.csv"):
        read(path)


def test_options_that_would_have_no_effect_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"encoding and columns cannot be chosen for a data frame\n.*leave"):
        read(pd.DataFrame(ROWS), encoding="utf-8", columns=["a"])
    with pytest.raises(ConfigError, match=r"columns cannot be chosen for a sequence"):
        read(ROWS, columns=["a"])
    (tmp_path / "a.jsonl").write_text('{"a": 1}')
    with pytest.raises(ConfigError, match=r"columns cannot be chosen for a JSONL file"):
        read(tmp_path / "a.jsonl", columns=["a"])
    pd.DataFrame(ROWS).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ConfigError, match=r"encoding cannot be chosen for a Parquet file"):
        read(tmp_path / "a.parquet", encoding="utf-8")


def test_wrong_options_are_named():
    with pytest.raises(ConfigError, match=r"on_bad_rows is 'skp'\n.*\n.*did you mean 'skip'"):
        read(ROWS, on_bad_rows="skp")
    with pytest.raises(ConfigError, match=r"chunk is 0; it counts rows"):
        stream(ROWS, chunk=0)


def test_a_missing_column_brings_the_nearest_name(sources):
    frame = read(sources[0])
    assert column(frame, "text") is not None
    with pytest.raises(DataError, match=rf"there is no column 'txet'\n.*{source_of(frame)}\n.*did you mean 'text'"):
        column(frame, "txet")


def test_the_memory_of_a_stream_does_not_grow_with_the_file(tmp_path):
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.csv"
        with path.open("w") as file:
            file.write("text,label\n")
            file.writelines(f"a text of some length with the number {number},1\n" for number in range(count))
        tracemalloc.start()
        rows = sum(len(frame) for frame in stream(path, chunk=256))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == count
        return size

    peak(100)
    assert peak(30_000) < 1.5 * peak(3_000)


@pytest.mark.slow
def test_a_million_rows_stream_in_flat_memory(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("id,text,label\n")
        file.writelines(f"{n},a text of some length with the number {n},{n % 2}\n" for n in range(1_000_000))
    tracemalloc.start()
    last = ""
    for frame in itertools.islice(stream(path), 100):
        last = frame.index[-1]
    early = tracemalloc.get_traced_memory()[1]
    for frame in stream(path):
        last = frame.index[-1]
    late = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert last == "1000000"
    assert late < early + 2**20
