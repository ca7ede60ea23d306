import os
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import movement, nasdaq, ranking, stocknet
from salience.data.modalities import Series


def data(name):
    root = os.environ.get("SALIENCE_DATA")
    if not root or not (Path(root) / name).exists():
        pytest.skip(f"the data set {name} is not here")


@pytest.fixture(scope="module")
def sides():
    data("acl18-stocknet-price")
    return stocknet.read(Series(**movement._SERIES), lag=movement.LAG)


def test_each_side_has_the_rows_of_the_paper(sides):
    assert {side: len(each.windows) for side, each in sides.items()} == stocknet.COUNTS


def test_a_window_ends_the_day_before_the_day_that_is_asked(sides):
    for each in sides.values():
        for window, day in zip(each.windows[::97], each.days[::97], strict=True):
            assert window.stamps()[-1] < day
            assert len(window.stamps()) == movement.LAG


def test_the_rules_score_as_measured_elsewhere(sides):
    found = {name: dict(movement.judge([up], sides["test"])) for name, up in movement.rules(sides).items()}
    assert found["always up"]["accuracy"].value == pytest.approx(0.5129, abs=5e-5)
    assert found["sign of the 15-day mean"]["accuracy"].value == pytest.approx(0.5366, abs=5e-5)
    assert found["sign of the 15-day mean"]["MCC"].value == pytest.approx(0.077, abs=5e-4)


def test_the_market_has_the_days_of_the_paper():
    data("rsr-nasdaq")
    market = nasdaq.read()
    assert market.features.shape == (1026, 1245, 5)
    assert [len(nasdaq.days(side, look_back=16)) for side in ("train", "validation", "test")] == [740, 252, 237]
    day = int(market.known[3].nonzero()[7])
    assert market.returns[3, day] == market.closes[3, day] / market.closes[3, day - 1] - 1
    assert (market.edges[0] != market.edges[1]).all()


def test_the_stock_ranked_first_is_judged_by_its_true_rank():
    known = torch.ones(3, nasdaq.END, dtype=torch.bool)
    returns = torch.tensor([[0.1], [0.3], [0.2]]).expand(3, nasdaq.END)
    market = nasdaq.Market(("a", "b", "c"), torch.zeros(3, nasdaq.END, 5), known, returns, torch.zeros(2, 0))
    found = ranking.judged(np.tile([0.0, 0.1, 0.5], (237, 1)), market)
    assert set(found["MRR"]) == {0.5}
    assert set(found["IRR"]) == {0.2}
    # The same return for all ranks them at random: their ranks are 3, 1 and 2.
    at_random = ranking.judged(np.zeros((237, 3)), market)
    assert set(at_random["MRR"]) == {float(f"{(1 / 3 + 1 + 1 / 2) / 3:.5g}")}
    assert set(at_random["IRR"]) == {0.2}
    assert set(at_random["MSE"]) == {float(f"{(0.01 + 0.09 + 0.04) / 3:.5g}")}
