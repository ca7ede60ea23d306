"""Words."""

from salience.data.tokens import Character, Word


def test_words_by_hand() -> None:
    pieces = Word().split("  Ｇood, GOOD-ish: 很好")
    assert pieces.keys == ["good", ",", "good-ish", ":", "很", "好"]
    assert pieces.places.tolist() == [[2, 6], [6, 7], [8, 16], [16, 17], [18, 19], [19, 20]]
    assert pieces.owner.tolist() == [0, 1, 2, 3, 4, 5]


def test_capitals_can_be_kept() -> None:
    assert Word(lower=False).split("Good İ").keys == ["Good", "İ"]


def test_a_letter_whose_lower_case_is_longer_moves_nothing() -> None:
    pieces = Word().split("İ a")
    assert pieces.keys == ["i\u0307", "a"]
    assert pieces.places.tolist() == [[0, 1], [2, 3]]


def test_text_in_ascii_is_cut_like_any_other() -> None:
    text = "Don't MISS it: 3.5 stars, a_b-C!"
    plain, other = Word().split(text), Word().split(text + " é")
    assert other.keys == [*plain.keys, "é"]
    assert other.places[:-1].tolist() == plain.places.tolist()


def test_characters_by_hand() -> None:
    pieces = Character().split("Ab 好。")
    assert pieces.keys == ["a", "b", "好", "。"]
    assert pieces.places.tolist() == [[0, 1], [1, 2], [3, 4], [4, 5]]
