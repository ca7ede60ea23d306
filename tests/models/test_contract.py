"""What every encoder and every pool keeps, whatever it is."""

from __future__ import annotations

from collections.abc import Collection

import pytest
import torch
from torch import Tensor, nn

from salience.core.batch import Layout
from salience.models import Encoded, encoders, pools
from tests.models.cases import ENCODERS, LENGTHS, POOLS, B, S, W, alone, linked, make_encoder, make_pool, sequence

EXACT = {"rtol": 1e-10, "atol": 1e-12}  # float64, sums in another order

each_encoder = pytest.mark.parametrize("case", ENCODERS, ids=str)
each_pool = pytest.mark.parametrize("case", POOLS, ids=str)


def test_every_encoder_has_a_row() -> None:
    assert {case.name for case in ENCODERS} == set(encoders.__all__)


def test_every_pool_has_a_row() -> None:
    assert {case.name for case in POOLS} == set(pools.__all__)


@each_encoder
def test_an_encoder_keeps_shapes(case) -> None:
    encoder = make_encoder(case)
    values, layout = sequence()
    encoded = encoder(values, layout)
    assert encoded.values.shape == (B, encoded.layout.size, encoder.width)
    assert encoded.values.dtype == torch.float64
    sizes = [S]
    for record in encoded.records:
        batch, _, queries, sources = record.shape
        assert (batch, sources) == (B, sizes[-1])
        sizes.append(queries)
    assert sizes[-1] == encoded.layout.size


@each_encoder
def test_padding_changes_nothing_in_an_encoder(case) -> None:
    encoder = make_encoder(case)
    values, layout = sequence()
    together = encoder(values, layout)
    assert (together.values[~together.layout.mask] == 0).all()
    for row in [row for row, length in enumerate(LENGTHS) if length]:
        single = encoder(*alone(values, layout, row))
        assert single.layout.lengths[0] == together.layout.lengths[row]
        length = int(single.layout.lengths[0])
        torch.testing.assert_close(single.values[0, :length], together.values[row, :length], **EXACT)
        for one, all_of_them in zip(single.records, together.records, strict=True):
            _same_weights(one.weights()[0], all_of_them.weights()[row])


@each_encoder
def test_records_of_an_encoder_sum_to_one(case) -> None:
    values, layout = sequence()
    for record in make_encoder(case)(values, layout).records:
        real = torch.arange(record.shape[2]) < record.asked[:, None]
        sums = record.weights().sum(-1)
        torch.testing.assert_close(sums, real[:, None].expand_as(sums).double(), **EXACT)


@each_encoder
def test_every_parameter_of_an_encoder_learns(case) -> None:
    encoder = make_encoder(case)
    values, layout = sequence()
    encoded = encoder(values.requires_grad_(), layout)
    (encoded.values * torch.randn_like(encoded.values)).sum().backward()
    # What an encoder's own stem learns comes through the values, which are given here.
    elsewhere = set(encoder.stem.parameters()) if hasattr(encoder, "stem") else set()
    _all_have_gradients(encoder, elsewhere)


@each_encoder
def test_gradients_reach_the_input_of_an_encoder_but_not_its_padding(case) -> None:
    values, layout = sequence()
    values.requires_grad_()
    encoded = make_encoder(case)(values, layout)
    (encoded.values * torch.randn_like(encoded.values)).sum().backward()
    assert values.grad is not None
    assert (values.grad[layout.mask].abs().sum(-1) > 0).all()
    assert (values.grad[~layout.mask] == 0).all()


@each_encoder
def test_the_state_of_an_encoder_returns(case) -> None:
    encoder, other = make_encoder(case), make_encoder(case)
    _disturb(other)
    other.load_state_dict(encoder.state_dict())
    assert torch.equal(other(*sequence()).values, encoder(*sequence()).values)


@each_encoder
def test_an_encoder_does_not_care_for_the_order_of_rows(case) -> None:
    encoder, order = make_encoder(case), torch.tensor([3, 1, 4, 0, 2])
    values, layout = sequence()
    straight, shuffled = encoder(values, layout), encoder(values[order], _reorder(layout, order))
    torch.testing.assert_close(straight.values[order], shuffled.values, **EXACT)


@each_encoder
def test_an_encoder_repeats_itself_when_it_does_not_train(case) -> None:
    encoder = make_encoder(case)
    first, second = encoder(*sequence()), encoder(*sequence())
    assert torch.equal(first.values, second.values)


@each_encoder
def test_an_encoder_reads_one_position_or_none(case) -> None:
    encoder = make_encoder(case)
    encoded: Encoded = encoder(*sequence((1, 0), 1))
    assert encoded.values.isfinite().all()
    assert (encoded.values[1] == 0).all()


@each_encoder
def test_an_encoder_trains_in_float32(case) -> None:
    values, layout = sequence()
    encoded = make_encoder(case).float().train()(values.float(), layout)
    assert encoded.values.dtype == torch.float32
    assert encoded.values.isfinite().all()


@each_encoder
def test_an_encoder_trains_in_mixed_precision(case) -> None:
    encoder = make_encoder(case).float().train()
    values, layout = sequence()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        encoded = encoder(values.float().requires_grad_(), layout)
    encoded.values.float().sum().backward()
    assert encoded.values.isfinite().all()
    assert all(each.grad is None or each.grad.isfinite().all() for each in encoder.parameters())


@each_pool
def test_a_pool_trains_in_mixed_precision(case) -> None:
    pool = make_pool(case).float()
    values, layout = sequence()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vector, record = pool(values.bfloat16().requires_grad_(), layout)
    vector.float().sum().backward()
    assert vector.isfinite().all()
    assert record.received().isfinite().all()
    assert all(each.grad is not None and each.grad.isfinite().all() for each in pool.parameters())


@each_pool
def test_a_pool_gives_one_vector_and_one_query(case) -> None:
    vector, record = make_pool(case)(*sequence())
    assert vector.shape == (B, W)
    assert (record.shape[0], *record.shape[2:]) == (B, 1, S)
    assert record.asked.tolist() == [int(length > 0) for length in LENGTHS]


@each_pool
def test_padding_changes_nothing_in_a_pool(case) -> None:
    pool = make_pool(case)
    values, layout = sequence()
    vectors, records = pool(values, layout)
    for row in [row for row, length in enumerate(LENGTHS) if length]:
        vector, record = pool(*alone(values, layout, row))
        torch.testing.assert_close(vector[0], vectors[row], **EXACT)
        _same_weights(record.weights()[0], records.weights()[row])


@each_pool
def test_the_record_of_a_pool_sums_to_one(case) -> None:
    _, record = make_pool(case)(*sequence())
    sums = record.weights().sum(-1)
    if record.normalised:
        torch.testing.assert_close(sums, record.asked[:, None, None].expand_as(sums).double(), **EXACT)


@each_pool
def test_an_empty_row_pools_to_zeros(case) -> None:
    vector, record = make_pool(case)(*sequence((0, 2), 3))
    assert (vector[0] == 0).all()
    assert (record.weights()[0] == 0).all()
    assert vector.isfinite().all()


@each_pool
def test_every_parameter_of_a_pool_learns(case) -> None:
    pool = make_pool(case)
    values, layout = sequence()
    vector, _ = pool(values.requires_grad_(), layout)
    (vector * torch.randn_like(vector)).sum().backward()
    _all_have_gradients(pool)


@each_pool
def test_gradients_reach_the_input_of_a_pool_but_not_its_padding(case) -> None:
    values, layout = sequence()
    values.requires_grad_()
    vector, _ = make_pool(case)(values, layout)
    (vector * torch.randn_like(vector)).sum().backward()
    assert values.grad is not None
    assert values.grad.isfinite().all()
    assert (values.grad[~layout.mask] == 0).all()


@each_pool
def test_the_state_of_a_pool_returns(case) -> None:
    pool, other = make_pool(case), make_pool(case)
    _disturb(other)
    other.load_state_dict(pool.state_dict())
    assert torch.equal(other(*sequence())[0], pool(*sequence())[0])


@each_pool
def test_a_pool_does_not_care_for_the_order_of_rows(case) -> None:
    pool, order = make_pool(case), torch.tensor([3, 1, 4, 0, 2])
    values, layout = sequence()
    torch.testing.assert_close(pool(values, layout)[0][order], pool(values[order], _reorder(layout, order))[0], **EXACT)


@each_pool
def test_asking_a_pool_changes_no_bit(case) -> None:
    pool = make_pool(case)
    first, record = pool(*sequence())
    before = first.clone()
    record.weights(), record.received(), record.entropy()
    assert torch.equal(before, first)
    assert torch.equal(before, pool(*sequence())[0])


def _same_weights(one: Tensor, padded: Tensor) -> None:
    """`one` is the record of a row alone, `padded` the same in a batch: zero beyond, equal within."""
    _, queries, sources = one.shape
    torch.testing.assert_close(one, padded[:, :queries, :sources], **EXACT)
    assert (padded[:, queries:] == 0).all()
    assert (padded[:, :, sources:] == 0).all()


def _all_have_gradients(module: nn.Module, elsewhere: Collection[nn.Parameter] = ()) -> None:
    for name, parameter in module.named_parameters():
        if parameter in elsewhere:
            continue
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def _disturb(module: nn.Module) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(1.0)


def _reorder(layout: Layout, order: Tensor) -> Layout:
    groups = None if layout.groups is None else layout.groups[order]
    return linked(layout.lengths[order], layout.size, groups)
