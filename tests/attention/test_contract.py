"""The contract that every mechanism meets, over the table in `cases.py` and a filled-in template.

Unless precision is the point, everything is float64, and tolerances are some hundred to a thousand roundings.
"""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from salience import attention
from salience.attention.mechanism import suited
from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.core.record import Attention
from tests.attention.case import Case
from tests.attention.cases import CASES, FAMILIES
from tests.attention.question import WIDTH, B, Question, T, ask, cut, layout_for, slopes
from tests.attention.template import filled_in

EXACT = {"rtol": 1e-12, "atol": 1e-13}

ALL = (*CASES, filled_in())


def every_question() -> list:
    pairs = [(case, cross) for case in ALL for cross in (False, True) if not cross or crosses(case)]
    return [pytest.param(pair, id=f"{pair[0].name} {'cross' if pair[1] else 'self'}") for pair in pairs]


def crosses(case: Case) -> bool:
    return case.cross and not case.causal


@pytest.fixture(params=every_question())
def question(request: pytest.FixtureRequest) -> Question:
    case, cross = request.param
    return ask(case, cross=cross)


@pytest.fixture(params=ALL, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_every_mechanism_has_a_row():
    assert {case.name.split()[0] for case in CASES} == set(attention.__all__)


def test_shapes(question: Question):
    out, record = question.answer()
    sources, queries, heads = question.layout.size, question.asked.size, question.case.heads
    assert out.shape == question.query.shape
    assert isinstance(record, Attention)
    assert record.shape == (B, heads, queries, sources)
    assert record.weights().shape == record.shape
    assert record.received().shape == (B, heads, sources)
    assert record.entropy().shape == (B, heads, queries)
    assert record.top(2)[0].shape == record.top(2)[1].shape == (B, heads, queries, 2)
    assert torch.equal(record.asked, question.asked.lengths)


def test_output_weights_and_gradients_equal_the_reference(question: Question):
    out, record = question.answer()
    expected, weights = question.expected()
    torch.testing.assert_close(out[question.real], expected[question.real], **EXACT)
    torch.testing.assert_close(record.weights(), weights, **EXACT)
    found = slopes(question, out, record.weights())
    torch.testing.assert_close(found, slopes(question, expected, weights), rtol=1e-10, atol=1e-11)


def test_rows_sum_to_one(question: Question):
    _, record = question.answer()
    assert record.normalised == question.case.normalised
    if not record.normalised:
        assert "Weights: " in type(question.mechanism).__doc__
        return
    sums = question.seen.any(dim=-1).double()[:, None].expand(record.shape[:3])
    torch.testing.assert_close(record.weights().sum(dim=-1), sums, **EXACT)


def test_what_is_not_seen_has_weight_exactly_zero(question: Question):
    weights = question.answer()[1].weights()
    hidden = ~question.seen[:, None].expand(weights.shape)
    assert not weights[hidden].any()
    if question.case.every:
        assert weights[~hidden].all()


def test_rows_are_rows_of_the_weights(question: Question):
    _, record = question.answer()
    index = torch.tensor([7, 0, 7, 10])
    torch.testing.assert_close(record.rows(index), record.weights()[:, :, index], **EXACT)


def test_received_is_the_mean_over_real_queries(question: Question):
    _, record = question.answer()
    received, weights = record.received(), record.weights()
    for row, length in enumerate(question.asked.lengths.tolist()):
        mean = weights[row, :, :length].sum(dim=1) / max(length, 1)
        torch.testing.assert_close(received[row], mean, **EXACT)


def test_padding_changes_neither_output_nor_record(question: Question):
    out, record = question.answer()
    weights = record.weights()
    for row in range(B):
        t, s = question.asked.lengths[row], question.layout.lengths[row]
        alone, alone_record = question.alone(row).answer()
        torch.testing.assert_close(alone[0], out[row, :t], **EXACT)
        torch.testing.assert_close(alone_record.weights()[0], weights[row, :, :t, :s], **EXACT)


def test_without_a_query_layout_every_query_is_real(case: Case):
    if not crosses(case):
        return
    question = ask(case, cross=True)
    full = replace(question, query_layout=Layout(torch.full((B,), T), T))
    out, record = replace(question, query_layout=None).answer()
    assert torch.equal(out, full.answer()[0])
    assert torch.equal(record.weights(), full.answer()[1].weights())
    assert record.asked.tolist() == [T] * B


def test_asking_changes_no_bit_of_output_or_gradient(question: Question):
    unasked, _ = question.answer()
    asked, record = question.answer()
    for look in (record.weights, record.received, record.entropy, lambda: record.top(3)):
        look()
    assert torch.equal(asked, unasked)
    assert all(map(torch.equal, slopes(question, asked), slopes(question, unasked)))
    with torch.no_grad():
        assert torch.equal(question.answer()[0], unasked)


def test_lazy_records_hold_no_matrix(case: Case):
    long = replace(case, grid=None if case.grid is None else (20 * case.grid[0], *case.grid[1:]))
    layout = layout_for(long, torch.tensor([20 * 11]), 20 * 11)
    layout = cut(layout, 0)
    values = torch.randn(1, layout.size, WIDTH)
    _, record = case.make(WIDTH)(values, layout=layout)
    stored = {each.untyped_storage().data_ptr(): each for each in tensors_in(record)}
    held = sum(each.untyped_storage().nbytes() // each.element_size() for each in stored.values())
    # Query and key, once more as they were seen, and some vectors.
    assert (
        held <= 4 * layout.size * (WIDTH + 1) + (0 if layout.edges is None else 4 * layout.edges.numel())
    ) == case.lazy


def tensors_in(thing: object) -> list[Tensor]:
    if isinstance(thing, Tensor):
        return [thing]
    return [each for part in getattr(thing, "__dict__", {}).values() for each in tensors_in(part)]


def test_gradients_are_finite_and_reach_every_parameter_and_input(question: Question):
    out, _ = question.answer()
    for slope in slopes(question, out):
        assert slope.isfinite().all()
        # A number that has no influence gets a gradient of rounding errors only.
        assert slope.abs().max() > 1e-6


def test_the_record_has_finite_gradients(question: Question):
    _, record = question.answer()
    if not question.case.compared:
        return
    total = record.received().square().sum() + record.entropy().sum()
    for slope in torch.autograd.grad(total, question.inputs()):
        assert slope.isfinite().all()
        assert slope.abs().max() > 1e-6


def test_a_loaded_state_gives_the_same_bits(question: Question):
    other = question.case.make(WIDTH).double()
    other.load_state_dict(question.mechanism.state_dict())
    (out, record), (again, record_again) = question.answer(), replace(question, mechanism=other).answer()
    assert torch.equal(out, again)
    assert torch.equal(record.weights(), record_again.weights())


def test_half_precision_errs_at_most_twice_as_much_as_the_reference(question: Question):
    rounded = question.to(torch.bfloat16)
    truth, true_weights = rounded.to(torch.float64).expected()
    expected, expected_weights = rounded.expected()
    out, record = rounded.answer()

    def error(found: Tensor, exact: Tensor) -> float:
        return (found.double() - exact).abs().max().item()

    real = question.real
    assert out.dtype == torch.bfloat16
    assert error(out[real], truth[real]) <= 2 * error(expected[real], truth[real])
    assert error(record.weights(), true_weights) <= 2 * error(expected_weights, true_weights)


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf])
def test_what_padded_memory_holds_changes_no_bit(question: Question, garbage: float):
    clean, dirty = question.padded_with(0.0), question.padded_with(garbage)
    (out, record), (dirty_out, dirty_record) = clean.answer(), dirty.answer()
    assert torch.equal(out, dirty_out)
    assert out.isfinite().all()
    assert torch.equal(record.weights(), dirty_record.weights())
    dirty_slopes = slopes(dirty, dirty_out, dirty_record.weights())
    assert all(map(torch.equal, slopes(clean, out, record.weights()), dirty_slopes))


def test_the_order_of_sources_does_not_matter_unless_said(question: Question):
    case, sources = question.case, question.layout.size
    if case.causal or case.ordered or case.sees or case.edges or case.groups or case.times:
        return
    full = replace(question, layout=replace(question.layout, lengths=torch.full((B,), sources)))
    order = torch.randperm(sources)
    out, record = full.answer()
    if question.source is None:
        moved, moved_record = replace(full, query=question.query[:, order]).answer()
        torch.testing.assert_close(moved, out[:, order], **EXACT)
        torch.testing.assert_close(moved_record.weights(), record.weights()[:, :, order][..., order], **EXACT)
    else:
        moved, moved_record = replace(full, source=question.source[:, order]).answer()
        torch.testing.assert_close(moved[question.real], out[question.real], **EXACT)
        torch.testing.assert_close(moved_record.weights(), record.weights()[..., order], **EXACT)


@pytest.mark.parametrize("size", [0, 1])
def test_batches_may_be_empty_or_of_single_positions(case: Case, size: int):
    mechanism = case.make(WIDTH)
    for batch in (0, 2):
        layout = small(case, batch, size)
        values = torch.randn(batch, layout.size, WIDTH)
        out, record = mechanism(values, layout=layout)
        assert out.shape == values.shape
        assert out.isfinite().all()
        assert record.shape == (batch, case.heads, layout.size, layout.size)
        received = record.received()
        assert received.isfinite().all()
        if case.normalised:
            sums = torch.full((batch, case.heads), float(size))
            torch.testing.assert_close(received.sum(-1), sums)


def small(case: Case, batch: int, size: int) -> Layout:
    """A layout of `batch` examples with one position (or the smallest grid), or none."""
    grid = None if case.grid is None else (size, *[1] * (len(case.grid) - 1))
    line = torch.arange(batch * size)
    return Layout(
        torch.full((batch,), size),
        size,
        groups=torch.zeros(batch, size, dtype=torch.int64) if case.groups else None,
        grid=grid,
        edges=torch.stack([line, line]) if case.edges else None,
        times=torch.zeros(batch, size) if case.times else None,
    )


def test_an_example_of_padding_only_gives_finite_output_and_no_weights(case: Case):
    layout = layout_for(case)
    layout = replace(
        layout,
        lengths=torch.tensor([0, 0]),
        groups=torch.full((2, layout.size), -1) if case.groups else None,
        edges=torch.zeros(2, 0, dtype=torch.int64) if case.edges else None,
        times=torch.zeros(2, layout.size) if case.times else None,
    )
    values = torch.full((2, layout.size, WIDTH), torch.nan)
    out, record = case.make(WIDTH)(values, layout=layout)
    assert out.isfinite().all()
    assert not record.weights().any()
    assert not record.received().any()


@pytest.mark.parametrize("case", [each for each in ALL if not crosses(each)], ids=lambda case: case.name)
def test_a_mechanism_for_one_sequence_refuses_another(case: Case):
    one = Layout(torch.tensor([3]), 3)
    with pytest.raises(ConfigError):
        case.make(WIDTH)(torch.randn(1, 2, WIDTH), torch.randn(1, 3, WIDTH), layout=one)


@pytest.mark.parametrize("case", [each for each in CASES if each.edges or each.grid], ids=lambda case: case.name)
def test_what_a_mechanism_needs_is_said_before_it_runs(case: Case):
    mechanism = case.make(WIDTH)
    if needs := getattr(mechanism, "needs", ()):
        with pytest.raises(ConfigError, match=rf"{type(mechanism).__name__} attention needs .* do not have"):
            suited(type(mechanism), where="model.attention")
        suited(type(mechanism), gives=needs, where="model.attention")


def test_a_layout_of_other_values_is_an_error(question: Question):
    size = question.layout.size
    wrong = replace(question, layout=replace(question.layout, size=size + 1))
    with pytest.raises(DataError, match=rf"describes 5 examples of {size + 1} positions, the tensor has 5 of {size}"):
        wrong.answer()


def test_the_docstring_is_a_card(case: Case):
    card = type(case.make(WIDTH)).__doc__ or ""
    for heading in ("Idea: ", "Formula: ", "Cost: ", "Works badly when: ", "Reference: "):
        assert heading in card


@pytest.mark.parametrize("name", attention.__all__)
def test_the_example_runs(name: str):
    module = importlib.import_module(getattr(attention, name).__module__)
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


COMPILED = """
import sys, torch
from dataclasses import replace
from tests.attention.cases import FAMILIES
from tests.attention.question import WIDTH, B, layout_for

backend, family = sys.argv[1:]
for case in FAMILIES[family]:
    mechanism, layout = case.make(WIDTH), layout_for(case)
    if layout.times is not None:
        layout = replace(layout, times=layout.times.float())
    values = torch.randn(B, layout.size, WIDTH)
    torch._dynamo.reset()
    expected, record = mechanism(values, layout=layout)
    found, found_record = torch.compile(mechanism, fullgraph=True, backend=backend)(values, layout=layout)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found_record.received(), record.received())
"""


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_every_mechanism_compiles_in_one_graph(backend: str, family: str):
    # In a process of its own, because the checked shapes of this one cannot be traced.
    command = [sys.executable, "-c", COMPILED, backend, family]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr
