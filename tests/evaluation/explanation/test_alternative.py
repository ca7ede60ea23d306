import pytest

from salience.core.errors import ConfigError, NotAvailable
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation import FURTHEST, measure_alternatives
from tests.evaluation.trust.trials import WORDS, pointer, texts

FAST = {"starts": 3, "steps": 60, "rate": 0.1, "bootstrap": Bootstrap(50)}


def test_where_positions_say_the_same_far_other_weights_are_found():
    pipeline = pointer({word: (3.0 * (i % 4), 2.0) for i, word in enumerate(WORDS)})
    found = measure_alternatives(pipeline, texts(7, shortest=9), **FAST)
    assert 0.5 < found.divergence.overall.mean.value <= FURTHEST
    assert found.to_dict()["epsilon"] == 0.01


def test_two_places_that_say_the_same_stand_for_each_other():
    words = {"good": (6.0, 2.0), "fine": (0.0, 2.0), **dict.fromkeys(WORDS, (0.0, -2.0))}
    rows = [{"a": f"fine {row['a']} good"} for row in texts(7)]
    found = measure_alternatives(pointer(words), rows, **{**FAST, "starts": 5, "steps": 200})
    assert found.divergence.overall.mean.value > 0.5
    assert found.divergence.by_class["yes"].num_rows == 7
    # All the weight is on "good".
    assert found.divergence.by_largest_weight[3].num_rows == 7


def test_where_one_position_alone_gives_the_answer_there_is_nowhere_else_to_look():
    words = {"good": (8.0, 6.0), **dict.fromkeys(WORDS, (0.0, -6.0))}
    rows = [{"a": f"{row['a']} good"} for row in texts(7)]
    strict = measure_alternatives(pointer(words), rows, epsilon=0.001, **FAST)
    assert strict.divergence.overall.mean.value < 0.1


def test_a_larger_epsilon_leaves_more_room():
    pipeline = pointer({word: (0.5 * (i % 5), float(i % 7) - 3) for i, word in enumerate(WORDS)})
    near, far = (
        measure_alternatives(pipeline, texts(5), epsilon=each, **FAST).divergence.overall.mean.value
        for each in (0.001, 0.2)
    )
    assert near < far


def test_equal_seeds_give_equal_numbers():
    pipeline = pointer({word: (0.3 * i, float(i % 3)) for i, word in enumerate(WORDS)})
    assert measure_alternatives(pipeline, texts(3), **FAST) == measure_alternatives(pipeline, texts(3), **FAST)


def test_impossible_numbers_and_pools_are_refused():
    with pytest.raises(ConfigError, match=r"must be above 0, got 0, 5, 500 and 0\.01"):
        measure_alternatives(pointer({"a": (0.0, 1.0)}), [{"a": "a b"}], epsilon=0)
    with pytest.raises(NotAvailable, match="what Max gives is no function"):
        measure_alternatives(pointer({"a": (0.0, 1.0)}, pool="Max"), [{"a": "a b"}])
