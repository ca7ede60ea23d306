"""A hit is a row whose highest importances are all planted, as many as there are planted columns."""

import pytest

from benchmarks.planted_table import DATA
from salience.core.place import Column, Heat, Unit


def row(**scores: float) -> list[Heat]:
    return [Heat(Unit(name, "1", Column(name)), score) for name, score in scores.items()]


@pytest.mark.parametrize(
    ("data", "scores", "hit", "weight"),
    [
        ("one", {"cost": 0.3, "dose": 0.5, "town": 0.2}, True, 0.5),
        ("one", {"cost": 0.6, "dose": 0.4}, False, 0.4),
        ("pair", {"dose": 0.3, "cost": 0.2, "response": 0.5}, True, 0.8),
        ("pair", {"dose": 0.1, "cost": 0.2, "response": 0.7}, False, 0.8),
    ],
)
def test_hits_and_weights_by_hand(data, scores, hit, weight) -> None:
    assert DATA[data].is_hit(row(**scores)) is hit
    assert DATA[data].weight(row(**scores)) == pytest.approx(weight)


@pytest.mark.parametrize("data", DATA)
def test_what_is_planted_is_among_the_columns_and_the_answer_is_not(data) -> None:
    rows, labels = DATA[data].rows(7, 0)
    assert DATA[data].columns <= set(rows[0])
    assert not {"label", "evidence"} & set(rows[0])
    assert len(rows) == len(labels) == 7
