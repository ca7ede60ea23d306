"""The lazy record: little memory, exact rows, whatever the precision around it."""

import pytest
import torch

from salience.core.batch import Layout
from salience.kernels import Scored, masks, reference

B, H, T, S, E = 2, 3, 53, 61, 5


def make(dtype: torch.dtype = torch.float64) -> Scored:
    query, key = torch.randn(B, H, T, E, dtype=dtype), torch.randn(B, H, S, E, dtype=dtype)
    lengths = torch.tensor([61, 17])
    return Scored(query, key, layout=Layout(lengths, S), query_layout=Layout(torch.tensor([53, 1]), T))


def test_one_row_by_hand():
    # Width 4, so that scores are halved: q k / 2 = 0 and ln 3.
    query, key = torch.zeros(1, 1, 2, 4), torch.zeros(1, 1, 2, 4)
    query[..., 1, 0], key[..., 1, 0] = 2.0, torch.tensor(3.0).log()
    layout = Layout(torch.tensor([2]), 2)
    row = Scored(query, key, layout=layout, query_layout=layout).rows(torch.tensor([1]))
    torch.testing.assert_close(row, torch.tensor([[[[0.25, 0.75]]]]))


def test_rows_are_rows_of_the_weights():
    record = make()
    index = torch.tensor([41, 0, 41, 7])
    torch.testing.assert_close(record.rows(index), record.weights()[:, :, index], rtol=1e-13, atol=1e-16)


def test_no_rows_asked_give_no_rows():
    assert make().rows(torch.tensor([], dtype=torch.long)).shape == (B, H, 0, S)


def test_causal_rows_look_at_nothing_ahead():
    query = torch.randn(1, 1, S, E)
    layout = Layout(torch.tensor([S]), S)
    weights = Scored(query, query, layout=layout, query_layout=layout, causal=True).weights()[0, 0]
    assert torch.equal(weights, weights.tril())
    torch.testing.assert_close(weights.sum(-1), torch.ones(S))


def test_it_holds_less_than_the_weights():
    held = [each for each in vars(make()).values() if isinstance(each, torch.Tensor)]
    assert sum(each.untyped_storage().nbytes() // each.element_size() for each in held) <= B * H * (T + S) * E + B


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_scores_are_never_rounded(dtype: torch.dtype):
    query, key = torch.randn(B, H, T, E, dtype=dtype), torch.randn(B, H, S, E, dtype=dtype)
    record = Scored(query, key, layout=masks.unpadded(key), query_layout=masks.unpadded(query))
    everything = torch.ones(B, T, S, dtype=torch.bool)
    _, exact = reference.attention(query.double(), key.double(), key.double(), everything)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = record.weights()
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights, exact.float())


def test_rows_have_gradients_for_query_and_key():
    query = torch.randn(1, 2, 3, 5, dtype=torch.float64, requires_grad=True)
    key = torch.randn(1, 2, 7, 5, dtype=torch.float64, requires_grad=True)
    layout, query_layout = Layout(torch.tensor([6]), 7), Layout(torch.tensor([2]), 3)

    def rows(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        return Scored(query, key, layout=layout, query_layout=query_layout).rows(torch.tensor([1, 2]))

    assert torch.autograd.gradcheck(rows, (query, key))


OPTIONS = [
    {},
    {"causal": True},
    {"window": 7, "causal": True},
    {"bias": True, "scale": 0.3},
    {"groups": 1, "window": 3},
]


def pair(dtype: torch.dtype = torch.float64, *, groups: int = H, bias: bool = False, **options):
    """The record, and a way to make it again from other tensors."""
    query, key = torch.randn(B, H, S, E, dtype=dtype), torch.randn(B, groups, S, E, dtype=dtype)
    layout = Layout(torch.tensor([61, 17]), S)
    tensors = [query, key, *([torch.randn(1, H, S, S, dtype=dtype)] if bias else [])]
    for each in tensors:
        each.requires_grad_()
    more = {"bias": tensors[2]} if bias else {}
    return Scored(query, key, layout=layout, query_layout=layout, **more, **options), tensors


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_streamed_equals_what_rows_give(options: dict, monkeypatch: pytest.MonkeyPatch):
    record, tensors = pair(**options)
    weights = record.weights()
    noise = torch.rand(B, S, dtype=torch.float64)
    expected = (
        torch.einsum("bhts,bt->bhs", weights, record.uniform(torch.float64)),
        torch.einsum("bhts,bt->bhs", weights, noise),
        -(weights * torch.where(weights > 0, weights, 1.0).log()).sum(-1),
        weights.topk(3).values,
    )
    slopes = [torch.autograd.grad(each.square().sum(), tensors, retain_graph=True) for each in expected]
    for limit in (0, 2**30):
        monkeypatch.setattr("salience.kernels.policy.DENSE", limit)
        found = record.received(), record.received(noise), record.entropy(), record.top(3)[0]
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
        for each, slope in zip(found, slopes, strict=True):
            ours = torch.autograd.grad(each.square().sum(), tensors, retain_graph=True)
            torch.testing.assert_close(ours, slope, rtol=1e-7, atol=1e-10)


def test_the_largest_are_found_without_gradients_too(monkeypatch: pytest.MonkeyPatch):
    record, _ = pair()
    expected = record.weights().topk(2)
    monkeypatch.setattr("salience.kernels.policy.DENSE", 0)
    with torch.no_grad():
        values, indices = record.top(2)
    torch.testing.assert_close(values, expected.values, rtol=1e-9, atol=1e-12)
    real = record.problem.alive[:, None, :, None]
    assert torch.equal(indices * real, expected.indices * real)


def test_log_sum_exp_is_kept_once_computed():
    record, _ = pair(causal=True)
    scores = record.problem.scores(slice(0, S), slice(0, S)).logsumexp(-1)
    torch.testing.assert_close(record.lse, scores.detach(), rtol=1e-9, atol=1e-12)
    assert record.lse is record.lse


def test_what_autograd_keeps_does_not_grow_with_the_number_of_weights(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("salience.kernels.policy.DENSE", 0)
    record, _ = pair()
    kept: list[int] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        record.received().sum() + record.entropy().sum()
    assert sum(kept) < B * H * S * S / 2
