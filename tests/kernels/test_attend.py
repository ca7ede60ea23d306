"""The fused call against the dense reference: output, record and gradients, at awkward lengths."""

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from salience.core.batch import Layout
from salience.core.errors import ConfigError, DataError
from salience.kernels import attend, masks, reference

B, H, T, S, E = 5, 2, 13, 11, 3


@dataclass
class Call:
    """Arguments of `attend`, and what the reference says of them."""

    query: Tensor
    key: Tensor
    value: Tensor
    layout: Layout
    query_layout: Layout
    causal: bool = False

    def attend(self):
        return attend(
            self.query, self.key, self.value, layout=self.layout, query_layout=self.query_layout, causal=self.causal
        )

    def reference(self):
        index = torch.arange(self.query_layout.size)
        seen = masks.padding(index, layout=self.layout, query_layout=self.query_layout)
        if self.causal:
            seen = seen & masks.causal(index, size=self.layout.size)
        return reference.attention(self.query, self.key, self.value, seen)


def cross(dtype: torch.dtype = torch.float64, spread: float = 1.0) -> Call:
    query, key, value = (spread * torch.randn(B, H, size, E, dtype=dtype) for size in (T, S, S))
    layout = Layout(torch.tensor([11, 0, 1, 7, 4]), S)
    return Call(query, key, value, layout, Layout(torch.tensor([13, 5, 3, 1, 0]), T))


def itself(dtype: torch.dtype = torch.float64, *, causal: bool = False) -> Call:
    query, key, value = (torch.randn(B, H, S, E, dtype=dtype) for _ in range(3))
    layout = Layout(torch.tensor([11, 0, 1, 7, 4]), S)
    return Call(query, key, value, layout, layout, causal)


CALLS = {"cross": cross, "self": itself, "causal": lambda dtype=torch.float64: itself(dtype, causal=True)}


@pytest.fixture(params=CALLS)
def make(request: pytest.FixtureRequest):
    return CALLS[request.param]


def gradients(answer: tuple[Tensor, Tensor], call: Call) -> tuple[Tensor, ...]:
    out, weights = answer
    generator = torch.Generator().manual_seed(7)
    wanted, noted = (torch.randn(each.shape, generator=generator, dtype=torch.float64) for each in (out, weights))
    return torch.autograd.grad((out * wanted).sum() + (weights * noted).sum(), (call.query, call.key, call.value))


def test_one_query_by_hand():
    # Scores ln 3 and 0 after the division by sqrt(1): weights 3/4 and 1/4.
    query, key = torch.tensor([[[[1.0]]]]), torch.tensor([[[[3.0], [1.0]]]]).log()
    value = torch.tensor([[[[8.0], [4.0]]]])
    out, record = attend(query, key, value, layout=Layout(torch.tensor([2]), 2))
    torch.testing.assert_close(out, torch.tensor([[[[7.0]]]]))
    torch.testing.assert_close(record.weights(), torch.tensor([[[[0.75, 0.25]]]]))


def test_output_record_and_gradients_equal_the_reference(make):
    call = make()
    for each in (call.query, call.key, call.value):
        each.requires_grad_()
    out, record = call.attend()
    answer = (out, record.weights())
    expected = call.reference()
    torch.testing.assert_close(answer, expected, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(gradients(answer, call), gradients(expected, call), rtol=1e-11, atol=1e-12)


@given(lengths=st.lists(st.integers(0, 37), min_size=1, max_size=3), queries=st.integers(0, 5), seed=st.integers(0, 99))
def test_any_length_equals_the_reference(lengths: list[int], queries: int, seed: int):
    torch.manual_seed(seed)
    size = max(lengths)
    query, key, value = (torch.randn(len(lengths), H, each, E, dtype=torch.float64) for each in (queries, size, size))
    call = Call(query, key, value, Layout(torch.tensor(lengths), size), masks.unpadded(query))
    if queries and size:
        out, record = call.attend()
        torch.testing.assert_close((out, record.weights()), call.reference(), rtol=1e-12, atol=1e-13)
    else:
        assert not call.attend()[0].any()


def test_without_a_query_layout_every_query_is_real():
    call = cross()
    out, record = attend(call.query, call.key, call.value, layout=call.layout)
    call.query_layout = masks.unpadded(call.query)
    torch.testing.assert_close((out, record.weights()), call.reference(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("garbage", [torch.nan, torch.inf])
def test_padded_memory_may_hold_anything(make, garbage: float):
    call = make()
    answers, slopes = [], []
    for filling in (0.0, garbage):
        for each, layout in ((call.query, call.query_layout), (call.key, call.layout), (call.value, call.layout)):
            each.requires_grad_(False)[~layout.mask[:, None, :].expand(B, H, layout.size)] = filling
            each.requires_grad_()
        out, record = call.attend()
        answers.append((out, record.weights()))
        slopes.append(gradients(answers[-1], call))
    assert all(map(torch.equal, *answers))
    assert all(map(torch.equal, *slopes))


def test_gradients_pass_the_numerical_check(make):
    call = make()
    small = [each[:4, :1].clone().requires_grad_() for each in (call.query, call.key, call.value)]
    cut = Layout(call.layout.lengths[:4], call.layout.size)
    query_cut = cut if call.causal else Layout(call.query_layout.lengths[:4], call.query_layout.size)

    def everything(*qkv: Tensor) -> tuple[Tensor, Tensor]:
        out, record = attend(*qkv, layout=cut, query_layout=query_cut, causal=call.causal)
        return out, record.received()

    assert torch.autograd.gradcheck(everything, small)


@pytest.mark.parametrize("spread", [1.0, 10.0])
def test_half_precision_is_no_worse_than_half_precision_reference(spread: float):
    call = cross(torch.bfloat16, spread)
    exact = cross()
    exact.query, exact.key, exact.value = call.query.double(), call.key.double(), call.value.double()
    truth, (expected, _) = exact.reference(), call.reference()
    out, record = call.attend()
    own = (expected.double() - truth[0]).abs().max()
    assert (out.double() - truth[0]).abs().max() <= 2 * own
    # Weights are computed in float32, whatever the inputs.
    torch.testing.assert_close(record.weights().double(), truth[1], rtol=1e-4, atol=1e-6)


def test_the_mask_is_one_row_per_example_and_never_empty(monkeypatch: pytest.MonkeyPatch):
    fused, masks_given = F.scaled_dot_product_attention, []

    def watched(*given, attn_mask, **options):
        masks_given.append(attn_mask)
        return fused(*given, attn_mask=attn_mask, **options)

    monkeypatch.setattr(F, "scaled_dot_product_attention", watched)
    cross().attend()
    # Kernels differ in what they make of an empty row.
    (mask,) = masks_given
    assert mask.numel() == B * S
    assert mask.any(dim=-1).all()


def test_causal_attention_over_two_sequences_is_an_error():
    call = cross()
    call.causal = True
    with pytest.raises(ConfigError, match=r"one sequence, and they have two layouts[\s\S]*give the same layout twice"):
        call.attend()


def test_a_layout_of_another_tensor_is_an_error():
    call = cross()
    with pytest.raises(DataError, match="describes 5 examples of 13 positions, the tensor has 5 of 11"):
        attend(call.query, call.key, call.value, layout=call.query_layout)


@pytest.mark.parametrize("dense", [0, 2**30])
@pytest.mark.parametrize(
    "options",
    [
        {"window": 3},
        {"window": 2, "causal": True},
        {"bias": (1, H, S)},
        {"bias": (5, 1, 1), "causal": True},
        {"bias": (1, H, S), "window": 4, "scale": 0.2},
        {"groups": 1, "scale": 0.3},
        {"groups": 1, "window": 3, "causal": True},
    ],
)
def test_windows_biases_and_shared_heads_equal_the_reference(
    options: dict, dense: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("salience.kernels.policy.DENSE", dense)
    options = dict(options)
    groups, shape = options.pop("groups", H), options.pop("bias", None)
    query, key, value = (torch.randn(B, n, S, E, dtype=torch.float64).requires_grad_() for n in (H, groups, groups))
    tensors, bias = [query, key, value], None
    if shape is not None:
        bias = torch.randn(*shape, S, dtype=torch.float64, requires_grad=True)
        tensors.append(bias)
    layout = Layout(torch.tensor([11, 0, 1, 7, 4]), S)
    out, record = attend(query, key, value, layout=layout, query_layout=layout, bias=bias, **options)
    index = torch.arange(S)
    seen = masks.padding(index, layout=layout, query_layout=layout)
    if options.get("causal"):
        seen = seen & masks.causal(index, size=S)
    if "window" in options:
        seen = seen & ((index[:, None] - index).abs() <= options["window"])
    wide = [each.repeat_interleave(H // groups, dim=1) for each in (key, value)]
    expected = reference.attention(query, *wide, seen, scale=options.get("scale"), bias=bias)
    torch.testing.assert_close((out, record.weights()), expected, rtol=1e-9, atol=1e-11)
    noise = torch.randn_like(out)
    ours = torch.autograd.grad((out * noise).sum() + record.received().square().sum(), tensors)
    received = torch.einsum("bhts,bt->bhs", expected[1], record.uniform(torch.float64))
    theirs = torch.autograd.grad((expected[0] * noise).sum() + received.square().sum(), tensors)
    torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 3}])
def test_looking_changes_no_bit_of_the_output(options: dict):
    query, key, value = (torch.randn(B, H, S, E) for _ in range(3))
    layout = Layout(torch.tensor([11, 0, 1, 7, 4]), S)
    alone, _ = attend(query, key, value, layout=layout, query_layout=layout, **options)
    out, record = attend(query, key, value, layout=layout, query_layout=layout, **options)
    record.received(), record.entropy(), record.top(3)
    assert torch.equal(out, alone)
