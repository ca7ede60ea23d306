from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import ConfigError
from salience.data import synthetic
from salience.data.synthetic import planted_chinese, planted_regression, planted_sentiment

MAKERS = [planted_sentiment, planted_chinese, planted_regression]
SIGNALS = {
    planted_sentiment: {*synthetic.POSITIVE, *synthetic.NEGATIVE},
    planted_chinese: {*synthetic.POSITIVE_CHINESE, *synthetic.NEGATIVE_CHINESE},
    planted_regression: set(synthetic.VALUES),
}


def words_at(row: object) -> list[str]:
    return [row.text[each.start : each.stop] for each in row.evidence]


@pytest.mark.parametrize("make", MAKERS)
def test_equal_seeds_give_equal_rows_and_others_do_not(make: Callable[..., pandas.DataFrame]) -> None:
    pandas.testing.assert_frame_equal(make(rows=17, seed=3), make(rows=17, seed=3))
    assert make(rows=17, seed=3)["text"].tolist() != make(rows=17, seed=4)["text"].tolist()


@pytest.mark.parametrize("make", MAKERS)
def test_evidence_stands_exactly_at_the_signal_words(make: Callable[..., pandas.DataFrame]) -> None:
    for row in make(rows=211).itertuples():
        planted = words_at(row)
        assert 2 <= len(planted) <= 5
        assert set(planted) <= SIGNALS[make]
        assert [each.start for each in row.evidence] == sorted(each.start for each in row.evidence)
        # Nothing else in the text is a signal: taking the evidence out leaves none.
        rest = row.text
        for each in reversed(row.evidence):
            rest = rest[: each.start] + "_" + rest[each.stop :]
        assert not any(word in rest.split() or (make is planted_chinese and word in rest) for word in SIGNALS[make])


@pytest.mark.parametrize("make", [planted_sentiment, planted_regression])
def test_english_texts_have_14_to_30_words(make: Callable[..., pandas.DataFrame]) -> None:
    sizes = {len(text.split(" ")) for text in make(rows=997)["text"]}
    assert sizes == set(range(14, 31))


def test_chinese_texts_have_14_to_30_words_of_two_characters_and_no_space() -> None:
    texts = planted_chinese(rows=997)["text"]
    assert {len(text) for text in texts} == set(range(28, 61, 2))
    assert not texts.str.contains(" ").any()


@pytest.mark.parametrize(
    ("make", "positive"),
    [(planted_sentiment, synthetic.POSITIVE), (planted_chinese, synthetic.POSITIVE_CHINESE)],
)
def test_the_majority_of_the_signal_words_is_the_label(
    make: Callable[..., pandas.DataFrame], positive: tuple[str, ...]
) -> None:
    for row in make(rows=211).itertuples():
        planted = words_at(row)
        good = sum(word in positive for word in planted)
        assert good * 2 != len(planted)
        assert row.label == ("positive" if good * 2 > len(planted) else "negative")


def test_some_texts_hold_words_of_both_kinds() -> None:
    mixed = [
        len({word in synthetic.POSITIVE for word in words_at(row)}) == 2
        for row in planted_sentiment(rows=211).itertuples()
    ]
    assert 0.2 < sum(mixed) / len(mixed) < 0.8


@given(st.integers(1, 40), st.integers(0, 9))
def test_the_labels_are_balanced_up_to_one(rows: int, seed: int) -> None:
    counts = Counter(planted_sentiment(rows=rows, seed=seed)["label"])
    assert counts.total() == rows
    assert abs(counts["negative"] - counts["positive"]) <= 1


def test_the_score_is_the_sum_of_the_planted_values() -> None:
    for row in planted_regression(rows=211).itertuples():
        assert row.score == sum(synthetic.VALUES[word] for word in words_at(row))


def test_the_other_words_say_nothing_about_the_label() -> None:
    table = planted_sentiment(rows=4001)
    counts = {label: Counter(" ".join(texts).split()) for label, texts in table.groupby("label")["text"]}
    for word in synthetic.FILLER:
        negative, positive = counts["negative"][word], counts["positive"][word]
        # Five standard deviations of a fair coin.
        assert abs(negative - positive) < 5 * (negative + positive) ** 0.5


def test_jieba_finds_every_planted_word() -> None:
    jieba = pytest.importorskip("jieba")
    jieba.setLogLevel("ERROR")
    for row in planted_chinese(rows=211).itertuples():
        found = {(start, stop) for _, start, stop in jieba.tokenize(row.text)}
        assert {(each.start, each.stop) for each in row.evidence} <= found


@pytest.mark.parametrize("make", MAKERS)
def test_no_rows_is_an_error(make: Callable[..., pandas.DataFrame]) -> None:
    with pytest.raises(ConfigError, match="expected at least one row, got 0"):
        make(rows=0)
