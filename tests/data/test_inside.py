from __future__ import annotations

import os.path
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.data.inside import is_inside


@pytest.mark.parametrize(
    "path", ["a", "a/b.txt", "./a", "a/./b", "a..b", "...", "时间/里", "12:30.csv", "train/0_2.txt", " a"]
)
def test_plain_paths_are_inside(path: str) -> None:
    assert is_inside(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "./",
        "..",
        "a/..",
        "../a",
        "/",
        "/a",
        "//a/b",
        "C:",
        "C:a",
        "c:/a",
        "\\a",
        "a\\..\\b",
        "a\nb",
        "a\0",
        "\ud800",
    ],
)
def test_paths_that_lead_out_or_mislead_are_not(path: str) -> None:
    assert not is_inside(path)


@given(st.text(st.sampled_from("ab./:\\ \0é"), max_size=12))
def test_whatever_is_inside_stays_below_its_folder(path: str) -> None:
    if is_inside(path):
        assert os.path.normpath(Path("/base") / path).startswith("/base/")
