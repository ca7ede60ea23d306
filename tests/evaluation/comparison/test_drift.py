"""How far two importances of the same rows differ."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salience.core.errors import DataError
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.comparison.drift import measure_drift, total_variation
from tests.evaluation.comparison.rows import cut, heats

FEW = Bootstrap(draws=50)


def test_two_rows_by_hand():
    first = [heats("a b c d e", [0.5, 0.2, 0.15, 0.1, 0.05]), heats("f g h i", [0.7, 0.15, 0.1, 0.05])]
    # The first row: the first two change places. The second: the first and the last do.
    second = [heats("a b c d e", [0.2, 0.5, 0.15, 0.1, 0.05]), heats("f g h i", [0.05, 0.15, 0.1, 0.7])]
    found = measure_drift(first, second, FEW)
    assert found.drift.value == pytest.approx((0.3 + 0.65) / 2)
    # 1 - 6 sum d^2 / (n^3 - n): d = (1, 1) of 5; d = (3, 3) of 4.
    assert found.spearman.value == pytest.approx(((1 - 6 * 2 / 120) + (1 - 6 * 18 / 60)) / 2)
    # Discordant pairs: 1 of 10; 5 of 6.
    assert found.kendall.value == pytest.approx((0.8 - 4 / 6) / 2)
    assert found.overlap["top_1"].value == 0
    # Three of five agree; f g h and i g h share two of three.
    assert found.overlap["top_3"].value == pytest.approx((1 + 2 / 3) / 2)
    # A fifth of five units, and of four, is one unit.
    assert found.overlap["top_20_percent"].value == 0
    assert (found.pieces, found.num_rows, found.num_constant, found.num_empty) == ("units", 2, 0, 0)
    # Either row may fill a draw.
    assert (found.drift.low, found.drift.high) == pytest.approx((0.3, 0.65))


def test_the_same_importance_does_not_drift():
    rows = [heats("a b c d e", [0.5, 0.2, 0.2, 0.1, 0.0]), heats("f g h i", [0.25] * 4)]
    found = measure_drift(rows, rows, FEW)
    assert (found.drift.value, found.drift.low, found.drift.high) == (0, 0, 0)
    assert found.spearman.value == pytest.approx(1)
    assert found.kendall.value == pytest.approx(1)
    assert [each.value for each in found.overlap.values()] == [1, 1, 1]
    assert found.num_constant == 1


def test_a_score_that_changes_its_sign_drifts():
    found = measure_drift([heats("a b", [0.5, 0.5])], [heats("a b", [0.5, -0.5])], FEW)
    assert found.drift.value == 0.5
    assert found.drift.low is None


def test_other_units_are_compared_on_characters():
    text = "abcdef"
    first = [cut(text, [(0, 2), (2, 6)], [0.5, 0.5]), heats("uv w", [0.8, 0.2])]
    second = [cut(text, [(0, 3), (3, 6)], [0.75, 0.25]), heats("uv w", [0.2, 0.8])]
    found = measure_drift(first, second, FEW)
    assert found.pieces == "characters"
    one = [0.25, 0.25, 0.125, 0.125, 0.125, 0.125]
    other = [0.25, 0.25, 0.25, 1 / 12, 1 / 12, 1 / 12]
    expected = total_variation(np.array(one), np.array(other))
    assert expected == pytest.approx(0.125)
    assert found.drift.value == pytest.approx((expected + 0.6) / 2)
    # Units tie in the first row, so every character is inside by a half: 2 (3 / 2) / (3 + 3). In the second row, none.
    assert found.overlap["top_1"].value == pytest.approx(0.5 / 2)


def test_finer_units_with_the_same_shares_per_character_do_not_drift():
    whole = cut("abcdef", [(0, 4), (4, 6)], [0.8, 0.2])
    halves = cut("abcdef", [(0, 2), (2, 4), (4, 6)], [0.4, 0.4, 0.2])
    found = measure_drift([whole], [halves], FEW)
    assert found.drift.value == pytest.approx(0)
    assert found.spearman.value == pytest.approx(1)


def test_what_a_row_cannot_tell_is_left_out_and_counted():
    first = [heats("a b c", [0.6, 0.3, 0.1]), heats("d e", [0.5, 0.5]), heats("f g", [0.0, 0.0])]
    second = [heats("a b c", [0.6, 0.3, 0.1]), heats("d e", [0.9, 0.1]), heats("f g", [0.9, 0.1])]
    found = measure_drift(first, second, FEW)
    assert found.drift.value == pytest.approx(0.4 / 2)
    assert found.spearman.value == pytest.approx(1)
    assert found.overlap["top_3"].reason == "no row has four units"
    assert (found.num_constant, found.num_empty) == (2, 1)


def test_order_that_only_rounding_made_is_no_order():
    noisy = (np.full(7, 1 / 7, dtype=np.float32) + np.float32(1e-8) * np.arange(7)).astype(float)
    row = heats("a b c d e f g", noisy.tolist())
    found = measure_drift([row, row], [row, row], FEW)
    assert found.spearman.reason == "a model finds all parts of every row equally important"
    assert found.drift.value == 0


def test_nothing_important_anywhere_is_said():
    rows = [heats("a b", [0.0, 0.0])] * 2
    assert measure_drift(rows, rows, FEW).drift.reason == "in every row a model finds nothing important"


scores = st.lists(st.floats(0.01, 1), min_size=5, max_size=5)


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=3))
def test_it_does_not_matter_which_model_is_the_first(rows):
    first, second = ([heats("a b c d e", each) for each in side] for side in zip(*rows, strict=True))
    one, other = (measure_drift(*each, Bootstrap(draws=0)).to_dict() for each in ((first, second), (second, first)))
    assert json.dumps(one)
    for name in ("drift", "spearman", "kendall"):
        assert one[name]["value"] == pytest.approx(other[name]["value"])
    assert -1e-9 <= one["drift"]["value"] <= 1 + 1e-9
    assert one["overlap"]["top_3"]["value"] == pytest.approx(other["overlap"]["top_3"]["value"])


@pytest.mark.parametrize(("first", "second"), [([], []), ([heats("a b", [0.5, 0.5])], [])])
def test_other_rows_are_refused(first, second):
    with pytest.raises(DataError, match="expected importances of the same rows"):
        measure_drift(first, second, FEW)
