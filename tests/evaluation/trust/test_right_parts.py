import numpy as np
import pytest

from salience.data.modalities import Text
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.faithfulness import judged
from salience.evaluation.importance import Received
from salience.evaluation.removal import together
from salience.evaluation.sample import draw
from salience.evaluation.trust.claim import Estimate
from salience.evaluation.trust.enough import enough
from salience.evaluation.trust.right_parts import right_parts
from salience.evaluation.trust.second_operator import Second, second_operator
from salience.evaluation.trust.trust import competition
from tests.evaluation.linear import EVEN, FALSE, TRUE, linear
from tests.evaluation.trust.trials import WORDS, texts, trial, verdict, walks


def weights(seed=0):
    generator = np.random.default_rng(seed)
    return {word: float(generator.normal(scale=2)) if i % 3 == 0 else 0.0 for i, word in enumerate(WORDS)}


def made(pipeline, rows, method=None, *, draws=500):
    """A trial, its competition, and what is told of its faithfulness."""
    method = Received() if method is None else method
    sample = draw(pipeline, rows, count=len(rows), seed=0)
    tried = trial(pipeline, [rows[i] for i in sample.index], method=method, draws=draws)
    found = competition(tried, walks(tried))
    faithful = judged(pipeline, method.name, found, sample, None, Bootstrap(draws, 0))
    return tried, found, faithful


def second(value):
    return Second(Estimate(value, np.full(500, value)), {"a": "Text.blank"})


@pytest.mark.parametrize(("honesty", "word"), [(TRUE, "pass"), (FALSE, "misleading"), (EVEN, "fail")])
def test_attention_is_judged_as_it_was_made(honesty, word):
    tried, found, faithful = made(linear(weights(), honesty=honesty), texts())
    scores = [together(each) for each in tried.scores]
    measured = right_parts(tried, found, faithful, second_operator(tried, scores))
    assert verdict(measured) == word
    assert "0 is a random order, 1 is" in measured.numbers
    assert measured.statistics["skill"] == faithful.skill
    assert measured.statistics["skill_against_signed"] == faithful.skills["received"]


def test_two_ways_that_disagree_leave_it_open():
    tried, found, faithful = made(linear(weights(), honesty=TRUE), texts())
    assert verdict(right_parts(tried, found, faithful, second(1.0))) == "pass"
    assert verdict(right_parts(tried, found, faithful, second(-1.0))) == "inconclusive"
    assert verdict(right_parts(tried, found, faithful, None)) == "pass"
    tried, found, faithful = made(linear(weights(), honesty=FALSE), texts())
    # Without the second way it would be misleading; what is surely below 0.3 is a failure still.
    assert verdict(right_parts(tried, found, faithful, second(1.0))) == "fail"


def test_without_a_scale_there_is_nothing_to_say():
    tried, found, faithful = made(linear(dict.fromkeys(WORDS, 0.0), bias=1.0), texts(), draws=50)
    measured = right_parts(tried, found, faithful, None)
    assert measured.verdict == "inconclusive"
    assert "no method found parts that certainly matter more" in measured.sentence


def test_words_that_are_blanked_weigh_nothing():
    # In this model unknown words weigh nothing, so that blanking and leaving out are the same.
    tried, _, faithful = made(linear(weights()), texts())
    found = second_operator(tried, [together(each) for each in tried.scores])
    effects = faithful.effects["log_odds"]
    difference = effects["received"].gain.value - effects["random"].gain.value
    assert found.gain.value == pytest.approx(difference, rel=0.15)
    assert found.operators == {"a": "Text.blank"}


def test_positions_alone_are_told_where_there_is_an_order(monkeypatch):
    tried, found, faithful = made(linear(weights()), texts(), draws=50)
    told = right_parts(tried, found, faithful, None)
    # What the words mean does not depend on where they stand.
    assert abs(told.statistics["skill_of_positions"].value) < 0.3
    assert ", positions alone " in told.numbers
    assert "position" not in found.competitors
    monkeypatch.setattr(Text, "ordered", False, raising=False)
    tried, found, faithful = made(linear(weights()), texts(), draws=50)
    told = right_parts(tried, found, faithful, None)
    assert "skill_of_positions" not in told.statistics
    assert "positions" not in told.numbers


def test_shapley_values_are_a_mark_to_reach():
    _, found, faithful = made(linear(weights()), texts(), draws=50)
    assert found.competitors == ("gradient_x_input", "integrated_gradients", "leave_one_out", "shapley")
    # Where contributions add up, all of them are exact.
    assert faithful.skills["shapley"].value == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("honesty", "word"), [(TRUE, "pass"), (EVEN, "fail"), (FALSE, "fail")])
def test_a_right_order_changes_the_mind_soon(honesty, word):
    known = weights()
    rows = texts(80, shortest=8, longest=14)
    tried, found, _ = made(linear(known, honesty=honesty), rows)
    measured = enough(tried, found)
    assert measured.statistics["fraction_best"].value < measured.statistics["fraction_random"].value
    assert verdict(measured) == word


def test_a_value_has_no_flip():
    tried, found, _ = made(linear(weights(), task="Regression"), texts(8), draws=10)
    assert enough(tried, found).verdict == "not available"


def test_a_mind_that_cannot_be_changed_leaves_it_open():
    tried, found, _ = made(linear(weights(), bias=99.0), texts(20), draws=50)
    measured = enough(tried, found)
    assert measured.verdict == "inconclusive"
    assert measured.sentence == "No order changes the prediction soon: the best other one takes 100% of the parts."
    assert measured.statistics["never"].value == 1
