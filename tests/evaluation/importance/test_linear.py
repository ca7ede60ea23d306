"""Every method against a model whose contributions are known: log-odds that add up over words."""

import numpy as np
import pytest
import torch

from salience.core.place import Span
from salience.evaluation.importance import (
    GradientXInput,
    IntegratedGradients,
    LeaveOneOut,
    RandomOrder,
    Received,
    Rollout,
    completeness_gap,
)
from tests.evaluation.linear import EVEN, linear

WEIGHTS = {"good": 2.0, "fine": 1.0, "the": 0.0, "dull": -1.5, "bad": -3.0}
EXACT = [GradientXInput(), IntegratedGradients(), IntegratedGradients(steps=3), LeaveOneOut()]
SHARES = [Received(), Rollout()]
ALL = [*EXACT, *SHARES, RandomOrder()]


def by_word(heats):
    return {heat.unit.text: heat.score for heat in heats}


@pytest.mark.parametrize("method", EXACT, ids=repr)
def test_contributions_to_a_linear_model_are_its_weights(method):
    (found,) = method(linear(WEIGHTS, bias=0.7), [{"a": "The good fine and dull"}])
    assert by_word(found) == pytest.approx({"The": 0.0, "good": 2.0, "fine": 1.0, "and": 0.0, "dull": -1.5})


@pytest.mark.parametrize("method", EXACT, ids=repr)
def test_what_is_explained_is_the_prediction_whichever_it_is(method):
    (found,) = method(linear(WEIGHTS), [{"a": "good bad"}])
    assert by_word(found) == pytest.approx({"good": -2.0, "bad": 3.0})


@pytest.mark.parametrize("method", EXACT, ids=repr)
def test_a_value_is_explained_as_it_is(method):
    (found,) = method(linear(WEIGHTS, task="Regression"), [{"a": "good bad"}])
    assert by_word(found) == pytest.approx({"good": 2.0, "bad": -3.0})


@pytest.mark.parametrize("method", EXACT, ids=repr)
def test_columns_are_explained_together(method):
    pipeline = linear({"good": 2.0, "bad": -3.0}, {"good": 5.0})
    (found,) = method(pipeline, [{"a": "bad good", "b": "good film"}])
    assert [heat.unit.column for heat in found] == ["a", "a", "b", "b"]
    assert [heat.score for heat in found] == pytest.approx([-3.0, 2.0, 5.0, 0.0])


def test_received_is_the_attention_of_the_model():
    (found,) = Received()(linear(WEIGHTS), [{"a": "good fine the"}])
    expected = np.exp([2.0, 1.0, 0.0])
    assert [heat.score for heat in found] == pytest.approx((expected / expected.sum()).tolist())


@pytest.mark.parametrize("method", SHARES, ids=repr)
def test_shares_sum_to_one_over_all_columns_that_have_words(method):
    pipeline = linear(WEIGHTS, WEIGHTS)
    both, one, none = method(
        pipeline, [{"a": "good bad", "b": "fine the dull"}, {"a": "good the", "b": ""}, {"a": "", "b": ""}]
    )
    assert sum(heat.score for heat in both if heat.unit.column == "a") == pytest.approx(0.5)
    assert sum(heat.score for heat in both) == pytest.approx(1.0)
    assert sum(heat.score for heat in one) == pytest.approx(1.0)
    assert none == []


@pytest.mark.parametrize("method", SHARES, ids=repr)
def test_attention_on_special_positions_is_left_out_before_shares_are_taken(method):
    pipeline = linear(WEIGHTS, honesty=EVEN)
    (row,) = pipeline.encode([{"a": "good fine bad"}])
    example = row["a"]
    owner = np.array([-1, 0, 0], dtype=np.int32)
    special = type(example)(example.cell, example.values, example.places[:1], owner, example.groups)
    assert method.scores(pipeline, [{"a": special}])[0]["a"].tolist() == [1.0]


@pytest.mark.parametrize("method", ALL, ids=repr)
def test_there_is_one_heat_per_unit_where_the_user_wrote_it(method):
    rows = [{"a": text} for text in ["good", "", "the  bad dull film", None, "fine fine"]]
    found = method(linear(WEIGHTS), rows)
    assert [len(heats) for heats in found] == [1, 0, 4, 0, 2]
    assert found[2][1].unit.text == "bad"
    assert found[2][1].unit.place == Span(5, 8)
    assert all(np.isfinite(heat.score) for heats in found for heat in heats)


@pytest.mark.parametrize("method", ALL, ids=repr)
def test_no_rows_give_no_heats(method):
    assert method(linear(WEIGHTS), []) == []


@pytest.mark.parametrize("method", ALL, ids=repr)
@pytest.mark.parametrize("training", [True, False])
def test_nothing_about_the_pipeline_is_changed(method, training):
    pipeline = linear(WEIGHTS)
    pipeline.model.train(training)
    method(pipeline, [{"a": "good bad"}])
    assert pipeline.model.training == training
    assert torch.is_grad_enabled()
    assert all(weights.grad is None and weights.requires_grad for weights in pipeline.model.parameters())


@pytest.mark.parametrize("method", ALL, ids=repr)
def test_methods_work_where_gradients_are_switched_off(method):
    with torch.no_grad():
        (found,) = method(linear(WEIGHTS), [{"a": "good bad"}])
        assert not torch.is_grad_enabled()
    assert len(found) == 2


@pytest.mark.parametrize("method", ALL[:-1], ids=repr)
def test_rows_do_not_influence_each_other(method):
    pipeline = linear(WEIGHTS)
    rows = [{"a": " ".join(["good", "the", "bad"] * k)} for k in (5, 1, 3)] * 27
    together = method(pipeline, rows)
    for row, heats in zip(rows[:3], together[:3], strict=True):
        (alone,) = method(pipeline, [row])
        assert [heat.score for heat in heats] == pytest.approx([heat.score for heat in alone])


def test_a_gap_of_completeness_is_zero_for_a_linear_model():
    gaps = completeness_gap(linear(WEIGHTS, bias=0.7), [{"a": "good bad"}, {"a": "dull"}], steps=2)
    assert gaps == pytest.approx([0.0, 0.0], abs=1e-6)
