from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from salience.core.errors import ConfigError, NotAvailable
from salience.data import sets
from salience.data.sets import readable, rows


def test_a_set_without_a_reader_names_those_that_have_one() -> None:
    with pytest.raises(NotAvailable, match="the data set 'nab' cannot be read as a table yet") as caught:
        rows("nab")
    assert "take one of: chnsenticorp-htl, imdb, sst2, waimai-10k" in str(caught.value)
    assert readable() == ["chnsenticorp-htl", "imdb", "sst2", "waimai-10k"]


def test_an_unknown_set_gets_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'imdb'\?"):
        rows("imbd")


def test_line_breaks_of_reviews_become_new_lines(tmp_path: Path) -> None:
    review = "Good.<br /><br />Really <br/>\n good. 1 < 2 été".encode()
    with tarfile.open(tmp_path / "aclImdb_labelled.tar.xz", "w:xz") as tar:
        for name in ("aclImdb/train/pos/3_9.txt", "aclImdb/README.txt"):
            info = tarfile.TarInfo(name)
            info.size = len(review)
            tar.addfile(info, io.BytesIO(review))
    table = sets._imdb(tmp_path)
    assert table.to_dict("records") == [
        {
            "text": "Good.\nReally\ngood. 1 < 2 été",
            "label": "pos",
            "split": "train",
            "id": "aclImdb/train/pos/3_9.txt",
        }
    ]


def test_only_an_empty_review_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('label,review\n1,NA\n0,\n1,"很好,""谢谢"""\n', encoding="utf-8")
    table = sets._chinese_reviews(tmp_path / "a.csv")
    assert table["label"].tolist() == ["positive", "negative", "positive"]
    assert table["text"].isna().tolist() == [False, True, False]
    assert table["text"][2] == '很好,"谢谢"'


def read(real_data: Callable[[str], Path], name: str) -> pandas.DataFrame:
    real_data(name)
    return rows(name)


def test_sst2_is_read_whole(real_data: Callable[[str], Path]) -> None:
    table = read(real_data, "sst2")
    assert list(table.columns) == ["text", "label", "split"]
    counts = table.groupby(["split", "label"]).size().to_dict()
    assert counts == {
        ("train", "positive"): 3610,
        ("train", "negative"): 3310,
        ("dev", "positive"): 444,
        ("dev", "negative"): 428,
        ("test", "positive"): 909,
        ("test", "negative"): 912,
    }
    assert not table.isna().any(axis=None)
    assert table["text"][1] == "apparently reassembled from the cutting room floor of any given daytime soap"
    assert table["label"][1] == "negative"


def test_hotel_reviews_are_read_whole_with_the_empty_one(real_data: Callable[[str], Path]) -> None:
    table = read(real_data, "chnsenticorp-htl")
    assert list(table.columns) == ["text", "label"]
    assert table["label"].value_counts().to_dict() == {"positive": 5322, "negative": 2444}
    assert table["text"].isna().sum() == 1
    assert table["text"][0].startswith('距离川沙公路较近,但是公交指示不对,如果是"蔡陆线"的话')


def test_food_reviews_are_read_whole(real_data: Callable[[str], Path]) -> None:
    table = read(real_data, "waimai-10k")
    assert table["label"].value_counts().to_dict() == {"negative": 7987, "positive": 4000}
    assert table["text"][0] == "很快，好吃，味道足，量大"
    assert not table.isna().any(axis=None)


@pytest.mark.slow
def test_imdb_is_read_whole(real_data: Callable[[str], Path]) -> None:
    table = read(real_data, "imdb")
    assert list(table.columns) == ["text", "label", "split", "id"]
    assert set(table.groupby(["split", "label"]).size()) == {12_500}
    assert table["id"].is_unique
    assert not table["text"].str.contains("<br").any()
    assert table["text"][0].startswith("Once again Mr. Costner has dragged out a movie")
    assert round(table["text"].str.split().str.len().mean()) == 229
