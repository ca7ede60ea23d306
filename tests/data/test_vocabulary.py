"""The vocabulary: which words get which ids."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ModelFolderError
from salience.data.vocabulary import PADDING, UNKNOWN, Vocabulary

DOCUMENTS = st.lists(st.lists(st.text(max_size=3), max_size=11), max_size=7)


def test_ids_go_from_frequent_to_rare_and_equal_counts_by_alphabet() -> None:
    known = Vocabulary.fit([["b", "a", "c"], ["c", "b", "a", "d"], ["c", "e"]], min_count=1)
    # c 3 times; a and b twice; d and e once.
    assert known.words == (PADDING, UNKNOWN, "c", "a", "b", "d", "e")
    assert known.encode(["e", "zebra", "c"]).tolist() == [6, 1, 2]


def test_rare_words_stay_unknown() -> None:
    known = Vocabulary.fit([["a", "a", "b"]], min_count=2)
    assert known.words == (PADDING, UNKNOWN, "a")


def test_size_counts_padding_and_unknown() -> None:
    known = Vocabulary.fit([list("aaabbc")], min_count=1, size=4)
    assert known.words == (PADDING, UNKNOWN, "a", "b")
    assert len(known) == 4


def test_the_names_of_special_ids_are_no_words() -> None:
    known = Vocabulary.fit([[UNKNOWN, PADDING, "a"]] * 2)
    assert known.words == (PADDING, UNKNOWN, "a")


@given(DOCUMENTS)
def test_order_of_documents_does_not_matter(documents: list[list[str]]) -> None:
    assert Vocabulary.fit(documents).words == Vocabulary.fit(documents[::-1]).words


@given(DOCUMENTS)
def test_known_words_come_back_and_others_are_unknown(documents: list[list[str]]) -> None:
    known = Vocabulary.fit(documents)
    pieces = [piece for document in documents for piece in document]
    ids = known.encode(pieces)
    assert ids.dtype == np.int32
    for piece, number in zip(pieces, ids, strict=True):
        often = pieces.count(piece) >= 2 and piece not in (PADDING, UNKNOWN)
        assert (known.words[number] == piece) if often else (number == known.unknown or piece == PADDING)


@given(DOCUMENTS)
def test_it_survives_json(documents: list[list[str]]) -> None:
    known = Vocabulary.fit(documents)
    assert Vocabulary.from_json(json.loads(json.dumps(known.to_json()))) == known


@pytest.mark.parametrize("broken", [[], ["a", "b"], [PADDING, UNKNOWN, "a", "a"], [PADDING, UNKNOWN, 3], "words", None])
def test_an_altered_list_is_refused(broken: object) -> None:
    with pytest.raises(ModelFolderError, match="list of distinct words that begins with '<padding>' and '<unknown>'"):
        Vocabulary.from_json(broken)
