"""Kendall's tau by hand, and models whose attention is, or is not, what the answer follows from."""

import math

import numpy as np
import pytest
import torch

from salience.core.errors import DataError, NotAvailable
from salience.evaluation.bootstrap import Bootstrap
from salience.evaluation.explanation import FixedAttentionGradient, OutputChange, kendall_tau, measure_correlations
from salience.evaluation.importance import GradientXInput, LeaveOneOut
from tests.evaluation.trust.trials import WORDS, pointer, texts

PAIRS = ("attention, gradient", "attention, left out", "gradient, left out")


def test_tau_counts_pairs_and_ties_by_hand():
    # Six pairs: five in the same order, one in the other.
    assert kendall_tau(np.array([1, 2, 3, 4.0]), np.array([1, 3, 2, 4.0]))[0] == pytest.approx(4 / 6)
    # The first and second are tied in the other: C = 5, D = 0, T = 1.
    assert kendall_tau(np.array([1, 2, 3, 4.0]), np.array([1, 1, 2, 3.0]))[0] == pytest.approx(5 / math.sqrt(6 * 5))
    assert kendall_tau(np.arange(9.0), -np.arange(9.0))[0] == pytest.approx(-1)


def test_p_is_exact_for_few_units():
    # Of the 24 orders of four units one is as like, and one as unlike.
    assert kendall_tau(np.arange(4.0), np.arange(4.0))[1] == pytest.approx(2 / 24)


@pytest.mark.parametrize("one", [[1.0], [2.0, 2.0, 2.0]])
def test_without_an_order_there_is_no_tau(one):
    assert np.isnan(kendall_tau(np.array(one), np.arange(len(one), dtype=float))).all()


def faithful():
    """All words say the same, so that a word counts as much as it is looked at: gradient = attention x 1."""
    generator = np.random.default_rng(3)
    return pointer({word: (float(generator.normal()), 0.7) for word in WORDS})


def distinct(count):
    generator = np.random.default_rng(5)
    return [{"a": " ".join(generator.permutation(WORDS)[:7])} for _ in range(count)]


def test_attention_that_is_its_gradient_has_tau_one():
    found = measure_correlations(faithful(), distinct(11), bootstrap=Bootstrap(100))
    one = found.overall["attention, gradient"]
    assert one.tau.mean.value == pytest.approx(1)
    assert one.tau.mean.low == one.tau.mean.high == pytest.approx(1)
    assert one.tau.deviation == pytest.approx(0)
    assert one.significant.value == 1
    assert (one.tau.num_rows, found.num_rows) == (11, 11)


def test_the_gradient_of_a_weighted_sum_by_hand():
    words = {"a": (0.0, 1.0), "b": (math.log(2), -2.0), "c": (0.0, 0.0)}
    (scores,) = FixedAttentionGradient().scores(pointer(words), pointer(words).encode([{"a": "a b c"}]))
    # Attention 1/4, 1/2, 1/4 times the weights 1, -2, 0: contributions 1/4, -1, 0, as shares of what they are together.
    assert scores["a"].tolist() == pytest.approx([0.2, 0.8, 0.0])


def test_the_gradient_does_not_go_through_where_to_look():
    # The word "b" says nothing: it matters only because looking at it takes weight from others.
    words = {"a": (0.0, 1.0), "b": (1.0, 0.0), "c": (-1.0, 2.0)}
    pipeline = pointer(words)
    rows = pipeline.encode([{"a": "a b c"}])
    assert FixedAttentionGradient().scores(pipeline, rows)[0]["a"][1] == 0
    assert abs(GradientXInput().scores(pipeline, rows)[0]["a"][1]) > 0.05


def test_leaving_out_changes_the_probability_as_counted_by_hand():
    words = {"a": (0.0, 1.0), "b": (0.0, -3.0)}
    pipeline = pointer(words)
    (scores,) = OutputChange().scores(pipeline, pipeline.encode([{"a": "a b"}]))

    def yes(odds):
        return 1 / (1 + math.exp(-odds))

    assert scores["a"].tolist() == pytest.approx([yes(-1) - yes(-3), yes(1) - yes(-1)])


def test_leaving_runs_out_shares_the_change_as_it_does_with_signs():
    pipeline = pointer({word: (0.1 * i, 0.3 * i - 2) for i, word in enumerate(WORDS)}, task="Regression")
    rows = pipeline.encode(texts(4))
    mine, signed = (method.scores(pipeline, rows) for method in (OutputChange(parts=3), LeaveOneOut(parts=3)))
    for one, other in zip(mine, signed, strict=True):
        np.testing.assert_allclose(one["a"], np.abs(other["a"]), rtol=1e-4, atol=1e-6)


def test_what_was_predicted_divides_the_rows():
    words = {word: (0.1 * i, 1.0 if i % 2 else -1.0) for i, word in enumerate(WORDS)}
    rows = texts(30)
    pipeline = pointer(words)
    found = measure_correlations(pipeline, rows, bootstrap=Bootstrap(50))
    counts = {name: each[PAIRS[0]].tau.num_rows for name, each in found.by_class.items()}
    answers = [each.prediction for each in pipeline.predict(rows)]
    assert counts == {name: answers.count(name) for name in ("no", "yes")}
    assert set(found.overall) == set(PAIRS)
    assert set(found.to_dict()["overall"][PAIRS[0]]) == {"tau", "significant"}


def test_a_value_has_no_classes_and_a_row_without_an_order_is_counted():
    pipeline = pointer({word: (0.1 * i, 1.0 * i) for i, word in enumerate(WORDS)}, task="Regression")
    found = measure_correlations(pipeline, [*texts(5), {"a": WORDS[3]}], bootstrap=Bootstrap(50))
    assert found.by_class == {}
    assert (found.num_rows, found.num_undefined) == (6, 1)
    assert found.overall[PAIRS[2]].tau.num_rows == 5


def test_it_leaves_the_model_as_it_was():
    pipeline = faithful()
    pipeline.model.train()
    measure_correlations(pipeline, distinct(2), bootstrap=Bootstrap(10))
    assert pipeline.model.training
    assert all(each.grad is None for each in pipeline.model.parameters())
    assert torch.is_grad_enabled()


def test_it_needs_rows_and_a_pool_that_takes_weights():
    with pytest.raises(DataError, match="at least one row"):
        measure_correlations(faithful(), [])
    with pytest.raises(NotAvailable, match="what Max gives is no function of its weights"):
        measure_correlations(pointer({"a": (0.0, 1.0)}, pool="Max"), [{"a": "a b"}])
