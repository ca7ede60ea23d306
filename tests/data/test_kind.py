"""The kind of a column is told from its values."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.data.kind import kind_of, numbers_of
from salience.data.table import read

SENTENCES = [f"this is sentence number {number} of several" for number in range(23)]
CHINESE = [f"这家酒店的房间很干净, 第{number}次来了" for number in range(23)]


def kind(values: list[object], name: str = "column"):
    return kind_of(read([{name: value} for value in values])[name])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, "", "  "], "empty"),
        (["x"] * 5, "constant"),
        (["x", None, " x "], "constant"),
        (["0", "1", "1", None], "boolean"),
        (["True", "false", "true", "FALSE"], "boolean"),
        ([True, False, True], "boolean"),
        ([0, 1, 1], "boolean"),
        (["是", "否", "是"], "boolean"),
        (["1", "2", "3.5", "-1e3"], "numeric"),
        ([1, 2.5, None, 7], "numeric"),
        ([decimal.Decimal("1.5"), decimal.Decimal("2")], "numeric"),
        (["3"] * 99 + ["4"] * 99 + ["soon"], "numeric"),
        (["1,250.00", "17.50", "3,999.99"], "numeric"),
        (["79,8", "80", "81,25"], "numeric"),
        (["7 €", "8,50 €", "n/a", "n/a"], "numeric"),
        (["n/a", "n/a", "?", "?"], "categorical"),
        (["192.168.1.20", "10.0.0.1"] * 2, "categorical"),
        ([str(number) for number in range(5, 30)], "id"),
        (["2024-01-31", "2024-02-01"], "date"),
        (["2024-01-31 12:00", "2024-02-01T13:30:00Z"], "date"),
        (["2024/1/31", "2024/2/1"], "date"),
        (["31.01.2024", "01.02.2024"], "date"),
        (["2024年1月31日", "2024年2月1日"], "date"),
        ([datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)], "date"),
        ([datetime.datetime(2024, 1, 31, 12), datetime.datetime(2024, 2, 1)], "date"),
        ([f"r-{number:04}x" for number in np.random.default_rng(0).permutation(50)], "id"),
        (["a|b", "b", "a", "a|b|c", "c"], "labels"),
        (["sports; news", "news", "sports", "news; sports"], "labels"),
        ([["a", "b"], [], ["a"]], "labels"),
        ([[1, 2], [3]], "labels"),
        (["red", "green", "red", "green", "blue", "red"], "categorical"),
        (SENTENCES, "text"),
        (SENTENCES * 5, "text"),
        (CHINESE, "text"),
        (["送餐很快，味道也不错", "等了两个小时，菜都凉了"] * 5, "text"),
        (["好评", "差评"] * 5, "categorical"),
        ([f"{sentence}; and so on" for sentence in SENTENCES], "text"),
        (["good", "bad", "awful", "fine", "great"], "text"),
        ([{"a": 1}, {"a": 2}], "nested"),
        ([[["a"]], [["b"]]], "nested"),
        ([["a"], "b"], "nested"),
        ([b"a", b"b"], "nested"),
        ([[1.5, 2.5], [0.5]], "nested"),
    ],
)
def test_values_tell_the_kind(values, expected):
    assert kind(values).name == expected


@pytest.mark.parametrize("name", ["id", "ID", "user_id", "review id", "reviewId", "uuid", "Unnamed: 0", "index"])
def test_names_tell_ids(name):
    assert kind(["17", "4", "17", "23"], name).name == "id"
    assert kind(["ab c", "ab d", "ab c"], name).name == "id"


@pytest.mark.parametrize("name", ["paid", "covid", "kid", "stock_index", "yes_no"])
def test_names_that_merely_end_alike_tell_nothing(name):
    assert kind(["17", "4", "17", "23"], name).name == "numeric"


def test_long_texts_are_no_ids_whatever_their_name():
    assert kind(SENTENCES, "id").name == "text"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None], "no cell holds a value"),
        (["a very long value, longer than thirty characters"] * 2, "always 'a very long value, longer t...'"),
        (["0", "1"], "only '0' and '1'"),
        (["1", "5", "2.5", "2.5"], "3 different numbers from 1 to 5"),
        (["3", "4"] * 99 + ["soon"], "2 different numbers from 3 to 4; 1 of 199 cells are no numbers"),
        (["3", "4"] * 3 + ["n/a"], "2 different numbers from 3 to 4; 1 say that none is known, such as 'n/a'"),
        (["1,250", "7,5"], "2 different numbers from 1.25 to 7.5, written as '1,250'"),
        (["31%", "4%", "7%"], "3 different numbers from 4 to 31, written as '31%'"),
        (["2024-01-31", "n/a", "2024-02-01"], "dates such as '2024-01-31'"),
        ([101, 102, 103], "numbers that name something, from 101 to 103"),
        (["2024-01-31"] * 2 + ["2024-02-01"], "dates such as '2024-01-31'"),
        (["a|b", "a", "b"], "cells hold labels separated by '|'"),
        ([["a"]], "cells are lists of labels"),
        (["red", "red", "blue", "blue"], "2 different values in 4 cells"),
        (["one text here now", "two texts here now"], "2 different texts of 18 characters on average"),
        (["房间很干净啊", "早餐太差"], "2 different texts of 5 characters on average, Chinese (100% of the letters)"),
        ([{"a": 1}, [1]], "cells are values of type dict, list"),
    ],
)
def test_the_reason_says_what_was_seen(values, reason):
    assert kind(values).reason == reason


def test_the_separator_is_remembered():
    assert kind(["a|b", "a", "b"]).separator == "|"
    assert kind(["a; b", "a", "b"]).separator == ";"
    assert kind([["a"], ["b"]]).separator is None


@pytest.mark.parametrize(
    ("texts", "chinese"),
    [
        (CHINESE, True),
        (["iPhone 屏幕很好用啊", "物流太慢了 OK"], True),
        (SENTENCES, False),
        (["これは良い映画でした", "とても面白かったです"], False),
        (["정말 좋은 영화", "별로였어요 정말"], False),
        (["the sign 好 stands in an English sentence", "another sentence of words"], False),
    ],
)
def test_chinese_is_told_by_its_characters(texts, chinese):
    assert kind(texts).chinese is chinese


@given(st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.lists(st.text())))
def test_every_column_has_a_kind_and_a_reason(values):
    found = kind([*values, None])
    assert found.name
    assert found.reason


def test_numbers_are_finite_or_missing():
    np.testing.assert_equal(
        numbers_of(["1", " 2.5", "-1e3", "x", "inf", "nan", "1,5"]), [1, 2.5, -1000, np.nan, np.nan, np.nan, np.nan]
    )
