"""Tokenizers of pretrained models, saved offline in a temporary folder."""

import sys
from pathlib import Path

import pytest

from salience.core.errors import ConfigError, MissingPackage, NotAvailable
from salience.data.tokens import Pretrained

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("name", ["word_pieces", "bytes", "sentence_pieces"])
@pytest.mark.parametrize("text", ["Don't miss it!", "low lower 今天天气很好", "", "été 🙂", "a " * 41])
def test_ids_are_those_of_the_library(tokenizers_folder: str, name: str, text: str) -> None:
    theirs = transformers.AutoTokenizer.from_pretrained(f"{tokenizers_folder}/{name}")
    tokens = Pretrained(f"{tokenizers_folder}/{name}").fit([])
    assert tokens.vocabulary is not None
    assert tokens.vocabulary.encode(tokens.split(text).keys).tolist() == theirs(text)["input_ids"]
    assert len(tokens.vocabulary) == len(theirs)


def test_padding_and_unknown_are_those_of_the_model(tokenizers_folder: str) -> None:
    special = {}
    for name in ("word_pieces", "bytes", "sentence_pieces"):
        known = Pretrained(f"{tokenizers_folder}/{name}").fit([]).vocabulary
        assert known is not None
        special[name] = (known.words[known.padding], known.words[known.unknown])
    # Models of bytes have no padding token: their end of text stands for it, and is masked like any padding.
    assert special == {
        "word_pieces": ("[PAD]", "[UNK]"),
        "bytes": ("<end>", "<end>"),
        "sentence_pieces": ("<pad>", "<unk>"),
    }


def test_special_positions_belong_to_no_unit(tokenizers_folder: str) -> None:
    pieces = Pretrained(f"{tokenizers_folder}/word_pieces").fit([]).split("low é!")
    assert pieces.keys[0] == "[CLS]"
    assert pieces.keys[-1] == "[SEP]"
    assert pieces.owner[[0, -1]].tolist() == [-1, -1]
    assert pieces.places.tolist() == [[0, 3], [4, 5], [5, 6]]


def test_chinese_without_spaces_is_not_one_unit(tokenizers_folder: str) -> None:
    text = "好天很今气"
    pieces = Pretrained(f"{tokenizers_folder}/sentence_pieces").fit([]).split(text)
    assert [text[start:stop] for start, stop in pieces.places] == list(text)


def test_a_restored_one_needs_neither_folder_nor_package(
    tokenizers_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Pretrained(f"{tokenizers_folder}/word_pieces").fit([])
    state = made.state()
    monkeypatch.setitem(sys.modules, "transformers", None)
    again = Pretrained("nowhere").restore(state)
    assert again.split("low été").keys == made.split("low été").keys
    assert again.vocabulary == made.vocabulary


def test_a_missing_tokenizer_is_an_error_that_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no tokenizer '.*nothing'.*\n.*`download: true`"):
        Pretrained(str(tmp_path / "nothing")).fit([])


def test_a_tokenizer_without_places_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        is_fast = False

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda name, **options: Slow())
    with pytest.raises(ConfigError, match="does not tell where its pieces lie"):
        Pretrained("slow").fit([])


def test_only_local_files_are_read_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def record(name: str, *, local_files_only: bool, trust_remote_code: bool) -> None:
        asked.append(local_files_only)
        assert not trust_remote_code
        raise OSError("not here")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", record)
    for download in (False, True):
        with pytest.raises(ConfigError, match="not here"):
            Pretrained("some/model", download=download).fit([])
    assert asked == [True, False]


def test_asking_before_it_is_loaded_is_an_error() -> None:
    with pytest.raises(NotAvailable, match="this tokenizer has not been fitted"):
        Pretrained("some/model").split("a")


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingPackage, match=r"pip install 'salience\[pretrained\]'"):
        Pretrained("some/model").fit([])
