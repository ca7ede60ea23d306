"""Means over members with Student's interval, and which parts are faint."""

import numpy as np
import pytest
from scipy.stats import t

from salience.core.place import Heat
from salience.evaluation.importance import (
    GradientXInput,
    IntegratedGradients,
    LeaveOneOut,
    RandomOrder,
    Received,
    Rollout,
    Shapley,
)
from salience.evaluation.importance.over_seeds import over_seeds
from salience.pipeline import Pipeline


def of(*members, signed):
    return over_seeds([{"a": np.array(each)} for each in members], signed=signed)["a"]


def test_a_mean_and_an_interval_by_hand():
    found = of([0.1, 0.5, 0.4], [0.3, 0.5, 0.2], signed=True)
    assert found.mean.tolist() == pytest.approx([0.2, 0.5, 0.3])
    # Of two numbers that differ by d, s / sqrt(2) is d / 2; t with one degree of freedom is tan(0.475 pi) = 12.706.
    assert found.low.tolist() == pytest.approx([0.2 - 12.7062 * 0.1, 0.5, 0.3 - 12.7062 * 0.1], abs=1e-4)
    assert found.high.tolist() == pytest.approx([0.2 + 12.7062 * 0.1, 0.5, 0.3 + 12.7062 * 0.1], abs=1e-4)


def test_a_signed_part_is_faint_where_its_interval_covers_zero():
    # Means 1, 1 and -1; standard deviations 0.1, 1 and 0.1; t with two degrees of freedom is 4.30.
    found = of([0.9, 0.0, -0.9], [1.0, 1.0, -1.0], [1.1, 2.0, -1.1], signed=True)
    assert found.faint.tolist() == [False, True, False]
    assert found.low[1] == pytest.approx(1 - 4.3027 / np.sqrt(3), abs=1e-4)


def test_a_share_is_faint_where_its_interval_covers_the_equal_share_and_not_where_it_is_surely_small():
    # Four parts: the equal share is 0.25. The first is surely above it, the last two surely below it.
    members = [0.5, 0.3, 0.1, 0.1], [0.52, 0.29, 0.09, 0.1], [0.51, 0.28, 0.11, 0.1]
    found = of(*members, signed=False)
    assert found.faint.tolist() == [False, False, False, False]
    wider = of([0.5, 0.2, 0.2, 0.1], [0.4, 0.4, 0.1, 0.1], [0.6, 0.2, 0.1, 0.1], signed=False)
    assert wider.faint.tolist() == [False, True, True, False]
    assert ((wider.low >= 0) & (wider.high <= 1)).all()
    assert of([0.9, 0.1], [0.1, 0.9], signed=False).low.tolist() == [0, 0]


def test_what_looks_everywhere_alike_is_faint_whatever_rounding_leaves():
    even = np.full(7, 1 / 7, dtype=np.float32).astype(float)
    assert of(even / even.sum(), even, signed=False).faint.all()


def test_a_column_is_compared_with_its_own_equal_share():
    # Two columns are paid a half each; the only part of the second has all of it and nothing to be preferred to.
    one = {"a": np.array([0.4, 0.1]), "b": np.array([0.5])}
    found = over_seeds([one, one], signed=False)
    assert found["a"].faint.tolist() == [False, False]
    assert found["b"].faint.tolist() == [True]


def test_nothing_comes_of_a_column_without_parts():
    assert of([], [], signed=False).columns() == ([], [], [], [])


ROWS = [{"text": each} for each in ("a fine film and a bad end", "bad", "", "fine fine film")]
METHODS = (Received(), Rollout(), GradientXInput(), IntegratedGradients(steps=4), LeaveOneOut(), Shapley(orders=2))


@pytest.fixture(scope="module")
def ensemble():
    made = Pipeline({"text": {"Text": {"min_count": 1}}}, "Classification", model={"width": 6, "dropout": 0.0})
    made.learn(ROWS, ["yes", "no", "no", "yes"], seed=1, seeds=3)
    made.task.temperature = 0.5
    return made


@pytest.mark.parametrize("method", METHODS, ids=lambda each: each.name)
def test_every_method_explains_what_the_members_predict_together(ensemble, method):
    rows = ensemble.encode(ROWS)
    chosen = ensemble.task.choose(ensemble.raw(rows))
    # Untrained members predict this and that, so that some are asked about what they do not predict.
    assert any((each.task.choose(each.raw(rows)) != chosen).any() for each in ensemble.members)
    values = []
    for member in ensemble.members:
        # A member alone, in the unit of the ensemble; two classes have opposite log-odds.
        member.task.temperature = 0.5
        sign = np.where(member.task.choose(member.raw(rows)) == chosen, 1, -1) if method.signed else np.ones(len(rows))
        values.append([each["text"] * s for each, s in zip(method.scores(member, rows), sign, strict=True)])
    for i, heats in enumerate(method(ensemble, ROWS)):
        every = np.array([each[i] for each in values])
        np.testing.assert_allclose([heat.score for heat in heats], every.mean(0), atol=1e-6)
        if method.signed:
            reach = t.ppf(0.975, 2) * every.std(0, ddof=1) / np.sqrt(3)
            np.testing.assert_allclose([heat.high for heat in heats], every.mean(0) + reach, atol=1e-5)
            assert [heat.faint for heat in heats] == [heat.low <= 0 <= heat.high for heat in heats]


def test_attention_of_an_ensemble_as_one_model_is_that_of_its_members_on_average(ensemble):
    for scores, heats in zip(
        Received().scores(ensemble, ensemble.encode(ROWS)), Received()(ensemble, ROWS), strict=True
    ):
        np.testing.assert_allclose(scores["text"], [heat.score for heat in heats], atol=1e-12)


def test_a_random_order_is_the_same_for_all_members(ensemble):
    for heats in RandomOrder()(ensemble, ROWS):
        np.testing.assert_allclose([heat.low for heat in heats], [heat.high for heat in heats], rtol=1e-12)


def test_a_single_model_has_no_interval(ensemble):
    heats = [heat for row in Received()(ensemble.members[0], ROWS) for heat in row]
    assert heats == [Heat(heat.unit, heat.score) for heat in heats]
