import pytest

from salience.core.errors import DataError
from salience.evaluation.sample import draw
from tests.evaluation.linear import linear

ROWS = [{"a": "good " * (i % 11)} for i in range(101)]


@pytest.fixture(scope="module")
def pipeline():
    return linear({"good": 1.0})


def test_short_rows_are_passed_over_and_counted(pipeline):
    found = draw(pipeline, ROWS, count=500, seed=0)
    assert sorted(found.index) == [i for i in range(101) if i % 11 >= 4]
    assert found.num_short == 101 - len(found.index)
    assert all(len(row["a"].places) == i % 11 for row, i in zip(found.rows, found.index, strict=True))


def test_a_full_sample_is_of_the_wanted_size_however_many_are_short(pipeline):
    assert len(draw(pipeline, ROWS, count=50, seed=0).rows) == 50


def test_equal_seeds_draw_equal_rows_and_others_do_not(pipeline):
    first, again, other = (draw(pipeline, ROWS, count=23, seed=seed).index for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_units_of_all_columns_count(pipeline):
    both = linear({"good": 1.0}, {"good": 1.0})
    assert len(draw(both, [{"a": "good good", "b": "good good"}], count=1, seed=0).rows) == 1


@pytest.mark.parametrize("rows", [[], [{"a": "good good good"}]])
def test_without_long_rows_there_is_nothing_to_measure(pipeline, rows):
    with pytest.raises(DataError, match="expected a row with at least 4 units") as caught:
        draw(pipeline, rows, count=1, seed=0)
    assert "give longer rows" in str(caught.value)
