import numpy as np
import pytest

from salience.evaluation.importance import IntegratedGradients
from salience.evaluation.trust import stable as module
from salience.evaluation.trust.stable import divergence, stable
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
    assert found.sentence == "Not available: 'integrated gradients' is no attention."
