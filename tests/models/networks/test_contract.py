"""What every network keeps, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import ConfigError, DataError
from salience.models import networks
from salience.models.flow import position_weights, rollout
from salience.models.networks.network import WindowShape
from tests.models.networks.cases import (
    NETWORKS,
    PATCH,
    SHAPE,
    B,
    Case,
    F,
    V,
    make,
    of,
    one_variable_after_the_other,
    windows,
)

EXACT = {"rtol": 1e-10, "atol": 1e-12}  # float64, sums in another order

each_network = pytest.mark.parametrize("case", NETWORKS, ids=str)
each_shape = pytest.mark.parametrize(
    ("case", "shape"),
    [pytest.param(case, shape, id=f"{case}-future={shape.future}") for case in NETWORKS for shape in case.shapes],
)


def test_every_network_has_a_row() -> None:
    assert {case.name for case in NETWORKS} == set(networks.__all__)


@each_shape
def test_an_answer_has_all_numbers_of_all_targets(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    assert network(windows(network)).raw.shape == (B, F * 2 * 2)
    assert network.columns == ("a.b",)


@each_shape
def test_records_lead_from_positions_to_the_answer(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    size = shape.positions[network.elements][0]
    records = network(windows(network)).records["a.b"]
    for record in records:
        assert (record.shape[0], record.shape[3]) == (B, size)
        size = record.shape[2]
    assert size in (shape.horizon, len(shape.targets))


@each_shape
def test_the_rows_of_records_sum_to_one(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    for record in network(windows(network)).records["a.b"]:
        assert record.normalised
        assert (record.asked == record.shape[2]).all()
        sums = record.weights().sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), **EXACT)


@each_shape
def test_what_a_record_tells_agrees_with_its_rows(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    for record in network(windows(network)).records["a.b"]:
        asking = torch.rand(B, record.shape[2], dtype=torch.float64)
        expected = torch.einsum("bhts,bt->bhs", record.weights(), asking)
        torch.testing.assert_close(record.received(asking), expected, **EXACT)
        torch.testing.assert_close(record.received().double(), record.weights().mean(2), rtol=1e-5, atol=1e-6)
        some = torch.tensor([record.shape[2] - 1, 0])
        torch.testing.assert_close(record.rows(some), record.weights()[:, :, some], **EXACT)


@each_shape
def test_importances_of_positions_sum_to_one(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    records = network(windows(network)).records["a.b"]
    for weights in (position_weights(records), rollout(records)):
        assert weights.shape == (B, shape.positions[network.elements][0])
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.double().sum(-1), torch.ones(B).double(), rtol=1e-5, atol=0)


@each_network
def test_a_network_says_whether_it_reads_more_than_the_targets(case: Case) -> None:
    assert make(case).alone == case.independent


@each_shape
def test_the_steps_of_a_forecast_together_are_the_whole(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    records = network(windows(network)).records["a.b"]
    queries = records[-1].shape[2]
    assert queries == (F if network.steps_apart else len(shape.targets))
    asked = torch.eye(queries, dtype=torch.float64)[:, None].expand(-1, B, -1)
    for flow in (position_weights, rollout):
        steps = [flow(records, each).double() for each in asked]
        for each in steps:
            torch.testing.assert_close(each.sum(-1), torch.ones(B).double(), rtol=1e-5, atol=0)
        torch.testing.assert_close(torch.stack(steps).mean(0), flow(records).double(), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@each_network
def test_waves_are_learned(case: Case) -> None:
    network = make(case, replace(SHAPE, outputs=1)).float().train()
    phase = torch.rand(64, 1, V) * 2 * torch.pi
    steps = torch.arange(SHAPE.look_back + F)[:, None] * 2 * torch.pi / PATCH
    waves = torch.sin(steps + phase)  # [64, L + F, V]
    past, ahead = waves[:, : SHAPE.look_back], waves[:, SHAPE.look_back :, [2, 0]].flatten(1)
    values = past if network.elements in ("times", "cells") else past.transpose(1, 2)
    batch = of(network, values.reshape(64, *network.shape.positions[network.elements]))
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(batch).raw, ahead).backward()
        optimiser.step()
    # The error of the best constant forecast is one half; these have six channels and few steps.
    assert torch.nn.functional.mse_loss(network.eval()(batch).raw, ahead).item() < 0.25


@each_network
def test_looking_changes_nothing(case: Case) -> None:
    network = make(case)
    batch = windows(network)
    before = network(batch)
    for record in before.records["a.b"]:
        record.received()
    assert torch.equal(before.raw, network(batch).raw)


@each_network
def test_windows_do_not_see_each_other(case: Case) -> None:
    network = make(case)
    values = windows(network).streams["a.b"].values
    together, alone = network(of(network, values)), network(of(network, values[2:3]))
    torch.testing.assert_close(together.raw[2:3], alone.raw, **EXACT)
    for many, one in zip(together.records["a.b"], alone.records["a.b"], strict=True):
        torch.testing.assert_close(many.weights()[2:3], one.weights(), **EXACT)


@each_shape
def test_every_parameter_and_every_past_position_learns(case: Case, shape: WindowShape) -> None:
    network = make(case, shape)
    batch = windows(network)
    embedded = {column: each.detach().requires_grad_() for column, each in network.embed(batch).items()}
    raw = network.read(embedded, batch).raw
    (reached,) = torch.autograd.grad((raw * torch.randn_like(raw)).sum(), list(embedded.values()))
    if not case.independent:
        assert (reached.abs().sum(-1) > 0).all()
    raw = network(batch).raw
    (raw * torch.randn_like(raw)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


@each_network
def test_the_state_of_a_network_returns(case: Case) -> None:
    network, other = make(case), make(case)
    for each in other.parameters():
        each.data.normal_()
    other.load_state_dict(network.state_dict())
    assert torch.equal(other(windows(network)).raw, network(windows(network)).raw)


@each_network
def test_float32_is_close_to_float64(case: Case) -> None:
    network = make(case)
    exact, batch = network(windows(network)).raw, windows(network)
    values = batch.streams["a.b"].values.float()
    rough = network.float()(of(network, values)).raw
    assert rough.dtype == torch.float32
    # A thousand roundings of numbers about one.
    torch.testing.assert_close(rough.double(), exact, rtol=0, atol=1000 * torch.finfo(torch.float32).eps)


@pytest.mark.parametrize("case", [case for case in NETWORKS if case.equivariant], ids=str)
def test_variables_may_stand_in_any_order(case: Case) -> None:
    shape, order = replace(SHAPE, targets=(0, 1, 2)), torch.tensor([2, 0, 1])
    network = make(case, shape)
    values = windows(network).streams["a.b"].values
    apart = one_variable_after_the_other(network, values)
    shuffled = torch.empty_like(values)
    one_variable_after_the_other(network, shuffled).copy_(apart[:, order])
    straight, other = network(of(network, values)).raw, network(of(network, shuffled)).raw
    straight, other = (each.unflatten(1, (F, V, 2)) for each in (straight, other))
    torch.testing.assert_close(straight[:, :, order], other, **EXACT)


@each_network
def test_variables_see_each_other_or_not(case: Case) -> None:
    network = make(case)
    values = windows(network).streams["a.b"].values
    changed = values.clone()
    # A change of shape, because level and scale are taken away; of the variable that is no target.
    other = one_variable_after_the_other(network, changed)[:, 1]
    other.copy_(torch.randn_like(other))
    same = torch.allclose(network(of(network, values)).raw, network(of(network, changed)).raw, **EXACT)
    assert same == case.independent


@pytest.mark.parametrize("case", [case for case in NETWORKS if case.reads_ahead], ids=str)
def test_what_is_known_ahead_is_read(case: Case) -> None:
    network = make(case, replace(SHAPE, future=2))
    values = windows(network).streams["a.b"].values
    changed = values.clone()
    (changed if network.elements != "variables" else changed.transpose(1, 2))[:, -1] += 1
    assert not torch.allclose(network(of(network, values)).raw, network(of(network, changed)).raw)


@each_network
def test_what_stands_at_padding_is_not_read(case: Case) -> None:
    network = make(case)
    values = windows(network).streams["a.b"].values
    size = values.shape[1]
    values[1, -1] = torch.nan
    layout = Layout(torch.tensor([size, size - 1, size, size, size]), size)
    assert network(Batch({"a.b": Stream(values, layout)})).raw.isfinite().all()


@each_network
def test_a_window_in_which_nothing_happens_is_read(case: Case) -> None:
    network = make(case)
    output = network(of(network, torch.zeros_like(windows(network).streams["a.b"].values)))
    assert output.raw.isfinite().all()
    sums = position_weights(output.records["a.b"]).double().sum(-1)
    torch.testing.assert_close(sums, torch.ones(B).double(), rtol=1e-5, atol=0)


@each_network
def test_windows_of_another_shape_are_refused(case: Case) -> None:
    network = make(case)
    values = windows(network).streams["a.b"].values
    with pytest.raises(DataError, match=r"expected windows of .* positions and numbers, got"):
        network(of(network, torch.cat([values, values], dim=1)))


@each_network
def test_a_batch_without_the_input_is_refused(case: Case) -> None:
    network = make(case)
    with pytest.raises(DataError, match=r"the network reads 'a\.b'; the batch has other"):
        network(Batch({"other": windows(network).streams["a.b"]}))


def test_a_network_of_patches_needs_patches() -> None:
    with pytest.raises(ConfigError, match="PatchTST reads patches, and the windows have none"):
        networks.PatchTST(replace(SHAPE, patch=None))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": 0}, "every length must be at least 1"),
        ({"targets": ()}, "every length must be at least 1"),
        ({"targets": (0, 3)}, r"the targets \[3\] are none of the variables 0 to 2"),
        ({"patch": 7}, "patches of 7 steps do not fill a look-back of 22"),
    ],
)
def test_windows_of_no_shape_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SHAPE, **changes)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("DLinear", {"average": 4}, "expected an odd number of steps to average, got 4"),
        ("PatchTST", {"layers": 0}, "expected at least 1 layer and a reach of 1, got 0 and 2"),
        ("ITransformer", {"layers": 0}, "expected at least 1 layer, got 0"),
        ("RecurrentAttention", {"cell": "GRUU"}, "there is no cell 'GRUU'"),
    ],
)
def test_wrong_options_are_refused(name: str, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        getattr(networks, name)(SHAPE, **options)
