"""Reading word vectors: both formats, and every way a file can be broken."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from salience.core.errors import DataError
from salience.data.vectors import read_vectors

IDS = {"<padding>": 0, "<unknown>": 1, "good": 2, "film": 3, "zebra": 4, "…": 5}
GLOVE = "film 0.5 -1 2\nthe 9 9 9\ngood 1e-1 0 3\n"


def write(folder: Path, content: str | bytes, name: str = "vectors.txt") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_only_words_of_the_vocabulary_are_kept(tmp_path: Path) -> None:
    found = read_vectors(write(tmp_path, GLOVE), IDS)
    assert found.rows.tolist() == [2, 3]
    np.testing.assert_array_equal(found.values, np.array([[0.1, 0, 3], [0.5, -1, 2]], dtype=np.float32))


@pytest.mark.parametrize(
    "content",
    [
        "3 3\n" + GLOVE,  # word2vec has a first line
        GLOVE.replace("\n", " \n"),  # and its C program leaves a space at the end
        GLOVE.replace("\n", "\r\n"),
        GLOVE.rstrip("\n"),
        GLOVE + "good 7 7 7\n",  # the first of equal words counts
        GLOVE + ". . . 7 7 7\n",  # some words of GloVe hold spaces
        GLOVE + "a\u00a0b 7 7 7\n",  # a space of another kind is part of the word
    ],
)
def test_the_same_vectors_in_other_clothes(tmp_path: Path, content: str) -> None:
    expected = read_vectors(write(tmp_path, GLOVE, "plain.txt"), IDS)
    found = read_vectors(write(tmp_path, content), IDS)
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.values, expected.values)


def test_compressed_files_are_read(tmp_path: Path) -> None:
    found = read_vectors(write(tmp_path, gzip.compress(GLOVE.encode()), "vectors.txt.gz"), IDS)
    assert found.rows.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("content", "problem", "line"),
    [
        ("film 1 2 3\ngood 1 2\n", "expected a word and 3 numbers", ", line 2"),
        ("film 1 2 3\n\ngood 1 2 3\n", "expected a word and 3 numbers", ", line 2"),
        ("film\n", "expected a word and 1 numbers", ", line 1"),
        ("film 1 2 3\ngood 1 x 3\n", "could not convert string to float", ", line 2"),
        ("film 1 2 3\nthe 1 2 3\ngood 1 nan 3\n", "a number is not finite", ", line 3"),
        (b"film 1 2 3\nt\xff\xfe 1 2 3\n", "the word is not UTF-8", ", line 2"),
        ("9 3\n" + GLOVE, "expected 9 words and found 3", ""),
        ("the 1 2 3\n", "none of the 6 words of the vocabulary is in the file", ""),
        ("", "none of the 6 words of the vocabulary is in the file", ""),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_line(
    tmp_path: Path, content: str | bytes, problem: str, line: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_vectors(path, IDS)
    assert problem in caught.value.problem
    assert caught.value.where == f"{path}{line}"
    assert caught.value.fix


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file of word vectors"):
        read_vectors(tmp_path / "none.txt", IDS)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-12], lambda data: b"film 1 2 3\n", lambda data: data[:20] + b"?" * 9]
)
def test_a_damaged_archive_is_an_error(tmp_path: Path, damage: object) -> None:
    path = write(tmp_path, damage(gzip.compress(GLOVE.encode() * 50)), "vectors.txt.gz")
    with pytest.raises(DataError, match="cannot decompress it"):
        read_vectors(path, IDS)
