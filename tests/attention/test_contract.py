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
from salience.core.batch import Layout
from salience.core.errors import DataError
from salience.core.record import Attention
from tests.attention.cases import CASES, Case
from tests.attention.question import LENGTHS, WIDTH, B, Question, S, T, ask, slopes
from tests.attention.template import filled_in

EXACT = {"rtol": 1e-12, "atol": 1e-13}

ALL = (*CASES, filled_in())


def every_question() -> list:
    pairs = [(case, cross) for case in ALL for cross in (False, True) if not (cross and case.causal)]
    return [pytest.param(pair, id=f"{pair[0].name} {'cross' if pair[1] else 'self'}") for pair in pairs]


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
    assert record.normalised
    sums = question.seen.any(dim=-1).double()[:, None].expand(record.shape[:3])
    torch.testing.assert_close(record.weights().sum(dim=-1), sums, **EXACT)


def test_what_is_not_seen_has_weight_exactly_zero(question: Question):
    weights = question.answer()[1].weights()
    hidden = ~question.seen[:, None].expand(weights.shape)
    assert not weights[hidden].any()
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
        one = replace(
            question,
            query=question.query[row : row + 1, :t],
            source=None if question.source is None else question.source[row : row + 1, :s],
            layout=Layout(s[None], int(s)),
            query_layout=None if question.query_layout is None else Layout(t[None], int(t)),
        )
        alone, alone_record = one.answer()
        torch.testing.assert_close(alone[0], out[row, :t], **EXACT)
        torch.testing.assert_close(alone_record.weights()[0], weights[row, :, :t, :s], **EXACT)


def test_without_a_query_layout_every_query_is_real(case: Case):
    if case.causal:
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
    long = 20 * S
    values = torch.randn(1, long, WIDTH)
    _, record = case.make(WIDTH)(values, layout=Layout(torch.tensor([long]), long))
    held = sum(each.untyped_storage().nbytes() // each.element_size() for each in tensors_in(record))
    # Query and key, and some vectors.
    assert (held <= (long + long) * WIDTH + 10) == case.lazy


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


def test_the_order_of_sources_does_not_matter_unless_causal(question: Question):
    if question.case.causal:
        return
    full = replace(question, layout=Layout(torch.full((B,), S), S))
    order = torch.randperm(S)
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
        values = torch.randn(batch, size, WIDTH)
        out, record = mechanism(values, layout=Layout(torch.full((batch,), size), size))
        assert out.shape == values.shape
        assert out.isfinite().all()
        assert record.shape == (batch, case.heads, size, size)
        assert torch.equal(record.received(), torch.ones(batch, case.heads, size))


def test_an_example_of_padding_only_gives_finite_output_and_no_weights(case: Case):
    values = torch.full((2, S, WIDTH), torch.nan)
    out, record = case.make(WIDTH)(values, layout=Layout(torch.tensor([0, 0]), S))
    assert out.isfinite().all()
    assert not record.weights().any()
    assert not record.received().any()


def test_a_layout_of_other_values_is_an_error(question: Question):
    wrong = replace(question, layout=Layout(LENGTHS, S + 1))
    with pytest.raises(DataError, match=r"describes 5 examples of 12 positions, the tensor has 5 of 11"):
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
from salience import attention
from salience.core.batch import Layout

made = [getattr(attention, name)(20) for name in attention.__all__] + [attention.MultiHead(20, causal=True)]
values = torch.randn(3, 11, 20)
for mechanism in made:
    layout = Layout(torch.tensor([11, 0, 4]), 11)
    expected, record = mechanism(values, layout=layout)
    found, found_record = torch.compile(mechanism, fullgraph=True, backend=sys.argv[1])(values, layout=layout)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found_record.received(), record.received())
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_every_mechanism_compiles_in_one_graph(backend: str):
    # In a process of its own, because the checked shapes of this one cannot be traced.
    result = subprocess.run([sys.executable, "-c", COMPILED, backend], capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
