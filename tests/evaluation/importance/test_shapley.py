from itertools import permutations

import numpy as np
import pytest
import torch

from salience.core.errors import ConfigError
from salience.evaluation.importance import LeaveOneOut, Shapley
from tests.evaluation.linear import linear

WEIGHTS = {"good": 2.0, "fine": 1.0, "dull": -0.5}


def scores(method, row, *columns):
    (found,) = method(linear(*columns), [row])
    return [heat.score for heat in found]


def test_where_contributions_add_up_they_are_found_exactly():
    assert scores(Shapley(orders=2), {"a": "good fine dull the"}, WEIGHTS) == pytest.approx([2.0, 1.0, -0.5, 0.0])


def test_units_of_all_columns_take_part():
    assert scores(Shapley(), {"a": "good", "b": "fine dull"}, WEIGHTS, WEIGHTS) == pytest.approx([2.0, 1.0, -0.5])


def test_neighbours_that_leave_together_share_what_they_add():
    found = scores(Shapley(parts=2), {"a": "good fine dull the"}, WEIGHTS)
    assert found == pytest.approx([1.5, 1.5, -0.25, -0.25])


@pytest.mark.parametrize("text", ["good", "good fine"])
def test_short_rows_are_measured_too(text):
    assert scores(Shapley(), {"a": text}, WEIGHTS) == pytest.approx([WEIGHTS[each] for each in text.split()])


def test_a_row_without_units_has_no_scores():
    assert scores(Shapley(), {"a": ""}, WEIGHTS) == []


def saturated(pipeline, most=2.0):
    """The same model, whose log-odds cannot exceed a bound: of two good reasons one is enough."""
    read = pipeline.model.read

    def bounded(embedded, batch):
        output = read(embedded, batch)
        output.raw.clamp_(max=most)
        return output

    pipeline.model.read = bounded
    return pipeline


def exact(pipeline, words):
    """Shapley values by all orders."""

    def focus(kept):
        raw = pipeline.raw(pipeline.encode([{"a": " ".join(kept)}]))
        return pipeline.task.focus(raw, torch.tensor([1])).item()

    found = np.zeros(len(words))
    orders = list(permutations(range(len(words))))
    for order in orders:
        left = list(range(len(words)))
        for unit in order:
            before = focus([words[i] for i in left])
            left.remove(unit)
            found[unit] += before - focus([words[i] for i in left])
    return found / len(orders)


def test_repeated_evidence_shares_what_leaving_one_out_misses():
    pipeline = saturated(linear({"good": 2.0, "fine": 2.0, "dull": -0.5}))
    words = ["good", "fine", "dull", "the"]
    expected = exact(pipeline, words)
    (found,) = Shapley(orders=2000)(pipeline, [{"a": " ".join(words)}])
    assert [heat.score for heat in found] == pytest.approx(expected, abs=0.05)
    (left,) = LeaveOneOut()(pipeline, [{"a": " ".join(words)}])
    assert left[0].score < 0.5 * expected[0]


def test_scores_add_up_to_the_whole_change():
    pipeline = saturated(linear({"good": 2.0, "fine": 2.0, "dull": -0.5}))
    (found,) = Shapley(orders=4)(pipeline, [{"a": "good fine dull fine good"}])
    assert sum(heat.score for heat in found) == pytest.approx(2.0)


def test_pairs_of_orders_differ_only_by_chance():
    pipeline = saturated(linear({"good": 2.0, "fine": 2.0, "dull": -0.5}))
    (walked,) = Shapley(orders=6).walks(pipeline, pipeline.encode([{"a": "good fine dull fine good"}]))
    assert walked.shape == (3, 5)
    assert walked.sum(1) == pytest.approx([2.0] * 3)
    assert np.ptp(walked, axis=0).max() > 0


def test_blocks_change_nothing(monkeypatch):
    pipeline = linear(WEIGHTS)
    rows = pipeline.encode([{"a": "good fine dull"}, {"a": "dull good the the"}, {"a": "fine"}])
    together = Shapley().scores(pipeline, rows)
    monkeypatch.setattr("salience.evaluation.importance.shapley.HELD", 1)
    for one, other in zip(together, Shapley().scores(pipeline, rows), strict=True):
        assert one["a"] == pytest.approx(other["a"])


@pytest.mark.parametrize("options", [{"orders": 3}, {"orders": 0}, {"parts": 0}])
def test_orders_come_in_pairs(options):
    with pytest.raises(ConfigError, match="an even number of orders and at least one part"):
        Shapley(**options)
