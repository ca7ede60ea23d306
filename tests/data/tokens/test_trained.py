"""Sub-words that are learnt: byte pairs and word pieces."""

import subprocess
import sys

import pytest

from salience.core.errors import ConfigError, NotAvailable
from salience.data.tokens import BytePair, WordPiece
from tests.data.tokens.cases import TEXTS


def test_byte_pairs_by_hand() -> None:
    # Characters: e l o r w and the mark of a word's beginning; `lo`, `▁lo`, `▁low` are the three most frequent joins.
    tokens = BytePair(size=10).fit(["low low low lower"])
    pieces = tokens.split("LOWER lo-we")
    assert pieces.keys == ["▁low", "e", "r", "▁lo", "<unknown>", "w", "e"]
    assert pieces.places.tolist() == [[0, 5], [6, 11]]
    assert pieces.owner.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_word_pieces_by_hand() -> None:
    tokens = WordPiece(size=13).fit(["low low low lower"])
    pieces = tokens.split("LOWER low-xyz")
    assert pieces.keys == ["low", "##e", "##r", "low", "<unknown>", "<unknown>"]
    assert pieces.places.tolist() == [[0, 5], [6, 13]]
    assert pieces.owner.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_byte_pair_over_two_ideographs_is_one_unit() -> None:
    text = "去今天他"
    pieces = BytePair(size=31).fit(["我今天来", "他今天去", "你今天好"] * 3).split(text)
    assert pieces.keys == ["▁", "去", "今天", "他"]
    assert [text[start:stop] for start, stop in pieces.places] == ["去", "今天", "他"]


def test_word_pieces_keep_ideographs_apart() -> None:
    pieces = WordPiece(size=31).fit(["今天", "明天", "今天好"] * 3).split("我今天")
    assert pieces.keys == ["<unknown>", "今", "天"]


@pytest.mark.parametrize("kind", [BytePair, WordPiece])
def test_case_and_compatibility_forms_fold_to_the_same_pieces(kind: type[BytePair] | type[WordPiece]) -> None:
    tokens = kind(size=97).fit(["film fine"] * 3)
    assert tokens.split("FILM ＦＩＮＥ ﬁlm").keys == tokens.split("film fine film").keys
    assert tokens.split("ﬁlm!").places.tolist() == [[0, 3], [3, 4]]
    capitals = kind(size=97, lower=False).fit(["film FILM"] * 3)
    assert capitals.split("FILM").keys != capitals.split("film").keys


def test_another_process_learns_the_same() -> None:
    program = (
        "import sys; from tests.data.tokens.test_trained import learnt; sys.stdout.buffer.write(learnt().encode())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.decode() == learnt()


def learnt() -> str:
    """How both kinds cut the texts they learnt from. Many counts are equal there, so the order of joins could vary."""
    cuts = [kind(size=211).fit(TEXTS).split(" ".join(TEXTS)).keys for kind in (BytePair, WordPiece)]
    return "|".join([*cuts[0], *cuts[1]])


@pytest.mark.parametrize("kind", [BytePair, WordPiece])
def test_asking_before_it_has_learnt_is_an_error(kind: type[BytePair] | type[WordPiece]) -> None:
    for ask in (lambda: kind().split("a"), lambda: kind().state()):
        with pytest.raises(NotAvailable, match="this tokenizer has not been fitted"):
            ask()


@pytest.mark.parametrize("kind", [BytePair, WordPiece])
def test_a_size_without_room_for_a_piece_is_refused(kind):
    with pytest.raises(ConfigError, match="size must be at least 2 and at most 1,000,000, got -3"):
        kind(size=-3)
