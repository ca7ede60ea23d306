"""Splits: every row on one side, duplicates never straddle, and the shares are what was asked."""

from __future__ import annotations

import datetime
import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salience.core.build import build
from salience.core.errors import ConfigError, DataError
from salience.data import splitters
from salience.data.infer import infer
from salience.data.same import exact, folded
from salience.data.split import default_split, split
from salience.data.splitters import ByColumn, ByGroup, ByHash, ByTime, Stratified
from salience.data.table import read


def table(num_rows: int, labels=("a", "b", "c"), **columns: list[object]):
    rows = [{"text": f"the film with number {n} was fine", "label": labels[n % len(labels)]} for n in range(num_rows)]
    for name, cells in columns.items():
        for row, cell in zip(rows, cells, strict=True):
            row[name] = cell
    frame = read(rows)
    return frame, infer(frame, target="label", inputs=["text"])


def sides_of(made) -> np.ndarray:
    """The number of the side of each row, with the check that each row has exactly one."""
    together = np.concatenate([made.train, made.validation, made.test])
    assert sorted(together) == list(range(len(together)))
    assert all((np.diff(side) > 0).all() for side in (made.train, made.validation, made.test))
    sides = np.zeros(len(together), dtype=int)
    sides[made.validation], sides[made.test] = 1, 2
    return sides


ALL = [ByHash(), Stratified(), ByColumn("side"), ByTime("time"), ByGroup("group")]


def table_for_all():
    return table(
        307,
        side=["train", "train", "dev", "test"] * 76 + ["train"] * 3,
        time=list(range(307)),
        group=[n // 3 for n in range(307)],
    )


@pytest.mark.parametrize("by", ALL, ids=lambda by: type(by).__name__)
def test_every_row_is_on_one_side_and_again_on_the_same(by):
    frame, inference = table_for_all()
    sides = sides_of(split(frame, inference, by=by))
    assert set(sides) == {0, 1, 2}
    np.testing.assert_array_equal(sides_of(split(frame, inference, by=by)), sides)


@pytest.mark.parametrize(
    ("by", "how"),
    [
        (ByHash(), "80 % train, 10 % validation, 10 % test, by a hash of the input text"),
        (ByHash("id", (0.5, 0.25, 0.25)), "50 % train, 25 % validation, 25 % test, by a hash of 'id'"),
        (
            Stratified(seed=3),
            "80 % train, 10 % validation, 10 % test, stratified by 'label' with seed 3; "
            "rows of the same text stay together",
        ),
        (ByColumn("side"), "as the column 'side' says"),
        (ByTime("id"), "80 % train, 10 % validation, 10 % test, from the earliest 'id' to the latest"),
        (ByGroup("id"), "80 % train, 10 % validation, 10 % test of the groups in 'id', by hash"),
    ],
)
def test_the_way_is_told_in_words(by, how):
    frame, inference = table(200, id=list(range(200)), side=["train", "dev", "test", "train"] * 50)
    assert split(frame, inference, by=by).how == how


def test_a_hash_by_hand():
    frame, inference = table(100, id=[f"r{n}" for n in range(100)])
    digests = (hashlib.sha256(f"r{n}".encode()).digest() for n in range(100))
    numbers = [int.from_bytes(digest[:8], "big") / 2**64 for digest in digests]
    expected = [0 if number < 0.8 else 1 if number < 0.9 else 2 for number in numbers]
    assert sides_of(split(frame, inference, by=ByHash("id"))).tolist() == expected


def test_a_hash_puts_a_row_on_the_same_side_of_every_table():
    frame, inference = table(300)
    sides = sides_of(split(frame, inference, by=ByHash()))
    order = np.random.default_rng(0).permutation(300)[:200]
    np.testing.assert_array_equal(sides_of(split(frame.iloc[order], inference, by=ByHash())), sides[order])


@pytest.mark.parametrize("by", [ByHash(fractions=(0.6, 0.3, 0.1)), ByGroup("group", (0.6, 0.3, 0.1))])
def test_a_hash_keeps_the_shares_nearly(by):
    frame, inference = table(5003, group=list(range(5003)))
    sizes = np.bincount(sides_of(split(frame, inference, by=by))) / 5003
    # Four standard deviations.
    np.testing.assert_allclose(sizes, (0.6, 0.3, 0.1), atol=4 * np.sqrt(0.25 / 5003))


LABELS = st.lists(st.sampled_from("aaaaabbbc"), min_size=40, max_size=150)
TEXTS = st.sampled_from([f"text {n}" for n in range(60)])


@settings(deadline=None)
@given(LABELS, st.data())
def test_duplicates_never_straddle(labels, data):
    texts = [data.draw(TEXTS) for _ in labels]
    spaced = [text.upper() if n % 3 else f" {text.replace(' ', '  ')}" for n, text in enumerate(texts)]
    frame = read([{"text": text, "label": label} for text, label in zip(spaced, ["x", "y", *labels[2:]], strict=True)])
    inference = infer(frame, target="label", inputs=["text"])
    for by in (ByHash(), Stratified(seed=7)):
        sides, _ = by.sides(frame, inference)
        assert all(len({side for side, each in zip(sides, texts, strict=True) if each == text}) == 1 for text in texts)


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=7).filter(lambda each: sum(each) >= 20), st.integers(0, 3))
def test_each_class_is_shared_out_evenly(counts, seed):
    labels = [str(label) for label, count in enumerate(counts) for _ in range(count)]
    frame = read([{"text": f"text number {n} of many", "label": label} for n, label in enumerate([*labels, labels[0]])])
    inference = infer(frame, target="label", task="Classification")
    sides = sides_of(split(frame, inference, by=Stratified((0.6, 0.2, 0.2), seed=seed)))
    targets = frame["label"].to_numpy()
    for label in set(labels):
        shares = np.bincount(sides[targets == label], minlength=3)
        assert shares[0] >= 1
        np.testing.assert_allclose(shares, np.array((0.6, 0.2, 0.2)) * shares.sum(), atol=2.5)
    np.testing.assert_allclose(np.bincount(sides), np.array((0.6, 0.2, 0.2)) * len(frame), atol=1 + len(counts))


def test_another_seed_gives_another_division():
    frame, inference = table(100)
    assert (sides_of(split(frame, inference, by=Stratified(seed=1))) != sides_of(split(frame, inference))).any()


def test_a_text_that_fills_a_third_of_the_table_goes_to_train():
    frame, inference = table(300)
    frame.iloc[:100, 0] = "the same text"
    sides = sides_of(split(frame, inference, by=Stratified()))
    assert set(sides[:100]) == {0}
    np.testing.assert_allclose(np.bincount(sides), (240, 30, 30), atol=2)


def test_a_number_is_stratified_by_its_range():
    frame, inference = table(200, labels=[n * 7 % 200 / 10 for n in range(200)])
    assert inference.task == "Regression"
    sides = sides_of(split(frame, inference, by=Stratified()))
    values = frame["label"].to_numpy(dtype=float)
    for low in range(0, 20, 4):
        inside = (values >= low) & (values < low + 4)
        np.testing.assert_allclose(np.bincount(sides[inside]), (32, 4, 4), atol=1)


def test_several_labels_are_stratified_by_the_rarest():
    labels = ["common|rare" if n % 10 == 0 else "common" for n in range(200)]
    frame, inference = table(200, labels=labels)
    assert inference.task == "MultiLabel"
    sides = sides_of(split(frame, inference))
    np.testing.assert_array_equal(np.bincount(sides[::10]), (16, 2, 2))


def test_a_column_names_the_sides():
    cells = ["train", "Training", "dev", "VALID", "val", "validation", " test ", "testing", "train", "train"] * 2
    frame, inference = table(20, labels=("a", "b"), side=cells)
    assert sides_of(split(frame, inference, by=ByColumn("side"))).tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 0, 0] * 2


def test_without_named_validation_rows_a_tenth_of_train_is_taken():
    frame, inference = table(400, side=["train", "train", "train", "test"] * 100)
    made = split(frame, inference, by=ByColumn("side"))
    sides = sides_of(made)
    assert (sides[3::4] == 2).all()
    assert 15 < (sides == 1).sum() < 50
    assert made.how.endswith("it names no validation rows, so a tenth of train was taken by a hash of the text")


def test_a_cell_that_names_no_side_is_located():
    frame, inference = table(20, side=["train", "dev", "tset", "test"] * 5)
    with pytest.raises(DataError, match=r"expected train, validation or test, got 'tset'\n.*row 3, column 'side'"):
        split(frame, inference, by=ByColumn("side"))


def test_time_goes_from_train_to_test():
    days = [f"2024-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(100)]
    frame, inference = table(100, day=days)
    sides = sides_of(split(frame, inference, by=ByTime("day")))
    ends = [
        (min(days[n] for n in np.flatnonzero(sides == side)), max(days[n] for n in np.flatnonzero(sides == side)))
        for side in range(3)
    ]
    assert ends[0][1] < ends[1][0] <= ends[1][1] < ends[2][0]
    np.testing.assert_allclose(np.bincount(sides), (80, 10, 10), atol=3)


@pytest.mark.parametrize(
    "times",
    [
        [str(n) for n in range(20)],
        [n / 3 for n in range(20)],
        [datetime.date(2024, 1, 1 + n) for n in range(20)],
        [f"2024-01-01T{n:02}:30:00Z" for n in range(20)],
        [f"2024-01-01 {n:02}:30" for n in range(20)],
    ],
)
def test_times_are_numbers_or_dates(times):
    frame, inference = table(20, time=times)
    assert sides_of(split(frame, inference, by=ByTime("time"))).tolist() == [0] * 16 + [1] * 2 + [2] * 2


def test_rows_of_one_moment_stay_together():
    frame, inference = table(100, time=[n // 7 for n in range(100)])
    sides = sides_of(split(frame, inference, by=ByTime("time")))
    assert all(len(set(sides[start : start + 7])) == 1 for start in range(0, 100, 7))


def test_a_cell_that_is_no_time_is_located():
    frame, inference = table(20, time=["2024-01-31", "31st of January"] * 10)
    with pytest.raises(
        DataError, match=r"expected a number or a date, got '31st of January'\n.*row 2, .*'time'\n.*2024-01-31"
    ):
        split(frame, inference, by=ByTime("time"))


def test_a_group_is_never_divided():
    frame, inference = table(300, user=[f"user {n % 41}" for n in range(300)])
    sides = sides_of(split(frame, inference, by=ByGroup("user")))
    assert all(len(set(sides[user::41])) == 1 for user in range(41))


@pytest.mark.parametrize("by", [ByGroup("key"), ByTime("key"), ByHash("key")])
def test_a_row_without_the_cell_that_decides_is_located(by):
    frame, inference = table(20, key=[1, 2, None, 4] * 5)
    with pytest.raises(DataError, match=r"because the cell is empty\n.*the rows, row 3, column 'key'"):
        split(frame, inference, by=by)


@pytest.mark.parametrize("by", [ByGroup("usr"), ByTime("usr"), ByHash("usr"), ByColumn("usr")])
def test_a_missing_column_brings_the_nearest_name(by):
    frame, inference = table(20, user=[1] * 20)
    with pytest.raises(DataError, match=r"there is no column 'usr'\n.*\n.*did you mean 'user'"):
        split(frame, inference, by=by)


@pytest.mark.parametrize("fractions", [(0.8, 0.2), (0.8, 0.2, 0.0), (0.8, 0.1, 0.2), (1.2, -0.1, -0.1)])
@pytest.mark.parametrize(
    "make", [ByHash, Stratified, lambda **each: ByTime("t", **each), lambda **each: ByGroup("g", **each)]
)
def test_fractions_must_be_three_shares_of_one(make, fractions):
    with pytest.raises(ConfigError, match=r"the fractions of train, validation and test are \(.*\n.*whose sum is 1"):
        make(fractions=fractions)


def test_an_empty_side_is_an_error():
    frame, inference = table(20, side=["train", "dev"] * 10)
    with pytest.raises(DataError, match=r"the test side is empty: as the column 'side' says\n.*20 rows\n.*Stratified"):
        split(frame, inference, by=ByColumn("side"))


def test_a_class_that_train_lacks_is_an_error():
    frame, inference = table(20, labels=["a", "b", "a", "new"], side=["train", "train", "dev", "test"] * 5)
    with pytest.raises(DataError, match=r"1 of the classes do not occur in train: 'new'\n.*\n.*Stratified"):
        split(frame, inference, by=ByColumn("side"))


def test_a_label_among_several_that_train_lacks_is_an_error():
    labels = ["a|b", "b", "a", "a|new"]
    frame, inference = table(20, labels=labels, side=["train", "train", "dev", "test"] * 5)
    assert inference.task == "MultiLabel"
    with pytest.raises(DataError, match=r"1 of the classes do not occur in train: 'new'"):
        split(frame, inference, by=ByColumn("side"))


def test_a_row_without_target_is_located():
    frame, inference = table(20, labels=["a", "b", None, "a"])
    with pytest.raises(DataError, match=r"row 3, column 'label'\n.*labelled\(frame, inference\)"):
        split(frame, inference)


@pytest.mark.parametrize(
    ("labels", "columns", "expected"),
    [
        (("a", "b"), {}, Stratified()),
        (("a|b", "a", "b"), {}, Stratified()),
        ([n / 7 for n in range(40)], {}, ByHash()),
        (("a", "b"), {"split": ["train", "dev", "test", "train"] * 10}, ByColumn("split")),
        (("a", "b"), {"Fold": ["train", "test"] * 20}, ByColumn("Fold")),
        (("a", "b"), {"fold": [0, 1, 2, 3] * 10}, Stratified()),
        (("a", "b"), {"split": ["train", "dev", None, "test"] * 10}, Stratified()),
        (("a", "b"), {"split": ["train", "dev"] * 20}, Stratified()),
    ],
)
def test_the_default_follows_the_table(labels, columns, expected):
    frame, inference = table(40, labels, **columns)
    assert default_split(frame, inference) == expected


def test_a_way_can_be_named_in_a_config():
    assert build({"ByTime": {"column": "day", "fractions": [0.6, 0.2, 0.2]}}, splitters).column == "day"
    assert build("stratified", splitters) == Stratified()
    with pytest.raises(ConfigError, match="there is no 'Random'"):
        build("Random", splitters)


def test_the_default_takes_a_seed():
    frame, inference = table(40)
    assert default_split(frame, inference, seed=5) == Stratified(seed=5)


def test_rows_are_the_same_by_all_their_inputs():
    rows = [("A b", "c"), ("a  b", "C"), ("a", "b c"), (None, "x"), ("", "x")]
    frame = read([{"one": one, "two": two} for one, two in rows])
    assert len(set(exact(frame, ["one", "two"]))) == 4
    assert folded(frame, ["one", "two"]) == ["a b\0c", "a b\0c", "a\0b c", "\0x", "\0x"]
