"""A network that is told to look where it looks answers as before, and otherwise as worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from salience.core.errors import NotAvailable
from salience.models.intervene import last_look
from tests.models.networks.cases import NETWORKS, SHAPE, B, Case, F, make, windows

EXACT = {"rtol": 1e-10, "atol": 1e-10}
WITHOUT = ("DLinear", "NLinear")
LOOKING = [(case, shape) for case in NETWORKS if case.name not in WITHOUT for shape in case.shapes]


def identity(case_and_shape) -> str:
    case, shape = case_and_shape
    return f"{case}-{shape.future}"


@pytest.mark.parametrize("row", LOOKING, ids=identity)
def test_the_own_weights_give_the_own_answer(row) -> None:
    network = make(*row)
    batch = windows(network)
    found = last_look(network, batch)
    torch.testing.assert_close(found.told(found.weights), network(batch).raw, **EXACT)
    for each in found.looks:
        torch.testing.assert_close(each.weights.sum(-1), torch.ones_like(each.weights[..., 0]), **EXACT)
        assert each.seen.shape == (B, *each.weights.shape[2:])


@pytest.mark.parametrize("row", LOOKING, ids=identity)
def test_each_look_changes_the_answer(row) -> None:
    network = make(*row)
    found = last_look(network, windows(network))
    own = found.told(found.weights)
    with torch.no_grad():
        # Networks that begin as linear ones hardly listen to their attention at first.
        for each in network.parameters():
            each.mul_(2.0)
    found = last_look(network, windows(network))
    own = found.told(found.weights)
    for number, each in enumerate(found.looks):
        other = list(found.weights)
        other[number] = each.shuffled(torch.Generator().manual_seed(0))
        assert (found.told(other) - own).abs().max() > 1e-8


@pytest.mark.parametrize("row", LOOKING, ids=identity)
def test_other_weights_are_differentiable(row) -> None:
    network = make(*row)
    found = last_look(network, windows(network))
    logits = [torch.zeros_like(each).requires_grad_() for each in found.weights]
    told = found.told([each.normalised(of) for each, of in zip(found.looks, logits, strict=True)])
    gradients = torch.autograd.grad(told.square().sum(), logits)
    assert all(each.abs().sum() > 0 for each in gradients)


def test_the_attention_of_a_recurrent_network_by_hand() -> None:
    network = make(Case("RecurrentAttention", {"width": 6, "heads": 2}), replace(SHAPE, targets=(0,), outputs=1))
    with torch.no_grad():
        for each in (network.attention.value, network.attention.out):
            each.weight.copy_(torch.eye(6)), each.bias.zero_()
        network.head.weight.zero_(), network.head.bias.zero_()
        # The answer is the first channel of what was looked up.
        network.head.weight[0, 6] = 1.0
    batch = windows(network)
    found = last_look(network, batch)
    states, _ = network.past(network.embed(batch)[SHAPE.column][:, : SHAPE.look_back])
    fifth = torch.zeros_like(found.weights[0])
    fifth[..., 5] = 1.0
    window = batch.streams[SHAPE.column].values[:, : SHAPE.look_back, 0]
    level, scale = window.mean(1), (window.var(1, correction=0) + 1e-5).sqrt()
    expected = (states[:, 5, 0] * scale + level)[:, None].expand(B, F)
    torch.testing.assert_close(found.told([fifth]), expected, **EXACT)
    torch.testing.assert_close(
        found.told([found.looks[0].equal()]), (states[..., 0].mean(1) * scale + level)[:, None].expand(B, F), **EXACT
    )


def test_what_all_weight_of_a_selection_is_on_is_all_that_is_read() -> None:
    network = make(Case("TemporalFusion", {"width": 6, "heads": 2}))
    batch = windows(network)
    found = last_look(network, batch)
    selection, attention = found.looks
    first = torch.zeros_like(selection.weights)
    first[..., 0] = 1.0
    told = found.told([first, attention.equal()])
    values = batch.streams[SHAPE.column].values.clone()
    level = values.unflatten(1, (-1, SHAPE.variables))
    # Another course of the second variable, which is not forecast: at the same level and scale, nothing of it is read.
    level[:, :, 1] = level[:, :, 1].flip(1)
    batch.streams[SHAPE.column].values.copy_(level.flatten(1, 2))
    again = last_look(network, batch)
    torch.testing.assert_close(again.told([first, attention.equal()]), told, **EXACT)
    assert (again.told(again.weights) - found.told(found.weights)).abs().max() > 1e-6


def test_steps_count_in_a_selection_for_what_the_attention_gives_them() -> None:
    network = make(Case("TemporalFusion", {"width": 6, "heads": 2}), replace(SHAPE, future=2))
    found = last_look(network, windows(network))
    past, ahead, attention = found.looks
    assert (past.counts.shape, ahead.counts.shape) == ((B, SHAPE.look_back), (B, F))
    together = torch.cat([past.counts, ahead.counts], dim=1)
    torch.testing.assert_close(together, attention.weights.mean((1, 2)), **EXACT)


def test_patches_look_within_their_variable_and_only_targets_are_told() -> None:
    network = make(Case("PatchTST", {"width": 6, "heads": 2}))
    found = last_look(network, windows(network))
    patches = SHAPE.look_back // SHAPE.patch
    assert found.weights[0].shape == (B, 2, len(SHAPE.targets) * patches, patches)
    assert found.note == (
        "replaced is the attention between stretches in the last layer, before the sum whose parts are told"
    )


def test_a_layer_that_looks_nowhere_adds_only_its_biases() -> None:
    network = make(Case("ITransformer", {"width": 6, "heads": 2, "layers": 1}))
    batch = windows(network)
    found = last_look(network, batch)
    layer = network.layers[0]
    with torch.no_grad():
        layer.feedforward[-2].weight.zero_(), layer.feedforward[-2].bias.zero_()
        nn.init.eye_(layer.attention.out.weight), nn.init.eye_(layer.attention.value.weight)
    values = network.embed(batch)[SHAPE.column]
    last = torch.zeros_like(found.weights[0])
    last[..., 1] = 1.0
    # Both targets read the second variable, normalised, and add it to themselves.
    held = values[:, list(SHAPE.targets)] + layer.attention_norm(values)[:, 1:2]
    torch.testing.assert_close(found.told([last]), network._forecast(held, batch), **EXACT)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_sum_has_no_attention_to_replace(name) -> None:
    network = make(next(each for each in NETWORKS if each.name == name))
    with pytest.raises(NotAvailable, match=f"{name} has no attention that could be given other weights"):
        last_look(network, windows(network))
