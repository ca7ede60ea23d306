"""What is weighed is thought about afterwards: the weights are those of the attention, and the network comes behind."""

import pytest
import torch
from torch import nn

from salience.core.batch import Layout
from salience.core.errors import ConfigError
from salience.models import build_pool

LAYOUT = Layout(torch.tensor([2, 0]), 2)
VALUES = torch.tensor([[[3.0, 1.0], [10.0, 20.0]], [[9.0, 9.0], [9.0, 9.0]]])
# With equal weights the sources (3, 1) and (10, 20), as (1, -1) and (-1, 1), take each other away; with weights of 0.75
# and 0.25 there is (0.5, -0.5) left.
WEIGHTS = torch.tensor([[[0.75, 0.25]], [[0.0, 0.0]]])


def pool():
    made = build_pool({"ThenFeedForward": {"layers": 1, "dropout": 0.0}}, 2).eval()
    made.norm = nn.Identity()
    _, first, _, _, last = made.layers[0]
    with torch.no_grad():
        first.weight.zero_()
        first.bias.zero_()
        last.weight.zero_()
        last.bias.copy_(torch.tensor([10.0, 20.0]))
    return made


def test_weights_and_network_by_hand():
    with torch.no_grad():
        vector = pool().remix(WEIGHTS, VALUES, LAYOUT)
    torch.testing.assert_close(vector, torch.tensor([[10.5, 19.5], [0.0, 0.0]]), rtol=1e-4, atol=1e-4)


def test_the_record_is_that_of_the_attention():
    made = pool()
    with torch.no_grad():
        vector, record = made(VALUES, LAYOUT)
        _, own = made.look(made.entry(VALUES), LAYOUT)
        torch.testing.assert_close(record.weights(), own.weights())
        torch.testing.assert_close(vector, made.remix(record.weights()[:, :, 0], VALUES, LAYOUT))


def test_a_long_vector_cannot_make_up_for_a_small_weight():
    made = pool()
    longer = VALUES.clone()
    longer[0, 1] *= 7
    with torch.no_grad():
        torch.testing.assert_close(
            made.remix(WEIGHTS, longer, LAYOUT), made.remix(WEIGHTS, VALUES, LAYOUT), rtol=1e-4, atol=1e-4
        )


def test_the_answer_may_depend_on_two_positions_together():
    torch.manual_seed(0)
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    target = signs.prod(1)
    model = nn.ModuleDict({"pool": build_pool("ThenFeedForward", 8), "head": nn.Linear(8, 1)})
    names, along = torch.randn(2, 8), torch.randn(2, 8)
    values, layout = names + signs[..., None] * along, Layout(torch.full((4,), 2), 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        answer = model["head"](model["pool"](values, layout)[0]).squeeze(1)
        optimizer.zero_grad()
        (answer - target).square().mean().backward()
        optimizer.step()
    assert (answer.sign() == target).all()


def test_no_layer_is_refused():
    with pytest.raises(ConfigError, match="expected at least 1 layer, got 0") as caught:
        build_pool({"ThenFeedForward": {"layers": 0}}, 2)
    assert caught.value.fix == "or use its attention as pool"
