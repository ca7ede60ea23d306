from __future__ import annotations

import torch

from benchmarks.exhibit.cost import SIZES, Cost, cost, costs, least_of, peak
from benchmarks.planted.cases import CASES

NUMBERS = 2**18  # A tensor of as many float32 holds one MiB.


def test_the_peak_is_what_is_alive_at_once() -> None:
    values = torch.ones(NUMBERS)

    def one_after_the_other() -> None:
        for _ in range(3):
            (values + 1).sum()

    assert peak(lambda: [values + 1 for _ in range(3)]) // 2**20 == 3
    assert peak(one_after_the_other) // 2**20 == 1


def test_a_cost_is_measured_for_each_size_and_grows() -> None:
    found = cost(CASES[1], SIZES[0]), cost(CASES[1], 4 * SIZES[0])
    assert [each.elements for each in found] == [64, 256]
    assert found[0].mebibytes < found[1].mebibytes
    assert all(each.milliseconds > 0 for each in found)


def test_sizes_end_where_memory_would(monkeypatch) -> None:
    monkeypatch.setattr("benchmarks.exhibit.cost.MOST", 0)
    assert len(costs(CASES[1])) == 1


def test_the_least_of_each_size_counts() -> None:
    first, second = [Cost(64, 1.0, 4.0, 9.0), Cost(128, 5.0, 5.0, 9.0)], [Cost(64, 2.0, 3.0, 8.0), Cost(128, 4, 6, 9)]
    assert least_of([first, second]) == [Cost(64, 1.0, 3.0, 8.0), Cost(128, 4, 5.0, 9.0)]
