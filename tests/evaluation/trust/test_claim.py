import numpy as np
import pytest

from salience.evaluation.bootstrap import Bootstrap, mean
from salience.evaluation.trust.claim import Claim, Estimate, claim, either, estimate, every

HUNDRED = Estimate(0.5, np.arange(1, 100) / 100)


def test_p_counts_the_draws_that_contradict_twice():
    # 9 of 99 draws lie below 0.1 and one on it, and one more is counted because no draw can show a never.
    assert claim("x", HUNDRED, above=0.1).p == pytest.approx(2 * 11 / 100)
    assert claim("x", HUNDRED, below=0.9).p == pytest.approx(2 * 11 / 100)
    assert claim("x", HUNDRED, above=0.0).p == pytest.approx(2 / 100)
    assert claim("x", HUNDRED, above=0.5).p == pytest.approx(1.0)


def test_a_range_is_as_sure_as_its_nearer_end():
    assert claim("x", HUNDRED, above=0.1, below=0.8).p == claim("x", HUNDRED, below=0.8).p


def test_the_margin_is_in_standard_errors_and_negative_outside():
    spread = HUNDRED.draws.std()
    assert claim("x", HUNDRED, above=0.1, below=0.8).margin == pytest.approx(0.3 / spread)
    assert claim("x", HUNDRED, above=0.7).margin == pytest.approx(-0.2 / spread)


def test_rounding_is_sure_of_nothing():
    assert claim("x", Estimate(-1e-17, np.full(99, -1e-17)), below=0.0).p == 1


def test_without_draws_nothing_is_sure():
    assert claim("x", Estimate(9.0, np.array([])), above=0).p == 1
    assert claim("x", Estimate(9.0, np.array([np.nan])), above=0).p == 1


def test_every_is_as_sure_as_the_least_sure_and_either_pays_for_each_try():
    sure, unsure = Claim("a", 0.01, 3.0), Claim("b", 0.2, 1.0)
    assert every("both", sure, unsure) == Claim("both", 0.2, 1.0)
    assert either("one", sure, unsure) == Claim("one", 0.02, 3.0)
    assert either("one", unsure, unsure, unsure, unsure, unsure, unsure).p == 1


def test_a_true_claim_on_the_line_is_rarely_sure():
    # Rows whose mean is zero: "above 0" at 5 % two-sided is claimed in about 2.5 % of samples.
    generator = np.random.default_rng(0)
    sure = 0
    for seed in range(400):
        values = generator.normal(size=60)
        found = estimate(mean(values), 60, Bootstrap(400, seed))
        sure += claim("above", found, above=0.0).p <= 0.05
    assert sure / 400 < 0.06


def test_an_estimate_is_told_with_its_interval():
    score = estimate(mean(np.array([1.0, 2.0, 3.0])), 3, Bootstrap(100)).score
    assert score.value == 2
    assert score.low < 2 < score.high
