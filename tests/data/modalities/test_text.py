"""Text: what is special about it beyond the contract."""

import gzip
import logging
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from salience.core.errors import ConfigError, DataError
from salience.core.place import Span, Unit
from salience.data.modalities import Text
from salience.data.tokens import Character, Word
from tests.data.tokens.raw_text import RAW_TEXTS

TRAINING = ["A good film. A very good cast!", "Not a good film."]
ENGLISH = Text(min_count=1).fit(TRAINING)


def test_a_cell_by_hand() -> None:
    # a and good 3 times; "." and film twice; then ! cast not very once, by alphabet.
    assert ENGLISH.vocabulary.words[2:] == ("a", "good", ".", "film", "!", "cast", "not", "very")
    example = ENGLISH.encode("GOOD film? Not  a zebra.")
    assert example.values.tolist() == [3, 5, 1, 8, 2, 1, 4]
    assert example.places.tolist() == [[0, 4], [5, 9], [9, 10], [11, 14], [16, 17], [18, 23], [23, 24]]
    assert example.owner.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert example.groups.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert ENGLISH.units(example, "review")[5] == Unit("review", "zebra", Span(18, 23))


def test_without_by_hand() -> None:
    left = ENGLISH.without(ENGLISH.encode("Good film? Not a zebra."), {0, 1, 2, 4})
    assert left.values.tolist() == [8, 1, 4]
    assert left.places.tolist() == [[11, 14], [17, 22], [22, 23]]
    assert left.owner.tolist() == [0, 1, 2]
    assert left.groups.tolist() == [0, 0, 0]


def test_an_empty_cell_is_one_unknown_position() -> None:
    example = ENGLISH.encode(pd.NA)
    assert (example.values.tolist(), example.owner.tolist()) == ([1], [-1])


def test_a_long_cell_is_read_from_its_beginning() -> None:
    text = Text(max_tokens=3, min_count=1).fit(TRAINING)
    cell = "good cast . not good"
    assert [unit.text for unit in text.units(text.encode(cell), "review")] == ["good", "cast", "."]
    assert text.unread(cell) == 2
    assert text.unread("good") == text.unread(None) == 0


def test_a_word_of_many_pieces_can_be_read_in_part() -> None:
    text = Text({"WordPiece": {"size": 29}}, max_tokens=2, min_count=1).fit(["abc xyz"] * 2 + ["a b c x y z"] * 9)
    example = text.encode("acb z")
    assert example.owner.tolist() == [0, 0]
    assert [unit.text for unit in text.units(example, "review")] == ["acb"]
    assert text.unread("acb z") == 1


def test_sentences_become_groups_in_the_layout() -> None:
    stream = ENGLISH.collate([ENGLISH.encode("Good! A film. Bad"), ENGLISH.encode("Good")])
    assert stream.layout.groups.tolist() == [[0, 0, 1, 1, 1, 2], [0, -1, -1, -1, -1, -1]]


def test_a_sentence_begins_right_after_a_chinese_full_stop() -> None:
    assert ENGLISH.encode("很好。服务").groups.tolist() == [0, 0, 0, 1, 1]


def test_half_a_surrogate_pair_is_replaced_and_moves_nothing() -> None:
    example = ENGLISH.encode("good \ud83d film")
    assert example.cell == "good \ufffd film"
    assert [unit.text for unit in ENGLISH.units(example, "review")] == ["good", "\ufffd", "film"]


@settings(deadline=None)
@given(RAW_TEXTS)
def test_any_text_can_be_read_and_taken_apart(text: str) -> None:
    example = ENGLISH.encode(text)
    assert len(example) >= 1
    units = ENGLISH.units(example, "review")
    assert [text[unit.place.start : unit.place.stop] for unit in units] == [unit.text for unit in units]
    for removed in range(min(3, len(units))):
        assert len(ENGLISH.without(example, [removed]).places) == len(units) - 1


def test_tokens_are_a_name_or_a_name_with_options_or_an_object() -> None:
    made = [Text("character"), Text({"Character": {"lower": False}}), Text(Character(lower=False))]
    assert [type(text.tokens) for text in made] == [Character] * 3
    assert [text.tokens.lower for text in made] == [True, False, False]
    assert isinstance(Text().tokens, Word)
    with pytest.raises(ConfigError, match="did you mean 'Jieba'"):
        Text("Jeiba")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"max_tokens": 0}, "max_tokens must be at least 1, got 0"),
        ({"min_count": 0}, "min_count must be at least 1, got 0"),
        ({"vocabulary_size": 2}, "vocabulary_size must be at least 3, got 2"),
        ({"pairs": -1}, "pairs must be at least 0, got -1"),
    ],
)
def test_an_impossible_option_is_an_error(options: dict[str, int], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Text(**options)


def test_a_column_without_repeated_words_is_an_error() -> None:
    with pytest.raises(DataError, match="no word occurs 2 times or more in these 2 cells"):
        Text().fit(["one", "another"])


def test_min_count_and_vocabulary_size_are_kept() -> None:
    assert Text(min_count=3).fit(TRAINING).vocabulary.words[2:] == ("a", "good")
    assert Text(vocabulary_size=3).fit(TRAINING).vocabulary.words[2:] == ("a",)


def test_word_vectors_come_in_and_their_coverage_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "vectors.txt.gz"
    path.write_bytes(gzip.compress(b"good 1 2 3\nzebra 4 5 6\n. 7 8 9\n"))
    with caplog.at_level(logging.INFO):
        text = Text(min_count=1, vectors=str(path)).fit(TRAINING)
    assert text.coverage == 2 / 8
    assert caplog.messages == [f"word vectors: {path} has 25.0 % of 8 words"]
    same, wider = text.stem(3), text.stem(5)
    assert same.words.weight[[3, 4]].tolist() == [[1, 2, 3], [7, 8, 9]]
    assert wider.words.weight[[3, 4]].tolist() == [[1, 2, 3], [7, 8, 9]]
    assert wider(text.collate([text.encode("good film")])).shape == (1, 2, 5)


def test_a_restored_column_needs_no_file_of_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2 3\n")
    text = Text(min_count=1, vectors=str(path)).fit(TRAINING)
    stem = text.stem(5)
    path.unlink()
    again = Text(min_count=1, vectors=str(path)).restore(text.state())
    other = again.stem(5)
    other.load_state_dict(stem.state_dict())
    assert again.coverage == text.coverage
    stream = again.collate([again.encode("good film")])
    assert other(stream).tolist() == stem(stream).tolist()


@pytest.mark.parametrize("name", ["word_pieces", "bytes", "sentence_pieces"])
def test_a_pretrained_tokenizer_brings_its_ids(tokenizers_folder: str, name: str) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(f"{tokenizers_folder}/{name}")
    text = Text({"Pretrained": {"name": f"{tokenizers_folder}/{name}"}}).fit([])
    cells = ["low lower!", "今天天气", "Don't miss it: 3.5 stars!"]
    stream = text.collate([text.encode(cell) for cell in cells])
    for row, cell in enumerate(cells):
        ids = theirs(cell)["input_ids"]
        assert stream.values[row].tolist() == ids + [text.vocabulary.padding] * (stream.layout.size - len(ids))
    assert text.stem(7)(stream).shape == (3, stream.layout.size, 7)
    again = Text({"Pretrained": {"name": "nowhere"}}).restore(text.state())
    assert again.encode(cells[0]).values.tolist() == text.encode(cells[0]).values.tolist()


def test_special_positions_stay_when_a_text_is_cut_or_units_are_removed(tokenizers_folder: str) -> None:
    text = Text({"Pretrained": {"name": f"{tokenizers_folder}/word_pieces"}}, max_tokens=5).fit([])
    known = text.vocabulary.words
    example = text.encode("low. low. low. low")
    assert [known[number] for number in example.values] == ["[CLS]", "low", ".", "low", "[SEP]"]
    assert example.owner.tolist() == [-1, 0, 1, 2, -1]
    assert example.groups.tolist() == [0, 0, 0, 1, 1]
    assert text.unread("low. low. low. low") == 4
    left = text.without(example, [0, 1])
    assert [known[number] for number in left.values] == ["[CLS]", "low", "[SEP]"]
    assert left.owner.tolist() == [-1, 0, -1]
    empty = [known[number] for number in text.encode("").values]
    assert empty == [known[number] for number in text.without(left, [0]).values] == ["[CLS]", "[SEP]"]


def test_trailing_white_space_of_a_byte_model_does_not_push_words_out(tokenizers_folder: str) -> None:
    text = Text({"Pretrained": {"name": f"{tokenizers_folder}/bytes"}}, max_tokens=5).fit([])
    example = text.encode("low" + "\n " * 23)
    assert [unit.text for unit in text.units(example, "review")] == ["low"]


def test_chinese_reviews_lead_back_to_their_words(real_data: object) -> None:
    pytest.importorskip("jieba")
    table = pd.read_csv(real_data("waimai-10k/datasets/waimai_10k/waimai_10k.csv"))
    reviews = table["review"].iloc[::23].tolist()
    for tokens in ("Jieba", "Character", "BytePair"):
        text = Text(tokens).fit(reviews)
        for review in reviews:
            units = text.units(text.encode(review), "review")
            seen = [letter for unit in units for letter in unit.text if letter.isalnum()]
            assert seen == [letter for letter in review if letter.isalnum()]


@pytest.mark.slow
def test_twenty_five_thousand_reviews_are_read_in_seconds() -> None:
    words = np.array([f"word{n}" for n in range(5003)])
    draw = np.random.default_rng(0)
    reviews = [" ".join(words[draw.zipf(1.3, 233) % len(words)]) + "." for _ in range(25_000)]
    text = Text().fit(reviews)
    start = time.process_time()
    examples = [text.encode(review) for review in reviews]
    assert time.process_time() - start < 15
    start = time.process_time()
    for _ in range(10_000):
        text.without(examples[0], [3, 5, 7])
    assert time.process_time() - start < 2
