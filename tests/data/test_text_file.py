"""Text files: encodings are recognised, and every fault of the bytes has a name."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from salience.core.errors import ConfigError, DataError
from salience.data.text_file import open_text, unreadable

TEXT = "text,label\n很好,1\ncafé,0\n"


def written(folder: Path, content: bytes, name: str = "reviews.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def content_of(path: Path, encoding: str | None = None) -> str:
    with open_text(path, encoding=encoding) as text:
        return "".join(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_recognised_and_removed(tmp_path, encoding):
    assert content_of(written(tmp_path, TEXT.encode(encoding))) == TEXT


def test_a_big_endian_mark_is_recognised(tmp_path):
    assert content_of(written(tmp_path, b"\xfe\xff" + TEXT.encode("utf-16-be"))) == TEXT


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "UTF8", "utf-16-le"])
def test_the_encoding_can_be_given(tmp_path, encoding):
    assert content_of(written(tmp_path, TEXT.encode(encoding)), encoding) == TEXT


def test_gzip_is_read_as_if_it_were_plain(tmp_path):
    assert content_of(written(tmp_path, gzip.compress(TEXT.encode()), "reviews.csv.gz")) == TEXT


def test_line_ends_are_kept_as_they_are(tmp_path):
    content = "a\r\nb\nc\rd\u2028e"
    assert content_of(written(tmp_path, content.encode())) == content


@pytest.mark.parametrize("encoding", ["utf-9", "hex", "", "a\0b"])
def test_an_unknown_encoding_is_a_config_error(tmp_path, encoding):
    with pytest.raises(ConfigError, match=r"there is no text encoding .*\n.*gb18030"):
        content_of(written(tmp_path, TEXT.encode()), encoding)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and so on", "a zip or Excel file, not a text"),
        (b"PAR1 and so on", "a Parquet file, not a text"),
        (gzip.compress(b"a,b\n1,2\n"), "compressed by gzip, not a text\n.*\n.*end in .gz"),
        (b"\x89PNG\r\n\x1a\n", "an image, not a text"),
        (bytes(range(256)) * 20, "binary, not a text\n.*\n.*CSV, TSV, JSONL or Parquet"),
        (TEXT.encode("utf-16-le"), "binary, not a text\n.*\n.*UTF-16: pass encoding='utf-16-le'"),
        (TEXT.encode("utf-16-be"), "binary, not a text\n.*\n.*UTF-16: pass encoding='utf-16-be'"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        content_of(written(tmp_path, content))


def test_a_truncated_gzip_file_is_named(tmp_path):
    whole = gzip.compress(TEXT.encode() * 100)
    with pytest.raises(DataError, match=r"cut off or damaged.*\n.*reviews.csv.gz"):
        content_of(written(tmp_path, whole[: len(whole) // 2], "reviews.csv.gz"))


def test_a_gzip_file_with_a_damaged_stream_is_named(tmp_path):
    whole = bytearray(gzip.compress(TEXT.encode() * 100))
    whole[20] ^= 0xFF
    with pytest.raises(DataError, match=r"cut off or damaged"):
        content_of(written(tmp_path, bytes(whole), "reviews.csv.gz"))


def test_a_plain_file_named_gz_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cut off or damaged"):
        content_of(written(tmp_path, TEXT.encode(), "reviews.csv.gz"))


def test_half_a_utf_16_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"the bytes are not what the mark .*\n.*reviews.csv\n.*encoding="):
        content_of(written(tmp_path, TEXT.encode("utf-16")[:-1]))


def test_a_clean_text_is_readable():
    assert unreadable("很好, café 😀", "utf-8") is None


def test_a_nul_character_is_named():
    assert unreadable("a\0b", "utf-8") == (
        "a NUL character",
        "remove it; a file full of them may be UTF-16: pass encoding='utf-16-le'",
    )


def test_a_foreign_byte_is_named_with_its_value_and_place():
    text = "好caf\udce9".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    problem, fix = unreadable(text, "utf-8-sig")
    assert problem == "byte 0xe9 at position 6 of the cell is not utf-8"
    assert fix.endswith("encoding='cp1252'")


def test_chinese_bytes_propose_a_chinese_encoding():
    text = "这家店很好吃".encode("gb18030").decode("utf-8", "surrogateescape")
    problem, fix = unreadable(text, "utf-8")
    assert problem.startswith("byte 0xd5 at position 0")
    assert fix.endswith("encoding='gb18030'")


def test_half_a_character_is_named():
    assert unreadable("a\ud83d", "utf-8") == ("half a character (U+D83D)", "replace it")


def test_foreign_bytes_in_utf_16_are_named():
    problem, fix = unreadable("a\udce9", "utf-16")
    assert problem == "bytes that are not utf-16"
    assert "cut off" in fix
