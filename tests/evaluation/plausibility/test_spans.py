import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from salience.evaluation.plausibility import iou, measure_plausibility, merged_counts, released_counts, spans


def marks(text):
    return np.array([each == "x" for each in text], dtype=bool)


def sets(pieces):
    return [set(range(*each)) for each in pieces]


def dense_iou(first, second):
    return len(first & second) / len(first | second)


def test_spans_are_runs_of_neighbours():
    assert spans(marks("xx.x..xxx")).tolist() == [[0, 2], [3, 4], [6, 9]]
    assert spans(marks("...")).tolist() == []
    assert spans(marks("")).tolist() == []


def test_no_span_goes_from_one_text_into_the_next():
    assert spans(marks("xxxx"), np.array([0, 0, 1, 1])).tolist() == [[0, 2], [2, 4]]


def test_iou_by_hand():
    found = iou(np.array([[0, 2], [4, 7]]), np.array([[1, 3], [4, 7], [9, 10]]))
    assert found == pytest.approx(np.array([[1 / 3, 0, 0], [0, 1, 0]]))


# The three cases that show what is wrong with the released script.


def test_a_perfect_span_of_five_scores_nothing_as_released_and_everything_merged():
    row = marks("..xxxxx....")
    found = measure_plausibility([row.astype(float)], [row], draws=0).importance
    assert found.iou_released.f1.value == 0.0
    assert found.iou_merged.f1.value == 1.0


def test_a_span_of_two_hit_by_two_single_units_exceeds_one_as_released():
    row = marks("..xx...")
    found = measure_plausibility([row.astype(float)], [row], draws=0).importance
    assert found.iou_released.precision.value == 1.0
    assert found.iou_released.recall.value == 2.0
    assert found.iou_released.f1.value == pytest.approx(4 / 3)
    assert found.iou_merged.recall.value == 1.0
    assert found.iou_merged.f1.value == 1.0


def test_a_rationale_of_one_with_five_forced_units_has_a_token_f1_of_a_third_at_most():
    row = marks("....x......")
    found = measure_plausibility([row.astype(float)], [row], k=5, draws=0).importance
    assert found.tokens.f1.value == pytest.approx(1 / 3)


def test_macro_f1_is_that_of_the_means_over_documents():
    # Precision 1 and 0, recall 2 and 0: F1 of 1/2 and 1, and not the mean of 4/3 and 0.
    rows = [marks("..xx..."), marks("x......")]
    heats = [rows[0].astype(float), marks("......x").astype(float)]
    found = measure_plausibility(heats, rows, draws=0).importance.iou_released
    assert (found.precision.value, found.recall.value) == (0.5, 1.0)
    assert found.f1.value == pytest.approx(2 / 3)


def test_a_document_without_a_human_span_counts_in_the_precision_of_the_released_script_alone():
    rows = [marks("..xx..."), marks(".......")]
    found = measure_plausibility([rows[0].astype(float)] * 2, rows, k=2, draws=0)
    assert found.num_empty == 1
    assert found.importance.iou_released.precision.value == 0.5
    assert found.importance.iou_released.recall.value == 2.0
    assert found.importance.iou_merged.precision.value == 1.0
    assert found.importance.tokens.precision.value == 1.0


@given(st.integers(1, 13), st.integers(0, 2**32 - 1))
def test_counts_are_those_of_a_loop_over_sets(length, seed):
    selected, marked = np.random.default_rng(seed).random((2, length)) < 0.6
    human = sets(spans(marked))
    singles = [{unit} for unit in np.flatnonzero(selected)]
    right = sum(max((dense_iou(each, span) for span in human), default=0) >= 0.5 for each in singles)
    assert released_counts(selected[None], marked).tolist() == [[right, len(singles), len(human)]]
    joined = sets(spans(selected))
    scores = np.array([[dense_iou(each, span) >= 0.5 for span in human] for each in joined])
    scores = scores.reshape(len(joined), len(human)).astype(int)
    right = scores[linear_sum_assignment(scores, maximize=True)].sum()
    assert merged_counts(selected[None], marked).tolist() == [[right, len(joined), len(human)]]


@given(st.integers(1, 13), st.integers(0, 2**32 - 1))
def test_merged_spans_are_never_found_twice(length, seed):
    selected, marked = np.random.default_rng(seed).random((2, length)) < 0.6
    ((right, predicted, actual),) = merged_counts(selected[None], marked)
    assert right <= min(predicted, actual)
