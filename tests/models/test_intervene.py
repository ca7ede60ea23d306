"""Own weights give the own answer, others another one, and who cannot says so."""

import inspect

import pytest
import torch
from torch import nn

import salience.attention as mechanisms
from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import NotAvailable
from salience.models import assemble, pools
from salience.models.intervene import LastLook
from salience.pipeline import Pipeline

TEXTS = ["a fine film of the kind", "bad bad", "fine", "the a kind of bad film and more of it"]


def pipeline(pool, columns=("text",), encoder="Recurrent"):
    made = Pipeline(
        {name: {"Text": {"min_count": 1}} for name in columns},
        "Classification",
        model={"width": 8, "encoder": encoder, "pool": pool},
    )
    rows = [dict.fromkeys(columns, each) for each in TEXTS]
    made.learn(rows, ["yes", "no", "yes", "no"], seed=3)
    made.model.eval()
    return made, made.collate(made.encode(rows))


def _can_be_told(pool):
    """Its vector is a function of weights, and a text has all it needs."""
    return hasattr(pool, "remix") and not getattr(pool, "needs", ())


REMIX = [name for name in pools.__all__ if name != "Max" and _can_be_told(getattr(pools, name))]


@pytest.mark.parametrize("name", REMIX)
def test_the_own_weights_give_the_own_answer(name):
    made, batch = pipeline(name, columns=("one", "two"))
    look = LastLook(made.model, batch)
    torch.testing.assert_close(look.answer(look.weights), made.model(batch).raw)


@pytest.mark.parametrize("name", ["Additive", "MultiHead", "Mean"])
def test_other_weights_give_another_answer(name):
    made, batch = pipeline(name)
    look = LastLook(made.model, batch)
    first = [torch.zeros_like(each) for each in look.weights]
    first[0][:, :, 0] = 1
    assert not torch.allclose(look.answer(first), look.answer(look.weights), atol=1e-4)


def test_all_on_one_position_is_the_answer_to_that_position():
    made, batch = pipeline("Additive", encoder="Identity")
    look = LastLook(made.model, batch)
    first = torch.zeros_like(look.weights[0])
    first[:, :, 0] = 1
    alone = made.collate(made.encode([{"text": each.split()[0]} for each in TEXTS]))
    torch.testing.assert_close(look.answer([first]), made.model(alone).raw)


def test_a_maximum_is_no_function_of_weights():
    made, batch = pipeline("Max")
    look = LastLook(made.model, batch)
    with pytest.raises(NotAvailable, match="what Max gives is no function of its weights"):
        look.answer(look.weights)


def test_a_mechanism_without_the_method_is_refused_as_well():
    made, batch = pipeline("Additive")
    made.model.pools[0].mechanism = torch.nn.Identity()
    with pytest.raises(NotAvailable, match="what Identity gives is no function of its weights"):
        made.model.pools[0].remix(torch.ones(1, 1, 1), torch.ones(1, 1, 8), batch.streams["text"].layout)


def test_a_model_of_others_has_no_pools():
    _, batch = pipeline("Mean")
    with pytest.raises(NotAvailable, match="Linear has no pool that could be given other weights"):
        LastLook(torch.nn.Linear(1, 1), batch)


def test_the_method_is_public_where_it_is():
    assert inspect.signature(mechanisms.Additive.remix) == inspect.signature(mechanisms.Dot.remix)


def test_the_steps_of_tabnet_are_told_in_place_of_its_pool() -> None:
    torch.manual_seed(0)
    stem = type("Values", (nn.Module,), {"forward": lambda self, stream: stream.values})
    model = assemble({"a": lambda _: stem()}, lambda width: nn.Linear(width, 3), {"a": ()}, width=4, encoder="TabNet")
    model.eval()
    batch = Batch({"a": Stream(torch.randn(5, 7, 4), Layout(torch.tensor([7, 2, 1, 5, 3]), 7))})
    look = LastLook(model, batch)
    assert look.weights[0].shape == (5, 3, 7)
    torch.testing.assert_close(look.answer(look.weights), model(batch).raw)
    # One mask stands for all steps.
    uniform = look.layouts[0].mask[:, None] / look.layouts[0].lengths[:, None, None]
    torch.testing.assert_close(look.answer([uniform]), look.answer([uniform.expand(-1, 3, -1)]))
    assert (look.answer([uniform]) - model(batch).raw).abs()[0].max() > 1e-4
