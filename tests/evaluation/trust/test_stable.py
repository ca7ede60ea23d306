import numpy as np
import pytest

from salience.core.errors import DataError
from salience.evaluation.importance import IntegratedGradients
from salience.evaluation.trust import stable as module
from salience.evaluation.trust.stable import divergence, stable
from salience.pipeline import Pipeline
from tests.evaluation.trust.trials import WORDS, pointer, texts, trial, verdict

# The answer hardly depends on where it looks.
CALM = {word: (float(i % 5) / 5, 3.0) for i, word in enumerate(WORDS)}
# The softmax is so sharp that a little noise decides who wins.
NERVOUS = {word: (400.0 + i % 5, 500.0) for i, word in enumerate(WORDS)}


def test_divergence_by_hand():
    assert divergence(np.array([0.5, 0.5]), np.array([0.5, 0.5])) == 0
    assert divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1
    expected = (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25) + np.log2(1 / 0.75)) / 2
    assert divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == pytest.approx(expected)


def test_smooth_attention_stays():
    found = stable(trial(pointer(CALM), texts()))
    assert verdict(found) == "pass"
    assert 0 < found.statistics["divergence"].value < 0.05


def test_sharp_attention_jumps():
    found = stable(trial(pointer(NERVOUS), texts()))
    assert verdict(found) == "fail"
    assert found.statistics["divergence"].value > 0.3


def test_noise_that_changes_the_answer_does_not_count(monkeypatch):
    monkeypatch.setattr(module, "NOISE", 50.0)
    found = stable(trial(pointer({word: (0.0, (-1.0) ** i) for i, word in enumerate(WORDS)}), texts()))
    assert found.verdict == "inconclusive"
    assert found.sentence == "Nothing can be said: in most rows even this noise changes the answer."


def test_equal_seeds_make_equal_noise():
    first, again, other = (
        stable(trial(pointer(CALM), texts(), seed=seed)).statistics["divergence"].value for seed in (0, 0, 1)
    )
    assert first == again != other


def test_attributions_are_not_attention():
    found = stable(trial(pointer(CALM), texts(3), method=IntegratedGradients()))
    assert found.sentence == "Not available: 'integrated gradients' is no attention, which noise could move."


def turned():
    """The model that looks least at what the other one looks at most."""
    return pointer({word: (-score, weight) for word, (score, weight) in CALM.items()})


def test_models_of_other_seeds_agree_or_not():
    same = stable(trial(pointer(CALM), texts()), [pointer(CALM), pointer(CALM)]).statistics
    assert same["rank_correlation_of_seeds"].value == pytest.approx(1)
    assert same["divergence_of_seeds"].value == pytest.approx(0, abs=1e-9)
    other = stable(trial(pointer(CALM), texts()), [turned()]).statistics
    assert other["rank_correlation_of_seeds"].value == pytest.approx(-1)
    both = stable(trial(pointer(CALM), texts()), [pointer(CALM), turned()])
    # One of the three pairs agrees.
    assert both.statistics["rank_correlation_of_seeds"].value == pytest.approx(-1 / 3)
    assert both.statistics["divergence_of_seeds"].value == pytest.approx(other["divergence_of_seeds"].value * 2 / 3)
    # It is told, and the verdict is on the noise alone.
    assert verdict(both) == "pass"
    assert "; rank correlation of seeds" in both.numbers


def test_the_members_of_an_ensemble_are_compared_with_each_other():
    rows = texts()
    ensemble = Pipeline(
        {"a": {"Text": {"min_count": 1}}}, "Classification", model={"width": 3, "encoder": "Identity", "pool": "Dot"}
    ).learn(rows, ["no", "yes"] * 20, seeds=3)
    found = stable(trial(ensemble, rows)).statistics["rank_correlation_of_seeds"]
    first, second, third = ensemble.members
    pairs = [(first, [second]), (first, [third]), (second, [third])]
    expected = [stable(trial(one, rows), other).statistics["rank_correlation_of_seeds"].value for one, other in pairs]
    assert found.value == pytest.approx(sum(expected) / 3)


def test_seeds_are_told_where_noise_is_not():
    found = stable(trial(pointer(CALM), texts(8), method=IntegratedGradients()), [pointer(CALM)])
    assert found.verdict == "not available"
    assert found.statistics["rank_correlation_of_seeds"].value == pytest.approx(1)


def test_equal_attention_has_no_rank_to_agree_in():
    even = pointer(dict.fromkeys(WORDS, (0.0, 1.0)), pool="Mean")
    found = stable(trial(even, texts(8)), [even]).statistics
    assert found["rank_correlation_of_seeds"].value is None
    assert found["divergence_of_seeds"].value == 0


def test_models_that_cut_otherwise_are_refused():
    other = Pipeline({"a": {"Text": {"min_count": 1, "tokens": "Character"}}}, "Classification", model={"width": 2})
    other.learn([{"a": "ba be"}] * 2, ["no", "yes"])
    with pytest.raises(DataError, match="two models divide a row into different units"):
        stable(trial(pointer(CALM), texts(3)), [other])
