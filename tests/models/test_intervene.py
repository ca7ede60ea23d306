"""Own weights give the own answer, others another one, and who cannot says so."""

import inspect

import pytest
import torch
from torch import nn

import salience.attention as mechanisms
from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import NotAvailable
from salience.models import assemble, pools
from salience.models.intervene import Look, last_look
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
    look = last_look(made.model, batch)
    torch.testing.assert_close(look.told(look.weights), made.model(batch).raw)


@pytest.mark.parametrize("name", ["Additive", "MultiHead", "Mean"])
def test_other_weights_give_another_answer(name):
    made, batch = pipeline(name)
    look = last_look(made.model, batch)
    first = [torch.zeros_like(each) for each in look.weights]
    first[0][..., 0] = 1
    assert not torch.allclose(look.told(first), look.told(look.weights), atol=1e-4)


def test_all_on_one_position_is_the_answer_to_that_position():
    made, batch = pipeline("Additive", encoder="Identity")
    look = last_look(made.model, batch)
    first = torch.zeros_like(look.weights[0])
    first[..., 0] = 1
    alone = made.collate(made.encode([{"text": each.split()[0]} for each in TEXTS]))
    torch.testing.assert_close(look.told([first]), made.model(alone).raw)


def test_a_maximum_is_no_function_of_weights():
    made, batch = pipeline("Max")
    look = last_look(made.model, batch)
    with pytest.raises(NotAvailable, match="what Max gives is no function of its weights"):
        look.told(look.weights)


def test_a_mechanism_without_the_method_is_refused_as_well():
    made, batch = pipeline("Additive")
    made.model.pools[0].mechanism = torch.nn.Identity()
    with pytest.raises(NotAvailable, match="what Identity gives is no function of its weights"):
        made.model.pools[0].remix(torch.ones(1, 1, 1), torch.ones(1, 1, 8), batch.streams["text"].layout)


def test_a_model_of_others_has_no_pools():
    _, batch = pipeline("Mean")
    with pytest.raises(NotAvailable, match="Linear has no pool that could be given other weights"):
        last_look(torch.nn.Linear(1, 1), batch)


def test_the_method_is_public_where_it_is():
    assert inspect.signature(mechanisms.Additive.remix) == inspect.signature(mechanisms.Dot.remix)


def test_the_steps_of_tabnet_are_told_in_place_of_its_pool() -> None:
    torch.manual_seed(0)
    stem = type("Values", (nn.Module,), {"forward": lambda self, stream: stream.values})
    model = assemble({"a": lambda _: stem()}, lambda width: nn.Linear(width, 3), {"a": ()}, width=4, encoder="TabNet")
    model.eval()
    batch = Batch({"a": Stream(torch.randn(5, 7, 4), Layout(torch.tensor([7, 2, 1, 5, 3]), 7))})
    look = last_look(model, batch)
    assert look.weights[0].shape == (5, 3, 1, 7)
    torch.testing.assert_close(look.told(look.weights), model(batch).raw)
    # One mask stands for all steps.
    uniform = look.looks[0].equal()
    torch.testing.assert_close(look.told([uniform]), look.told([uniform[:, :1]]))
    assert (look.told([uniform]) - model(batch).raw).abs()[0].max() > 1e-4


def test_equal_weights_keep_their_sums_and_shuffled_ones_their_numbers() -> None:
    weights = torch.tensor(
        [[[[0.5, 0.3, 0.0, 0.2], [0.0, 0.0, 0.0, 0.0]], [[0.1, 0.2, 0.0, 0.1], [0.0, 0.0, 0.0, 0.0]]]]
    )
    look = Look(weights, torch.tensor([[[True, True, False, True], [False] * 4]]))
    third, rest = 1 / 3, 0.4 / 3
    expected = [[[third, third, 0.0, third], [0.0] * 4], [[rest, rest, 0.0, rest], [0.0] * 4]]
    torch.testing.assert_close(look.equal()[0], torch.tensor(expected))
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(50):
        dealt = look.shuffled(generator)
        torch.testing.assert_close(dealt.sort(-1).values, weights.sort(-1).values, rtol=0, atol=0)
        assert (dealt[..., 2] == 0).all()
        # Heads are dealt out alike: what one head gives to the first source decides what the other one gives.
        pairs = {(0.5, 0.1), (0.3, 0.2), (0.2, 0.1)}
        assert (round(dealt[0, 0, 0, 0].item(), 4), round(dealt[0, 1, 0, 0].item(), 4)) in pairs
        seen.add(tuple(dealt[0, 0, 0].tolist()))
    assert len(seen) == 6


def test_logits_become_weights_of_the_same_sums() -> None:
    weights = torch.tensor([[[[0.25, 0.25, 0.0], [0.0, 0.0, 0.0]]]])
    look = Look(weights, torch.tensor([[[True, True, False], [False, False, False]]]))
    logits = torch.tensor([0.0, 2.0, 9.0]).log().expand(4, 1, 1, 2, 3)
    assert look.normalised(logits).tolist() == [[[[[0.0, 0.5, 0.0], [0.0, 0.0, 0.0]]]]] * 4


def test_queries_count_as_much_of_the_answer_as_they_hold() -> None:
    seen = torch.tensor([[[True, True], [True, False], [False, False]]])
    values = torch.tensor([[2.0, 4.0, 100.0]])
    plain = Look(torch.zeros(1, 1, 3, 2), seen)
    assert plain.over_queries(values).tolist() == [3.0]
    # Only the first one has a choice.
    assert plain.over_queries(values, least=2).tolist() == [2.0]
    assert Look(torch.zeros(1, 1, 3, 2), seen, torch.tensor([[0.25, 0.75, 0.0]])).over_queries(values).tolist() == [3.5]
    assert plain.over_queries(values, least=3).tolist() == [0.0]


def test_padding_stays_behind() -> None:
    weights = torch.rand(2, 3, 1, 7) * torch.tensor([[True] * 7, [True] * 3 + [False] * 4])[:, None, None]
    look = Look(weights, weights[:, 0] > 0)
    dealt = look.shuffled(torch.Generator().manual_seed(0))
    torch.testing.assert_close(dealt.sort(-1).values, weights.sort(-1).values, rtol=0, atol=0)
    assert (dealt[1, ..., 3:] == 0).all()
