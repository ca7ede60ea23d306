import numpy as np
import pytest
import torch

from salience.evaluation import removal
from salience.evaluation.removal import answers, batch_size, by_column, num_units, together, without
from tests.evaluation.linear import linear

WEIGHTS = {"good": 2.0, "fine": 1.0, "dull": -0.5}


@pytest.fixture(scope="module")
def pipeline():
    return linear(WEIGHTS, {"good": 5.0})


@pytest.fixture(scope="module")
def row(pipeline):
    return pipeline.encode([{"a": "good fine dull", "b": "a good film"}])[0]


def test_units_are_numbered_column_after_column(pipeline, row):
    assert num_units(row) == 6
    shorter = without(pipeline, row, np.array([1, 3, 4]))
    assert [unit.text for unit in pipeline.modalities["a"].units(shorter["a"], "a")] == ["good", "dull"]
    assert [unit.text for unit in pipeline.modalities["b"].units(shorter["b"], "b")] == ["film"]


def test_the_row_itself_keeps_its_units(pipeline, row):
    without(pipeline, row, np.arange(6))
    assert num_units(row) == 6


def test_numbers_of_a_row_go_together_and_come_apart(row):
    numbers = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([4.0, 5.0, 6.0])}
    assert together(numbers).tolist() == [1, 2, 3, 4, 5, 6]
    assert {name: each.tolist() for name, each in by_column(row, together(numbers)).items()} == {
        "a": [1, 2, 3],
        "b": [4, 5, 6],
    }


def test_answers_keep_the_order_of_rows_however_many_are_held(pipeline, row, monkeypatch):
    rows = [without(pipeline, row, np.arange(k)) for k in (0, 4, 1, 3, 5, 2)]
    expected = [[0, 7.5], [0, 5], [0, 5.5], [0, 5], [0, 0], [0, 4.5]]
    for held in (1, 9, 10_000):
        monkeypatch.setattr(removal, "HELD", held)
        assert answers(pipeline, iter(rows)).tolist() == expected


def test_long_rows_go_in_small_batches(pipeline):
    short, long = (pipeline.encode([{"a": "good " * count, "b": ""}]) for count in (3, 500))
    assert batch_size(short, most=256) == 256
    assert batch_size([*short, *long], most=256) == 32
    assert batch_size([], most=64) == 64


def test_no_rows_have_no_answers(pipeline):
    assert answers(pipeline, []).shape == (0, 0)
    assert answers(pipeline, []).dtype == torch.float32
