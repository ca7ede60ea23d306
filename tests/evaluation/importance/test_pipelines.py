"""Every method on real models: all encoders, several pools, all tasks."""

import numpy as np
import pytest
import torch

from salience.evaluation.importance import (
    GradientXInput,
    IntegratedGradients,
    LeaveOneOut,
    Received,
    Rollout,
    completeness_gap,
)
from salience.models import encoders
from salience.pipeline import Pipeline

TEXTS = [
    "A good film. The cast is fine, and the music too.",
    "bad",
    "",
    "Dull! I left. What a dull film; nobody could want to see it twice.",
    "fine fine fine",
]
# Pretrained weights are no part of these tests, and texts have no edges.
ENCODERS = [name for name in encoders.__all__ if name not in ("GraphStack", "Pretrained")]
METHODS = [Received(), Rollout(), GradientXInput(), IntegratedGradients(steps=4), LeaveOneOut(), LeaveOneOut(parts=3)]


def pipeline(encoder="Convolution", *, pool="Additive", task="Classification", columns=1):
    names = ["text", "title"][:columns]
    targets = {"Classification": list("abcab"), "MultiLabel": [["a"], ["a", "b"], [], ["c"], ["b"]]}
    made = Pipeline(
        {name: {"Text": {"min_count": 1}} for name in names}, task, model={"width": 8, "encoder": encoder, "pool": pool}
    )
    rows = rows_of(columns)
    return made.learn(rows, targets.get(task, [1.0, 2.0, 3.0, 4.0, 5.0]))


def rows_of(columns):
    return [dict(zip(["text", "title"][:columns], [text, text[:9]], strict=False)) for text in TEXTS]


def numbers(heats):
    return [heat.score for heat in heats]


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_every_method_explains_every_encoder(method, encoder):
    made = pipeline(encoder, columns=2)
    rows = rows_of(2)
    found = method(made, rows)
    expected = [
        [unit for name, each in row.items() for unit in made.modalities[name].units(each, name)]
        for row in made.encode(rows)
    ]
    assert [[heat.unit for heat in heats] for heats in found] == expected
    assert all(np.isfinite(numbers(heats)).all() for heats in found)
    assert found[2] == []
    if isinstance(method, Received | Rollout):
        assert [sum(numbers(heats)) for heats in found] == pytest.approx([1, 1, 0, 1, 1], abs=1e-6)
        assert all(min(numbers(heats), default=0) >= 0 for heats in found)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_padding_changes_nothing(method, encoder):
    made = pipeline(encoder)
    together = method(made, rows_of(1))
    for row, heats in zip(rows_of(1), together, strict=True):
        (alone,) = method(made, [row])
        assert numbers(heats) == pytest.approx(numbers(alone), abs=1e-5)


@pytest.mark.parametrize("task", ["Classification", "MultiLabel", "Regression"])
@pytest.mark.parametrize("method", METHODS[2:], ids=repr)
def test_every_task_is_explained(method, task):
    found = method(pipeline(task=task), rows_of(1))
    assert all(np.abs(numbers(heats)).max() > 0 for heats in found if heats)


@pytest.mark.parametrize(
    # Where embeddings are normalised, nearly all of the change happens close to nothing, and sparse masks have kinks:
    # both take many steps.
    ("encoder", "steps"),
    [(encoder, 256 if encoder in ("Transformer", "TabNet") else 50) for encoder in ENCODERS],
)
def test_integrated_gradients_add_up_when_there_are_enough_steps(encoder, steps):
    few, many = (completeness_gap(pipeline(encoder), rows_of(1)[:2], steps=each).max() for each in (2, steps))
    assert many < 1e-3
    # Where two steps are exact, rounding remains.
    assert many <= max(few, 1e-6)


def test_gradients_of_a_linear_model_add_up_without_steps():
    # With two classes, words that are averaged, and a bias, the log-odds are linear in the embeddings.
    made = Pipeline(
        {"text": {"Text": {"min_count": 1}}},
        "Classification",
        model={"width": 8, "encoder": "Identity", "pool": "Mean"},
    )
    made.learn(rows_of(1), list("ababa"))
    for gradient, integrated in zip(
        GradientXInput()(made, rows_of(1)), IntegratedGradients()(made, rows_of(1)), strict=True
    ):
        assert numbers(gradient) == pytest.approx(numbers(integrated), abs=1e-6)
    assert completeness_gap(made, rows_of(1), steps=1).max() < 1e-6


@pytest.mark.parametrize("encoder", ENCODERS)
def test_leave_one_out_is_the_answer_to_the_text_without_the_word(encoder):
    made = pipeline(encoder)
    raw = made.raw(made.encode([{"text": "a good film"}]))
    choice = made.task.choose(raw)
    shorter = made.raw(made.encode([{"text": text} for text in ("good film", "a film", "a good")]))
    expected = made.task.focus(raw, choice) - made.task.focus(shorter, choice.expand(3))
    (found,) = LeaveOneOut()(made, [{"text": "a good film"}])
    assert numbers(found) == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.mark.parametrize("pool", ["Additive", "Dot", "MultiHead", "Mean"])
def test_received_is_what_the_pool_says(pool):
    made = pipeline(pool=pool)
    (row,) = made.encode(rows_of(1)[:1])
    ((_, _, output),) = made.outputs([row])
    expected = output.records["text"][-1].weights().mean(1)[0, 0]
    (found,) = Received()(made, rows_of(1)[:1])
    assert numbers(found) == pytest.approx(expected.tolist(), abs=1e-6)


def test_rollout_differs_from_received_where_positions_attend_to_each_other():
    made = pipeline("Transformer")
    received, rolled = Received()(made, rows_of(1)), Rollout()(made, rows_of(1))
    assert numbers(received[0]) != pytest.approx(numbers(rolled[0]), abs=1e-3)
    plain = pipeline("Convolution")
    assert numbers(Received()(plain, rows_of(1))[0]) == numbers(Rollout()(plain, rows_of(1))[0])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_no_gradient_is_left_behind_and_no_weight_changes(method, encoder):
    made = pipeline(encoder)
    before = {name: weights.clone() for name, weights in made.model.state_dict().items()}
    made.model.train()
    method(made, rows_of(1))
    assert made.model.training
    assert all(weights.grad is None for weights in made.model.parameters())
    assert all(torch.equal(before[name], weights) for name, weights in made.model.state_dict().items())
