"""A guided model looks where it is told, and is otherwise the model it was."""

import pytest
import torch

from salience.core.errors import NotAvailable
from salience.models import Ensemble
from salience.models.guided import Guided, follow, uniform
from salience.pipeline import Pipeline

TEXTS = ["a fine film of the kind", "bad bad", "fine", "", "the a kind of bad film. and more of it."]
LABELS = ["yes", "no", "yes", "no", "no"]


def pipeline(pool="Additive", *, encoder="Recurrent", columns=("text",), seed=3):
    made = Pipeline(
        {name: {"Text": {"min_count": 1}} for name in columns},
        "Classification",
        model={"width": 8, "encoder": encoder, "pool": pool, "dropout": 0.0},
    )
    made.learn([dict.fromkeys(columns, each) for each in TEXTS], LABELS, seed=seed)
    made.model.eval()
    return made, made.collate(made.encode([dict.fromkeys(columns, each) for each in TEXTS]))


@pytest.mark.parametrize("pool", ["Additive", "Mean", "Dot"])
def test_a_model_that_follows_itself_is_itself(pool):
    made, batch = pipeline(pool, columns=("one", "two"))
    guided, plain = Guided(made.model, follow(made.model))(batch), made.model(batch)
    torch.testing.assert_close(guided.raw, plain.raw)
    for column in ("one", "two"):
        torch.testing.assert_close(guided.records[column][-1].weights(), plain.records[column][-1].weights())


def test_the_same_weight_everywhere_is_the_mean():
    made, batch = pipeline("Additive")
    mean, _ = pipeline("Mean")
    mean.model.load_state_dict(made.model.state_dict(), strict=False)
    torch.testing.assert_close(Guided(made.model, uniform)(batch).raw, mean.model(batch).raw)


def test_the_records_are_those_of_the_guide_and_padding_has_no_weight():
    made, batch = pipeline()
    other, _ = pipeline(seed=4)
    output = Guided(made.model, follow(other.model))(batch)
    weights = output.records["text"][-1].weights()[:, 0, 0]
    torch.testing.assert_close(weights, other.model(batch).records["text"][-1].weights()[:, 0, 0])
    assert (weights[~batch.streams["text"].layout.mask] == 0).all()


def test_the_guide_learns_nothing_and_is_not_saved():
    made, batch = pipeline()
    other, _ = pipeline(seed=4)
    guided = Guided(made.model, follow(other.model))
    guided(batch).raw.square().sum().backward()
    assert all(each.grad is None for each in other.model.parameters())
    assert all(each.grad is not None for each in made.model.encoders.parameters())
    assert all(each.grad is None for each in made.model.pools[0].mechanism.parameters())
    assert set(guided.state_dict()) == {f"model.{name}" for name in made.model.state_dict()}


def test_it_stands_in_for_the_model_of_a_pipeline():
    made, _ = pipeline()
    plain = made.raw(made.encode(TEXTS))
    made.model = Guided(made.model, follow(made.model))
    torch.testing.assert_close(made.raw(made.encode(TEXTS)), plain)
    assert made.model.columns == ("text",)


def test_only_a_single_model_of_ours_is_led_and_only_by_one_that_sees_the_same_positions():
    with pytest.raises(NotAvailable, match="Linear has no pools that a guide could lead"):
        Guided(torch.nn.Linear(1, 1), uniform)
    made, batch = pipeline()
    with pytest.raises(NotAvailable, match="the guide sees 2 positions, and the pool") as error:
        Guided(made.model, lambda *_: [torch.ones(len(TEXTS), 1, 2)])(batch)
    assert error.value.where == "the column 'text'"


def test_an_ensemble_has_more_looks_than_a_model_has_pools():
    made, batch = pipeline()
    both = Ensemble([made.model, pipeline(seed=4)[0].model], made.task.average)
    with pytest.raises(NotAvailable, match="the guide tells 2 looks where to go, and the model has 1 pools"):
        Guided(made.model, follow(both))(batch)
