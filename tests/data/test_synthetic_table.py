"""A planted table: one column is the answer, and the others say nothing."""

import numpy as np
import pandas as pd
import pytest

from salience.core.errors import ConfigError
from salience.core.place import Column
from salience.data.synthetic_table import DECOYS, planted_pair, planted_table


def test_the_planted_column_is_the_answer() -> None:
    made = planted_table(rows=211, column="x")
    assert ((made["x"] > 100) == (made["label"] == "high")).all()
    assert made["evidence"].map(lambda places: places == [Column("x")]).all()
    assert set(made.columns) == {*DECOYS, "x", "label", "evidence"}


def test_the_other_columns_say_nothing_about_it() -> None:
    made = planted_table(rows=4001)
    high = made["label"] == "high"
    for name in DECOYS:
        numbers = pd.to_numeric(made[name], errors="coerce")
        values = numbers if numbers.notna().mean() > 0.5 else pd.Series(pd.factorize(made[name])[0])
        ranks = values.rank().fillna(0)
        # Five standard deviations of a correlation of nothing.
        assert abs(np.corrcoef(ranks, high)[0, 1]) < 5 / len(made) ** 0.5


def test_two_columns_are_the_answer_together_and_neither_alone() -> None:
    made = planted_pair(rows=4001, columns=("x", "y"))
    x, y, high = made["x"] > 100, made["y"] > 100, made["label"] == "high"
    assert ((x == y) == high).all()
    for alone in (x, y):
        assert abs(np.corrcoef(alone, high)[0, 1]) < 5 / len(made) ** 0.5
    assert made["evidence"].map(lambda places: places == [Column("x"), Column("y")]).all()
    pd.testing.assert_frame_equal(
        made.drop(columns=["y", "label", "evidence"]),
        planted_table(rows=4001, column="x").drop(columns=["label", "evidence"]),
    )


def test_equal_seeds_give_equal_tables() -> None:
    pd.testing.assert_frame_equal(planted_table(rows=7, seed=3), planted_table(rows=7, seed=3))
    assert not planted_table(rows=7, seed=3).equals(planted_table(rows=7, seed=4))


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected at least one row, got 0"):
        planted_table(rows=0)
    with pytest.raises(ConfigError, match="there is a column 'cost' already"):
        planted_table(column="cost")
    with pytest.raises(ConfigError, match="there is a column 'x' already"):
        planted_pair(columns=("x", "x"))
