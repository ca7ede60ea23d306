"""Several models side by side answer with their average, and gradients and other weights reach each of them."""

import pytest
import torch
from torch.testing import assert_close

from salience.core.errors import ConfigError
from salience.models import Ensemble
from salience.models.intervene import last_look
from salience.pipeline import Pipeline

TEXTS = ["a fine film of the kind", "bad bad", "fine", "the a kind of bad film and more of it"]


@pytest.fixture(scope="module", params=["Classification", "Regression"])
def made(request):
    rows = [{"one": each, "two": each[::-1]} for each in TEXTS]
    inputs = {column: {"Text": {"min_count": 1}} for column in ("one", "two")}
    targets = [2.0, -1.0, 0.5, 3.0] if request.param == "Regression" else ["yes", "no", "yes", "so so"]
    pipeline = Pipeline(inputs, request.param, model={"width": 7, "pool": {"MultiHead": {"heads": 1}}})
    pipeline.learn(rows, targets, seed=5, seeds=3)
    pipeline.model.eval()
    return pipeline, pipeline.collate(pipeline.encode(rows))


def test_members_have_the_weights_of_seeds_that_follow_each_other(made):
    pipeline, _ = made
    for number, member in enumerate(pipeline.members):
        alone = Pipeline(pipeline.config["inputs"], pipeline.config["task"], model=pipeline.config["model"])
        alone.modalities, alone.task = pipeline.modalities, pipeline.task
        alone._assemble(5 + number, 1)
        for name, weights in alone.model.state_dict().items():
            assert torch.equal(member.model.state_dict()[name], weights), name


def test_the_answer_is_the_average_of_the_members(made):
    pipeline, batch = made
    output = pipeline.model(batch)
    alone = [member.model(batch).raw for member in pipeline.members]
    for told, each in zip(output.members, alone, strict=True):
        assert_close(told.raw, each)
    if pipeline.config["task"] == "Regression":
        assert_close(output.raw, (alone[0] + alone[1] + alone[2]) / 3)
    else:
        assert_close(output.raw.softmax(-1), sum(each.softmax(-1) for each in alone) / 3)
    assert output.records == {}
    assert set(output.members[0].records) == {"one", "two"}


def test_embeddings_stand_side_by_side_and_reach_their_own_member_only(made):
    pipeline, batch = made
    embedded = {column: each.detach().requires_grad_() for column, each in pipeline.model.embed(batch).items()}
    assert embedded["one"].shape[-1] == 3 * 7
    output = pipeline.model.read(embedded, batch)
    (slope,) = torch.autograd.grad(output.members[1].raw[:, 0].sum(), embedded["one"])
    assert slope[..., 7:14].abs().sum() > 0
    assert not slope[..., :7].any()
    assert not slope[..., 14:].any()


def test_the_own_weights_of_all_members_give_the_own_answer_and_even_ones_another(made):
    pipeline, batch = made
    with torch.no_grad():
        look = last_look(pipeline.model, batch)
        assert len(look.weights) == 3 * 2
        assert_close(look.told(look.weights), pipeline.model(batch).raw)
        even = [each.equal() for each in look.looks]
        assert not torch.allclose(look.told(even), pipeline.model(batch).raw, atol=1e-6)


def test_one_model_is_no_ensemble(made):
    pipeline, _ = made
    with pytest.raises(ConfigError, match="an ensemble has at least two members, got 1"):
        Ensemble([pipeline.members[0].model], pipeline.task.average)
