import json

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.core.place import Heat, Span, Unit
from salience.evaluation.plausibility import majority, measure_plausibility


def case(*, count=101, length=13, signal=1.0, seed=0):
    """Rows where two or three neighbours are marked, and an importance that knows them more or less."""
    generator = np.random.default_rng(seed)
    marks = np.zeros((count, length), bool)
    for row, start in zip(marks, generator.integers(0, length - 3, count), strict=True):
        row[start : start + generator.integers(2, 4)] = True
    heats = signal * marks + generator.normal(size=marks.shape)
    return list(heats), list(marks)


def test_two_rows_by_hand():
    heats = [[0.1, 0.6, 0.2, 0.1], [0.5, 0.1, 0.3, 0.2]]
    rationales = [[False, True, True, False], [False, True, False, True]]
    found = measure_plausibility(heats, rationales, draws=0)
    # The first row is perfect; in the second the units 0 and 2 stand above the marked 3 and 1.
    assert found.importance.tokens.f1.value == 0.5
    assert found.importance.average_precision.value == pytest.approx((1 + (1 / 3 + 2 / 4) / 2) / 2)
    assert found.importance.auprc.value == pytest.approx((1 + ((0 + 1 / 3) / 2 + (1 / 3 + 2 / 4) / 2) / 2) / 2)
    assert found.random_token_f1.value == 0.5
    assert (found.k, found.together, found.num_rows, found.permutations) == (None, "union", 2, 20)


def test_an_importance_that_knows_is_above_chance_and_one_that_does_not_is_not():
    known, unknown = (measure_plausibility(*case(signal=each), draws=300) for each in (2.0, 0.0))
    for name in ("auprc", "average_precision"):
        assert getattr(known.importance, name).low > getattr(known.permuted, name).high
        chance = getattr(unknown.permuted, name).value
        assert getattr(unknown.importance, name).low < chance < getattr(unknown.importance, name).high
    assert known.importance.tokens.f1.low > known.random_token_f1.high
    assert known.importance.iou_merged.f1.low > known.permuted.iou_merged.f1.high


def test_the_closed_form_agrees_with_permutations():
    found = measure_plausibility(*case(count=101), k=3, draws=0)
    # 20 permutations of 101 rows: an F1 of one row has a standard deviation below 0.3.
    assert found.permuted.tokens.f1.value == pytest.approx(found.random_token_f1.value, abs=4 * 0.3 / np.sqrt(20 * 101))


def test_chance_is_above_the_share_of_marked_units():
    heats, marks = case(signal=0.0)
    assert measure_plausibility(heats, marks, draws=0).permuted.average_precision.value > 1.4 * np.mean(marks)


def test_a_position_prior_wins_where_people_always_mark_the_start():
    marks = np.arange(13) < 3
    heats = np.random.default_rng(0).random((7, 13))
    found = measure_plausibility(list(heats), [marks] * 7, draws=0)
    assert found.position_prior.tokens.f1.value == 1.0
    assert found.importance.tokens.f1.value < 0.6


def test_a_single_row_has_no_position_prior_and_no_interval():
    found = measure_plausibility([[0.1, 0.9]], [[[True, False], [True, False]]])
    assert found.position_prior is None
    assert found.ceiling is None
    assert found.importance.tokens.f1.low is None


def test_rows_that_nobody_annotated_are_skipped_and_counted_and_change_nothing():
    heats, marks = case(count=17)
    more = measure_plausibility([*heats, np.zeros(5)], [*marks, None], draws=100)
    assert more.num_unannotated == 1
    assert more.num_rows == 17
    assert more.importance == measure_plausibility(heats, marks, draws=100).importance


def test_rows_of_one_kind_of_unit_are_left_out_of_the_areas_and_counted():
    heats, marks = case(count=17)
    alone = measure_plausibility(heats, marks, draws=0)
    more = measure_plausibility(
        [*heats, np.arange(5.0), np.arange(5.0)], [*marks, np.ones(5, bool), np.zeros(5, bool)], draws=0
    )
    assert (more.num_rows, more.num_full, more.num_empty) == (19, 1, 1)
    assert more.importance.average_precision == alone.importance.average_precision
    # Where all is marked, everything selected is right.
    assert more.importance.tokens.f1.value == pytest.approx((17 * alone.importance.tokens.f1.value + 1) / 18)


def test_where_nothing_is_marked_scores_say_why_they_are_undefined():
    found = measure_plausibility([[0.1, 0.9]] * 2, [[False, False]] * 2, draws=10)
    assert found.num_empty == 2
    assert str(found.importance.auprc) == "undefined: no row has units that are marked and units that are not"
    assert str(found.random_token_f1) == "undefined: no row has a mark"


def test_rows_without_units_are_empty():
    found = measure_plausibility([[], [0.1, 0.9], [0.3, 0.2]], [[], [0, 1], [1, 0]], draws=0)
    assert (found.num_empty, found.importance.tokens.f1.value) == (1, 1.0)


def test_the_marks_of_several_annotators_become_one_target():
    marks = [[[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 0]]]
    heats = [[0.9, 0.2, 0.1, 0.3]]
    assert measure_plausibility(heats, marks, draws=0).importance.tokens.recall.value == pytest.approx(2 / 3)
    found = measure_plausibility(heats, marks, together=majority, draws=0)
    assert found.importance.tokens.recall.value == 1.0
    assert found.together == "majority"


def test_units_of_different_columns_are_never_one_span():
    def heat(score, column):
        return Heat(Unit(column, "a", Span(0, 1)), score)

    row = [heat(0.1, "title"), heat(0.9, "title"), heat(0.8, "body"), heat(0.2, "body")]
    found = measure_plausibility([row], [[0, 1, 1, 0]], draws=0)
    # Two spans of one unit each: the released script finds both, and none twice.
    assert found.importance.iou_released.recall.value == 1.0
    assert found.importance.iou_merged.f1.value == 1.0


def test_equal_seeds_give_equal_results_and_other_seeds_break_ties_otherwise():
    heats, marks = [np.zeros(13)] * 29, case(count=29)[1]
    first, second, third = (measure_plausibility(heats, marks, draws=50, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.importance.tokens != third.importance.tokens


def test_whole_groups_are_drawn():
    heats, marks = case(count=31)
    single = measure_plausibility(heats * 3, marks * 3, draws=300).importance.auprc
    grouped = measure_plausibility(heats * 3, marks * 3, draws=300, groups=[*range(31)] * 3).importance.auprc
    assert grouped.high - grouped.low > 1.3 * (single.high - single.low)


def test_groups_follow_their_rows_past_rows_that_nobody_annotated():
    heats, marks = case(count=17)
    groups = [n // 3 for n in range(17)]
    alone = measure_plausibility(heats, marks, draws=100, groups=groups).importance
    assert (
        measure_plausibility([heats[0], *heats], [None, *marks], draws=100, groups=["x", *groups]).importance == alone
    )


def test_a_result_is_plain_json():
    heats, marks = case(count=17)
    rationales = [np.stack([each, np.roll(each, 1)]) for each in marks]
    found = measure_plausibility(heats, rationales, draws=50)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["importance"]["iou_released"]["f1"]["value"] == found.importance.iou_released.f1.value
    assert told["ceiling"]["token_f1"]["share"]["value"] == found.ceiling.token_f1.share.value
    assert told["num_rows"] == 17


@pytest.mark.parametrize(
    ("heats", "rationales", "options", "error", "message"),
    [
        ([[0.1]], [[True]], {"k": 0}, ConfigError, "at least one unit per row, got k=0"),
        ([[0.1]], [[True]], {"groups": [1, 2]}, DataError, "one group per row, 1, got 2"),
        ([[0.1]], [None], {}, DataError, "at least one annotated row, got 1 rows of which none is"),
        ([], [], {}, DataError, "at least one annotated row, got 0 rows"),
        ([[np.nan]], [[True]], {}, DataError, "finite importances, got nan"),
    ],
)
def test_what_cannot_be_measured_is_named(heats, rationales, options, error, message):
    with pytest.raises(error, match=message):
        measure_plausibility(heats, rationales, **options)
