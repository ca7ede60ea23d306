"""Two whole pipelines, whose importances and answers are known."""

import json

import numpy as np
import pytest

from salience.core.errors import ConfigError, DataError
from salience.evaluation.comparison import compare_pipelines
from salience.evaluation.importance import LeaveOneOut, Received
from tests.evaluation.linear import EVEN, TRUE, linear

WORDS = {"good": 3.0, "fine": 1.0, "bad": -2.0, "film": 0.0, "the": 0.0}
ROWS = [{"a": text} for text in ("the good film", "a bad film", "fine the bad film", "good fine good film", "film")]
TARGETS = ["yes", "no", "no", "yes", "no"]


def compared(first, second, rows=ROWS, **options):
    return compare_pipelines(first, second, rows, Received(), **{"draws": 50, **options})


def test_a_model_is_the_same_as_itself():
    model = linear(WORDS)
    found = compared(model, model, targets=TARGETS)
    assert found.sentence == "Both runs give the same answers, and find the same parts equally important."
    assert found.changed.value == 0
    assert found.importance.drift.value == 0
    assert {each.difference.value for each in found.scores.values()} == {0}
    assert (found.num_rows, found.num_short, found.importance.num_rows) == (5, 1, 4)
    assert found.notes == (
        "4 rows are few: intervals from fewer than 30 are too narrow.",
        "1 of 5 rows have fewer than two units, and no importance is compared.",
    )


def test_answers_and_scores_change_together():
    # Log-odds 3, -2, -1, 7, 0 become 2, -3, -2, 6, -1: no decision changes, and attention does not either.
    found = compared(linear(WORDS), linear(WORDS, bias=-1.0), targets=TARGETS)
    assert (found.changed.value, found.importance.drift.value) == (0, 0)
    # With 1.5 more, the third and the last row become wrong.
    found = compared(linear(WORDS), linear(WORDS, bias=1.5), targets=TARGETS, draws=500)
    assert found.changed.value == pytest.approx(2 / 5)
    assert found.scores["accuracy"].difference.value == pytest.approx(-2 / 5)
    assert found.sentence.startswith("The second run answers 40 % (0 to 80) of the rows otherwise, and ")
    assert found.sentence.endswith("; in accuracy neither is surely better (-0.4, 95 % interval -0.8 to +0).")


def test_even_attention_drifts_by_what_it_takes_away():
    row = [{"a": "good film"}] * 3
    found = compared(linear(WORDS, honesty=TRUE), linear(WORDS, honesty=EVEN), row)
    share = np.exp(3) / (np.exp(3) + 1)
    assert found.importance.drift.value == pytest.approx(share - 0.5, abs=1e-6)
    assert found.importance.spearman.value is None
    assert "In 3 of 3 rows a run finds all parts equally important" in found.notes[-1]
    assert found.notes[0] == "The rows have no targets, so there are no scores."
    assert found.scores == {}
    # Equal rows have no spread.
    assert "45.3 % (45.3 to 45.3) of its importance lies elsewhere." in found.sentence


def test_values_move_by_a_distance():
    first, second = (linear(WORDS, bias=bias, task="Regression") for bias in (0.0, 0.5))
    found = compared(first, second, ROWS[:4], targets=[1.0, -1.0, 0.0, 4.0])
    assert found.is_value
    scale = abs(first.predict(ROWS[:1])[0].prediction - second.predict(ROWS[:1])[0].prediction)
    assert found.changed.value == pytest.approx(scale)
    assert f"The values of the second run lie {scale:.3g} away on average, and 0 %" in found.sentence
    assert set(found.scores) == set(first.task.scores)


def test_only_some_rows_are_compared_by_importance():
    model = linear(WORDS)
    found = compared(model, model, ROWS * 4, count=7, seed=2)
    assert (found.importance.num_rows, found.num_rows) == (7, 20)


def test_whole_groups_are_drawn():
    first, second = linear(WORDS), linear(WORDS, bias=1.5)
    alone = compared(first, second, ROWS * 4, draws=200)
    grouped = compared(first, second, ROWS * 4, draws=200, groups=[i % 5 for i in range(20)])
    assert grouped.notes[1].startswith("4 groups are few")
    assert grouped.changed.value == alone.changed.value
    assert grouped.changed.high - grouped.changed.low > alone.changed.high - alone.changed.low


def test_any_method_can_be_asked():
    found = compare_pipelines(linear(WORDS), linear(WORDS, bias=0.5), ROWS, LeaveOneOut(), draws=20)
    assert found.method == "leave_one_out"
    assert found.importance.drift.value == pytest.approx(0, abs=1e-6)


def test_it_is_told_what_begins():
    told = []
    model = linear(WORDS)
    compared(model, model, progress=told.append)
    assert told == [
        "answering the rows",
        "measuring the importance of the first run",
        "measuring the importance of the second run",
    ]


def test_everything_is_plain_json():
    found = compared(linear(WORDS), linear(WORDS, honesty=EVEN), targets=TARGETS)
    written = json.loads(json.dumps(found.to_dict()))
    assert written["scores"]["accuracy"]["verdict"] == "open"
    assert written["importance"]["overlap"]["top_1"]["value"] == found.importance.overlap["top_1"].value


@pytest.mark.parametrize(
    ("second", "options", "error", "message"),
    [
        (lambda: linear(WORDS, WORDS), {}, ConfigError, "the runs read different columns: a; and a, b"),
        (
            lambda: linear(WORDS, task="Regression"),
            {},
            ConfigError,
            "different questions: Classification and Regression",
        ),
        (
            lambda: linear(WORDS),
            {"count": 0},
            ConfigError,
            "expected at least one row whose importance is compared, got 0",
        ),
        (lambda: linear(WORDS), {"targets": ["yes"]}, DataError, "expected one target per row, 5, got 1"),
        (lambda: linear(WORDS), {"groups": [1]}, DataError, "expected one group per row, 5, got 1"),
        (lambda: linear(WORDS), {"rows": ROWS[4:]}, DataError, "at least 2 units, got 1 rows with fewer"),
        (lambda: linear(WORDS), {"rows": []}, DataError, "at least 2 units, got 0 rows with fewer"),
    ],
)
def test_what_cannot_be_compared_is_refused(second, options, error, message):
    with pytest.raises(error) as caught:
        compared(linear(WORDS), second(), **options)
    assert message in str(caught.value)
