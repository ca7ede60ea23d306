"""Rollout and relevance: by hand, against dense matrices in float64 over shapes and masks, and their errors."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from salience.core.errors import ConfigError, DataError
from salience.kernels.flow import Layer, attention_relevance, attention_rollout, relevance_step
from salience.kernels.problem import Problem

B, H, N, E, D, W = 3, 4, 11, 5, 7, 2


def weights_of(problem: Problem) -> Tensor:
    """P in full, zero where nobody looks."""
    _, _, queries, sources = problem.shape
    return problem.scores(slice(0, queries), slice(0, sources)).softmax(-1).nan_to_num(0.0)


def layer_of(problem: Problem) -> Layer:
    """The layer of a problem, with log-sum-exp from full scores and values and gradients at random."""
    batch, heads, queries, sources = problem.shape
    lse = problem.scores(slice(0, queries), slice(0, sources)).logsumexp(-1)
    value = torch.randn(batch, problem.groups, sources, D, dtype=problem.query.dtype)
    return Layer(problem, lse, value, torch.randn(batch, heads, queries, D, dtype=problem.query.dtype))


def exact(layer: Layer) -> Layer:
    """The same layer in float64."""
    bias = None if layer.problem.bias is None else layer.problem.bias.double()
    problem = replace(layer.problem, query=layer.problem.query.double(), key=layer.problem.key.double(), bias=bias)
    lse = problem.scores(slice(0, problem.shape[2]), slice(0, problem.shape[3])).logsumexp(-1)
    return Layer(problem, lse, layer.value.double(), layer.grad_out.double())


def positive(layer: Layer) -> Tensor:
    """Mean over heads of weights times their gradients, where positive: [B, T, S]."""
    share = layer.problem.share
    gradient = layer.grad_out @ layer.value.repeat_interleave(share, dim=1).transpose(-2, -1)
    visible = layer.problem.visible(slice(0, layer.problem.shape[2]), slice(0, layer.problem.shape[3]))
    return (weights_of(layer.problem) * torch.where(visible, gradient, 0.0)).clamp(min=0).mean(1)


def dense_rollout(layers: Sequence[Layer], start: Tensor, residual: float = 0.5) -> Tensor:
    product = None
    for layer in layers:
        mixed = (1 - residual) * weights_of(layer.problem).mean(1)
        if residual:
            mixed = mixed + residual * torch.eye(mixed.shape[-1], dtype=mixed.dtype)
        product = mixed if product is None else mixed @ product
    return start @ product


def dense_relevance(layers: Sequence[Layer], start: Tensor) -> Tensor:
    product = torch.eye(layers[0].problem.shape[3], dtype=start.dtype)
    for layer in layers:
        product = product + positive(layer) @ product
    return start @ product


@dataclass(frozen=True)
class Case:
    """What may be looked at, and by whom."""

    groups: int = H
    padded: str | None = None
    causal: bool = False
    window: int | None = None
    biased: bool = False

    def real(self, size: int) -> Tensor | None:
        lengths = torch.tensor([size, size - 4, 1])[:, None]
        positions = torch.arange(size)
        return {None: None, "right": positions < lengths, "left": positions >= size - lengths}[self.padded]

    def layer(self, size: int = N, *, spread: float = 1.0, dtype: torch.dtype = torch.float64) -> Layer:
        query = spread * torch.randn(B, H, size, E, dtype=dtype)
        key = torch.randn(B, self.groups, size, E, dtype=dtype)
        bias = torch.randn(1, H, size, size, dtype=dtype) if self.biased else None
        real = self.real(size)
        how = {"causal": self.causal, "window": self.window, "bias": bias}
        return layer_of(Problem(query, key, E**-0.5, seen=real, asked=real, **how))


CASES = {
    "full": Case(),
    "causal": Case(causal=True),
    "grouped": Case(groups=2),
    "padded right": Case(padded="right"),
    "padded left and causal": Case(padded="left", causal=True),
    "window": Case(window=2),
    "all at once": Case(groups=1, padded="right", causal=True, window=3, biased=True),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
PADDED = pytest.mark.parametrize("case", [case for case in CASES.values() if case.padded], ids=str)


def some(case: Case, size: int = N) -> Tensor:
    """W vectors of weights on real positions, which sum to one."""
    real = case.real(size)
    vectors = torch.rand(B, W, size, dtype=torch.float64)
    vectors = vectors if real is None else vectors * real[:, None]
    return vectors / vectors.sum(-1, keepdim=True)


def two_positions(*, grad: float = 1.0) -> Layer:
    # Scores ln 3 and 0 in the row of query 0, ln 1 and 0 in the row of query 1: weights (3/4, 1/4) and (1/2, 1/2).
    query, key = torch.tensor([[[[1.0], [0.0]]]]), torch.tensor([[[[3.0], [1.0]]]]).log()
    value, grad_out = torch.tensor([[[[1.0], [-1.0]]]]), torch.tensor([[[[grad], [2 * grad]]]])
    return Layer(Problem(query, key, 1.0), torch.tensor([[[4.0, 2.0]]]).log(), value, grad_out)


def test_rollout_of_two_positions_by_hand():
    layer = two_positions()
    # Half of query 0 stays, half is spread by its weights.
    expected = torch.tensor([[[0.5 + 0.5 * 0.75, 0.5 * 0.25]]])
    torch.testing.assert_close(attention_rollout([layer], targets=0), expected)
    # Once more through the same layer: r0 (7/8, 1/8) + r1 (1/4, 3/4).
    expected = torch.tensor([[[0.875**2 + 0.125 * 0.25, 0.875 * 0.125 + 0.125 * 0.75]]])
    torch.testing.assert_close(attention_rollout([layer, layer], targets=0), expected)
    torch.testing.assert_close(attention_rollout([layer], residual=0.0), torch.tensor([[[0.625, 0.375]]]))


def test_relevance_of_two_positions_by_hand():
    # Gradients of weights: (1, -1) for query 0 and (2, -2) for query 1; positive parts (3/4, 0) and (1, 0).
    layer = two_positions()
    torch.testing.assert_close(attention_relevance([layer], targets=0), torch.tensor([[[1.75, 0.0]]]))
    torch.testing.assert_close(attention_relevance([layer], targets=1), torch.tensor([[[1.0, 1.0]]]))
    against = two_positions(grad=-1.0)
    torch.testing.assert_close(attention_relevance([against], targets=0), torch.tensor([[[1.0, 0.25]]]))


@EACH
@pytest.mark.parametrize("residual", [0.0, 0.3])
def test_rollout_is_the_product_of_dense_matrices(case: Case, residual: float):
    layers, start = [case.layer() for _ in range(3)], some(case)
    found = attention_rollout(layers, start, residual=residual)
    torch.testing.assert_close(found, dense_rollout(layers, start, residual), rtol=1e-12, atol=1e-14)


@EACH
def test_relevance_is_the_product_of_dense_matrices(case: Case):
    layers, start = [case.layer() for _ in range(3)], some(case)
    torch.testing.assert_close(
        attention_relevance(layers, start), dense_relevance(layers, start), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("case", [Case(), Case(groups=2, padded="left", causal=True)], ids=["full", "causal"])
@pytest.mark.parametrize("threads", [1, 2])
def test_more_positions_than_a_tile_holds_change_nothing(case: Case, threads: int):
    size = 523
    layers, start = [case.layer(size) for _ in range(2)], some(case, size)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    found = attention_rollout(layers, start), attention_relevance(layers, start)
    torch.set_num_threads(before)
    expected = dense_rollout(layers, start), dense_relevance(layers, start)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("spread", [1.0, 10.0])
def test_twelve_layers_in_float32_are_as_exact_as_dense_ones(spread: float):
    case = Case(groups=2, padded="right")
    layers, start = [case.layer(67, spread=spread, dtype=torch.float32) for _ in range(12)], some(case, 67)
    # A float32 log-sum-exp is off by this share of itself, and so are all weights of its row.
    highest = max(float(layer.lse.masked_fill(layer.lse.isinf(), 0).abs().max()) for layer in layers)
    rounding = torch.finfo(torch.float32).eps * highest
    for quick, dense in ((attention_rollout, dense_rollout), (attention_relevance, dense_relevance)):
        truth = dense([exact(layer) for layer in layers], start)
        own = float((dense(layers, start.float()).double() - truth).abs().max() / truth.max())
        error = float((quick(layers, start).double() - truth).abs().max() / truth.max())
        assert error <= min(2 * own + rounding, 1e-5), (quick.__name__, error, own, rounding)


@pytest.mark.parametrize("quick", [attention_rollout, attention_relevance])
def test_half_precision_is_computed_in_float32(quick: Callable[..., Tensor]):
    layers = [Case(causal=True).layer(dtype=torch.bfloat16) for _ in range(3)]
    found = quick(layers, targets=-1)
    assert found.dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(quick(layers, targets=-1), found)
    truth = quick([exact(layer) for layer in layers], targets=-1)
    torch.testing.assert_close(found.double(), truth, rtol=1e-4, atol=1e-6)


@EACH
def test_rows_of_rollout_sum_to_one(case: Case):
    layers = [case.layer(dtype=torch.float32) for _ in range(12)]
    for targets in (None, 0, -1, some(case)):
        sums = attention_rollout(layers, targets).sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-5)


@PADDED
def test_positions_that_are_not_real_get_nothing_and_may_hold_anything(case: Case):
    layers, real = [case.layer() for _ in range(2)], case.real(N)
    expected = attention_rollout(layers), attention_relevance(layers)
    for layer in layers:
        for each in (layer.problem.query, layer.problem.key, layer.value, layer.grad_out):
            each[~real[:, None].expand(each.shape[:3])] = torch.nan
        layer.lse[~real[:, None].expand(layer.lse.shape)] = torch.nan
    found = attention_rollout(layers), attention_relevance(layers)
    assert all(map(torch.equal, found, expected))
    assert not any(each.masked_select(~real[:, None]).any() for each in found)


def test_relevance_of_large_scores_in_rows_that_see_nothing_is_no_nan():
    query = torch.full((1, 1, 3, 1), 40.0)
    problem = Problem(query, query, 1.0, seen=torch.tensor([[False, True, True]]), causal=True)
    layer = layer_of(problem)
    assert layer.lse[0, 0, 0] == -torch.inf
    assert attention_relevance([layer]).isfinite().all()
    torch.testing.assert_close(relevance_step(layer, torch.eye(3)[None])[:, 0], torch.zeros(1, 3))


@pytest.mark.parametrize("quick", [attention_rollout, attention_relevance])
def test_targets_count_real_queries_on_whichever_side_the_padding_is(quick: Callable[..., Tensor]):
    for padded, last in (("right", [10, 6, 0]), ("left", [10, 10, 10])):
        layers = [Case(padded=padded).layer() for _ in range(2)]
        start = torch.nn.functional.one_hot(torch.tensor(last), N).double()[:, None]
        torch.testing.assert_close(quick(layers, -1), quick(layers, start))
        torch.testing.assert_close(quick(layers, torch.tensor([10, 6, 0])), quick(layers, start))
        torch.testing.assert_close(quick(layers, torch.tensor([-1, -1, -1])), quick(layers, start))


def test_without_targets_the_mean_over_real_queries_is_told():
    case = Case(padded="right")
    layers, real = [case.layer() for _ in range(2)], case.real(N)
    mean = (real / real.sum(-1, keepdim=True)).double()[:, None]
    torch.testing.assert_close(attention_rollout(layers), attention_rollout(layers, mean))
    torch.testing.assert_close(attention_relevance(layers), attention_relevance(layers, mean))


def test_weights_on_padding_count_for_nothing():
    case = Case(padded="left")
    layers, real, anything = [case.layer()], case.real(N), torch.rand(B, W, N, dtype=torch.float64)
    assert torch.equal(attention_rollout(layers, anything), attention_rollout(layers, anything * real[:, None]))


def test_without_what_stays_layers_only_have_to_fit_one_another():
    sizes = (13, 11, 2)  # sources, queries that are sources again, queries
    layers = [
        layer_of(Problem(*(torch.randn(B, H, size, E, dtype=torch.float64) for size in (queries, sources)), 0.5))
        for sources, queries in itertools.pairwise(sizes)
    ]
    start = torch.rand(B, W, 2, dtype=torch.float64)
    torch.testing.assert_close(attention_rollout(layers, start, residual=0.0), dense_rollout(layers, start, 0))
    torch.testing.assert_close(relevance_step(layers[1], start), start @ positive(layers[1]))
    for refuse in (attention_rollout, attention_relevance):
        with pytest.raises(DataError, match=r"got 11 queries of 13 sources[\s\S]*layer 0[\s\S]*relevance_step"):
            refuse(layers)


def test_relevance_steps_during_backward_are_relevance():
    torch.manual_seed(2)
    hidden, layers, caught = torch.randn(1, N, H * D), [], {}
    maps = [[torch.randn(H * D, H * D) * (H * D) ** -0.5 for _ in "qkv"] for _ in range(3)]
    flow = [torch.nn.functional.one_hot(torch.tensor(0), N)[None, None].float()]
    hidden.requires_grad_()
    for number, projections in enumerate(maps):
        query, key, value = ((hidden @ each).unflatten(-1, (H, D)).transpose(1, 2).contiguous() for each in projections)
        problem = Problem(query.detach(), key.detach(), D**-0.5)
        out = weights_of(Problem(query, key, D**-0.5)) @ value
        layers.append(Layer(problem, problem.scores(slice(0, N), slice(0, N)).logsumexp(-1), value.detach()))

        def step(grad: Tensor, number: int = number) -> None:
            caught[number] = grad
            flow[0] = flow[0] + relevance_step(replace(layers[number], grad_out=grad), flow[0])

        out.register_hook(step)
        hidden = hidden + out.transpose(1, 2).flatten(2)
    hidden[0, 0, 0].backward()
    kept = [replace(layer, grad_out=caught[number]) for number, layer in enumerate(layers)]
    torch.testing.assert_close(flow[0], attention_relevance(kept, 0))


@pytest.mark.parametrize("quick", [attention_rollout, attention_relevance])
def test_the_same_bits_come_out_each_time_and_no_graph_is_kept(quick: Callable[..., Tensor]):
    layers = [Case(groups=2).layer(523, dtype=torch.float32) for _ in range(2)]
    for layer in layers:
        layer.problem.query.requires_grad_()
    found = quick(layers)
    assert not found.requires_grad
    assert torch.equal(found, quick(layers))


MEASURED = """
import re, torch
from pathlib import Path
from salience.kernels.flow import Layer, attention_relevance, attention_rollout
from salience.kernels.problem import Problem

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

torch.set_num_threads(1)
query, key, value, grad = (torch.randn(1, 1, {size}, 64) for _ in range(4))
layer = Layer(Problem(query, key, 0.125), torch.full((1, 1, {size}), 10.0), value, grad)
first = [each[:, :, :600] for each in (query, key, layer.lse, value, grad)]
{quick}([Layer(Problem(first[0], first[1], 0.125), *first[2:])])
before = peak()
{quick}([layer, layer])
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
@pytest.mark.parametrize("quick", ["attention_rollout", "attention_relevance"])
def test_no_matrix_of_all_positions_is_ever_made(quick: str):
    code = MEASURED.format(size=6007, quick=quick)
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    # The matrix would hold 138 MiB.
    assert float(found.stdout) < 24, found.stdout


def test_no_layers_are_an_error():
    with pytest.raises(DataError, match=r"at least one layer[\s\S]*from input to output"):
        attention_rollout([])


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_residual_that_is_no_share_is_an_error(share: float):
    with pytest.raises(ConfigError, match=rf"from 0 to 1, got {share}[\s\S]*residual"):
        attention_rollout([two_positions()], residual=share)


def test_layers_of_different_sequences_are_an_error():
    layers = [Case().layer(11), Case().layer(13)]
    with pytest.raises(DataError, match=r"13 sources of 3 examples do not read the 11 queries of 3[\s\S]*layer 1"):
        attention_rollout(layers)


def test_queries_that_stand_elsewhere_are_an_error():
    layer = two_positions()
    moved = replace(layer, problem=replace(layer.problem, causal=True, offset=1))
    with pytest.raises(DataError, match=r"self-attention, got 2 queries of 2 sources, offset 1"):
        attention_rollout([moved])


@pytest.mark.parametrize(("target", "limit"), [(7, "-7 to 6, got 7"), (-8, "-7 to 6, got -8")])
def test_a_target_that_is_not_real_is_an_error(target: int, limit: str):
    layers = [Case(padded="right").layer()]
    message = rf"{limit}[\s\S]*example 1, which has 7 real queries[\s\S]*count real queries"
    with pytest.raises(DataError, match=message):
        attention_rollout(layers, torch.tensor([0, target, 0]))


@pytest.mark.parametrize("targets", [torch.zeros(B, N), torch.zeros(B, W, N + 1), torch.zeros(B + 1, dtype=torch.long)])
def test_targets_of_another_shape_are_an_error(targets: Tensor):
    with pytest.raises(DataError, match=r"expected `targets` of shape \(3.*[\s\S]*the last layer"):
        attention_rollout([Case().layer()], targets)


@pytest.mark.parametrize("name", ["value", "grad_out"])
def test_relevance_without_gradients_is_an_error(name: str):
    layer = replace(Case().layer(), **{name: None})
    with pytest.raises(DataError, match=rf"relevance needs `{name}`[\s\S]*layer 1[\s\S]*{name}="):
        attention_relevance([Case().layer(), layer])


def test_a_log_sum_exp_of_another_layer_is_an_error():
    layer = Case().layer(13)
    with pytest.raises(DataError, match=r"expected `lse` of shape \(3, 4, 11\), got \(3, 4, 13\)[\s\S]*layer 0"):
        attention_rollout([replace(Case().layer(), lse=layer.lse, value=None, grad_out=None)])


def test_values_of_other_sources_are_an_error():
    layer = Case(groups=2).layer()
    with pytest.raises(DataError, match=r"expected `value` of shape \(3, 2, 11, 7\), got \(3, 1, 11, 7\)"):
        attention_relevance([replace(layer, value=layer.value[:, :1])])
