"""Chinese words."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from salience.core.errors import MissingPackage
from salience.data.tokens import Jieba
from salience.data.tokens.jieba import _cutter

pytest.importorskip("jieba")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我来到北京清华大学", ["我", "来到", "北京", "清华大学"]),
        ("他来到了网易杭研大厦", ["他", "来到", "了", "网易", "杭研", "大厦"]),
        ("这件T恤很好看，3.5分。", ["这件", "T恤", "很", "好看", "，", "3.5", "分", "。"]),
        ("don't say 今天天气, café!", ["don't", "say", "今天天气", ",", "café", "!"]),
        ("𠮷野家", ["𠮷", "野家"]),
        ("👍🏽很好👍🏽", ["👍🏽", "很", "好", "👍🏽"]),
    ],
)
def test_words_of_real_sentences(text: str, expected: list[str]) -> None:
    pieces = Jieba(lower=False).split(text)
    assert [text[start:stop] for start, stop in pieces.places] == expected


def test_pure_chinese_is_cut_as_the_package_cuts_it(real_data: object) -> None:
    reviews = pd.read_csv(real_data("waimai-10k/datasets/waimai_10k/waimai_10k.csv"))["review"].iloc[::100]
    for review in reviews:
        chinese = "".join(letter for letter in review if "\u4e00" <= letter <= "\u9fd5")
        pieces = Jieba().split(chinese)
        assert pieces.keys == _cutter().lcut(chinese)


def test_it_is_silent_and_leaves_no_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [
                sys.executable,
                "-W",
                "error",
                "-c",
                "from salience.data.tokens import Jieba; Jieba().split('今天天气很好')",
            ],
            env={"TMPDIR": folder},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (run.stdout, run.stderr) == ("", "")
        assert list(Path(folder).iterdir()) == []


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _cutter.cache_clear()
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(MissingPackage, match=r"pip install 'salience\[chinese\]'"):
        Jieba().split("今天")
