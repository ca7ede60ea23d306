"""What every way to cut a text must keep: nothing lost, nothing twice, everything where the user wrote it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings

from salience.data import tokens as room
from salience.data.tokens.pieces import Tokens
from tests.data.tokens.cases import CASES
from tests.data.tokens.raw_text import RAW_TEXTS, TRICKY


@pytest.fixture(scope="session", params=CASES)
def tokens(request: pytest.FixtureRequest, tokenizers_folder: str) -> Tokens:
    return CASES[request.param](tokenizers_folder)


def test_every_way_has_a_row() -> None:
    assert {name.split(",")[0] for name in CASES} == set(room.__all__)


@settings(deadline=None)
@given(text=RAW_TEXTS)
def test_units_ascend_do_not_overlap_and_hold_every_letter_and_digit(tokens: Tokens, text: str) -> None:
    places = tokens.split(text).places
    flat = places.ravel()
    assert places.shape == (len(places), 2)
    assert (np.diff(places, axis=1) > 0).all()
    assert (np.diff(flat) >= 0).all()
    assert not len(flat) or (flat[0] >= 0 and flat[-1] <= len(text))
    inside = {position for start, stop in places for position in range(start, stop)}
    assert [text[n] for n in range(len(text)) if text[n].isalnum() and n not in inside] == []
    units = [text[start:stop] for start, stop in places]
    assert units == [unit.strip() for unit in units]


@settings(deadline=None)
@given(text=RAW_TEXTS)
def test_every_unit_owns_pieces_in_order(tokens: Tokens, text: str) -> None:
    pieces = tokens.split(text)
    assert pieces.owner.shape == (len(pieces.keys),)
    owned = pieces.owner[pieces.owner >= 0]
    assert (np.diff(owned) >= 0).all()
    assert np.unique(owned).tolist() == list(range(len(pieces.places)))


def test_a_saved_one_cuts_the_same(tokens: Tokens) -> None:
    state = json.loads(json.dumps(tokens.state()))
    options = {name: value for name, value in vars(tokens).items() if not name.startswith("_")}
    again = type(tokens)(**options).restore(state)
    for text in TRICKY:
        found, expected = again.split(text), tokens.split(text)
        assert found.keys == expected.keys
        np.testing.assert_array_equal(found.places, expected.places)
        np.testing.assert_array_equal(found.owner, expected.owner)
    assert again.vocabulary == tokens.vocabulary
