import pytest

from salience.evaluation.importance import IntegratedGradients
from salience.evaluation.trust.alone import alone
from tests.evaluation.trust.trials import WORDS, pointer, texts, trial


def test_where_all_positions_say_the_same_one_may_look_anywhere():
    found = alone(trial(pointer({word: (float(i % 7), 2.0) for i, word in enumerate(WORDS)}), texts(20)))
    assert found.statistics["share"].value == 1
    assert found.verdict == "information"
    assert not found.claims
    assert "This is information and no verdict" in found.sentence


def test_where_one_position_alone_gives_the_answer_there_is_no_other_place():
    words = {"good": (6.0, 2.0), **dict.fromkeys(WORDS, (0.0, -2.0))}
    rows = [{"a": f"{row['a']} good"} for row in texts(20)]
    assert alone(trial(pointer(words), rows)).statistics["share"].value == 0


@pytest.mark.parametrize("task", ["Classification", "Regression"])
def test_two_places_that_say_the_same_are_found(task):
    words = {"good": (6.0, 2.0), "fine": (0.0, 2.0), **dict.fromkeys(WORDS, (0.0, -2.0))}
    rows = [{"a": f"fine {row['a']} good"} for row in texts(20)]
    assert alone(trial(pointer(words, task=task), rows)).statistics["share"].value > 0.8


def test_it_needs_weights_that_can_be_replaced():
    assert alone(trial(pointer({"a": (0.0, 1.0)}, pool="Max"), texts(3))).verdict == "not available"
    assert alone(trial(pointer({"a": (0.0, 1.0)}), texts(3), method=IntegratedGradients())).verdict == "not available"
