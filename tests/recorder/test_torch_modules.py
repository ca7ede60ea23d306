"""Attention of torch's own modules, and of modules written like those of timm."""

from __future__ import annotations

import importlib.util
import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from salience.core.errors import NotAvailable
from salience.recorder import AttentionRecorder

BATCH, TOKENS, WIDTH, HEADS = 3, 7, 12, 2


class VisionAttention(nn.Module):
    """One module with the names that timm gives to its parts; `fused_attn` chooses between two ways to compute."""

    def __init__(self, *, fused: bool = True) -> None:
        super().__init__()
        self.num_heads = HEADS
        self.scale = (WIDTH // HEADS) ** -0.5
        self.fused_attn = fused
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, states: Tensor) -> Tensor:
        query, key, value = self.heads(states)
        fused = self.fused_attn
        mixed = F.scaled_dot_product_attention(query, key, value) if fused else self.weights(states) @ value
        return self.proj(mixed.transpose(1, 2).flatten(2))

    def heads(self, states: Tensor) -> tuple[Tensor, ...]:
        split = self.qkv(states).unflatten(-1, (3, HEADS, WIDTH // HEADS))
        return split.permute(2, 0, 3, 1, 4).unbind(0)

    def weights(self, states: Tensor) -> Tensor:
        query, key, _ = self.heads(states)
        return (query * self.scale @ key.transpose(-2, -1)).softmax(-1)


@pytest.fixture
def states() -> Tensor:
    return torch.randn(BATCH, TOKENS, WIDTH)


@pytest.fixture
def padding() -> Tensor:
    """True at padding, as torch wants it."""
    found = torch.zeros(BATCH, TOKENS, dtype=torch.bool)
    found[1, -2:] = True
    return found


def encoder() -> nn.TransformerEncoder:
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 13, batch_first=True)
    return nn.TransformerEncoder(layer, 2).eval()


def told(attention: nn.MultiheadAttention, query: Tensor, key: Tensor, **masks: Tensor) -> Tensor:
    """What torch itself tells of the weights."""
    _, weights = attention(query, key, key, need_weights=True, average_attn_weights=False, **masks)
    return weights


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("padded", [False, True])
def test_an_encoder_tells_the_weights_of_its_layers(states: Tensor, padding: Tensor, padded: bool) -> None:
    model, mask = encoder(), padding if padded else None
    with torch.no_grad():
        before = model(states, src_key_padding_mask=mask)
        with AttentionRecorder(model) as recorder:
            out = model(states, src_key_padding_mask=mask)
        real = torch.ones(BATCH, TOKENS).bool() if mask is None else ~mask
        torch.testing.assert_close(out[real], before[real], rtol=0, atol=1e-6)
        first = told(model.layers[0].self_attn, states, states, **({"key_padding_mask": mask} if padded else {}))
    record = recorder.records[0]
    assert [each.name for each in recorder.records] == ["layers.0.self_attn", "layers.1.self_attn"]
    assert {each.kind for each in recorder.records} == {"encoder"}
    torch.testing.assert_close(record.weights(), first * real[:, None, :, None], rtol=0, atol=1e-6)
    assert torch.equal(record.real, real)
    torch.testing.assert_close(record.received().sum(-1), torch.ones(BATCH, HEADS))


@pytest.mark.parametrize("padded", [False, True])
def test_a_causal_encoder_is_a_decoder(states: Tensor, padding: Tensor, padded: bool) -> None:
    model = encoder()
    ahead = nn.Transformer.generate_square_subsequent_mask(TOKENS)
    masks: dict[str, Any] = {"mask": ahead, "is_causal": not padded}
    if padded:
        masks["src_key_padding_mask"] = torch.zeros(BATCH, TOKENS).masked_fill(padding, -torch.inf)
    with torch.no_grad():
        before = model(states, **masks)
        with AttentionRecorder(model) as recorder:
            out = model(states, **masks)
        first = told(model.layers[0].self_attn, states, states, attn_mask=ahead)
    real = ~padding if padded else torch.ones_like(padding)
    torch.testing.assert_close(out[real], before[real], rtol=0, atol=1e-6)
    assert {each.kind for each in recorder.records} == {"decoder"}
    assert torch.equal(recorder.records[0].real, real)
    torch.testing.assert_close(recorder.records[0].weights(), first * real[:, None, :, None], rtol=0, atol=1e-6)


def test_a_decoder_looks_at_itself_and_across(states: Tensor, padding: Tensor) -> None:
    model = nn.TransformerDecoderLayer(WIDTH, HEADS, 13, batch_first=True).eval()
    target = torch.randn(BATCH, 5, WIDTH)
    ahead = nn.Transformer.generate_square_subsequent_mask(5)
    with torch.no_grad(), AttentionRecorder(model) as recorder:
        model(target, states, tgt_mask=ahead, memory_key_padding_mask=padding, tgt_is_causal=True)
    assert [(each.name, each.kind) for each in recorder.records] == [
        ("self_attn", "decoder"),
        ("multihead_attn", "cross"),
    ]
    across = recorder.records[1]
    assert across.shape == (BATCH, HEADS, 5, TOKENS)
    assert across.real.all()
    assert torch.equal((across.received() == 0).all(1), padding)


def test_attention_alone_is_recorded_with_its_own_output(states: Tensor) -> None:
    model = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).eval()
    with torch.no_grad():
        with AttentionRecorder(model) as recorder:
            out, _ = model(states, states, states, need_weights=False)
        expected, weights = model(states, states, states, average_attn_weights=False)
    assert recorder.records[0].name == "MultiheadAttention"
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(recorder.records[0].weights(), weights)


def test_a_module_like_those_of_timm_is_recorded(states: Tensor) -> None:
    model = nn.Sequential(VisionAttention(), VisionAttention())
    with torch.no_grad():
        before = model(states)
        with AttentionRecorder(model) as recorder:
            out = model(states)
    assert torch.equal(out, before)
    assert [each.name for each in recorder.records] == ["0", "1"]
    torch.testing.assert_close(recorder.records[0].weights(), model[0].weights(states))


@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed")
def test_timm_itself_is_recorded() -> None:
    timm = importlib.import_module("timm")
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False).eval()
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        before = model(images)
        with AttentionRecorder(model) as recorder:
            out = model(images)
    torch.testing.assert_close(out, before)
    assert len(recorder.records) == 12
    assert recorder.records[0].shape == (1, 3, 197, 197)


def test_relevance_reaches_torch_modules(states: Tensor) -> None:
    model = nn.Sequential(VisionAttention(), VisionAttention())
    with AttentionRecorder(model) as recorder:
        out = model(states)
    found = recorder.relevance(out[:, 0, 4].sum(), targets=0)
    inner = [VisionAttention.weights(model[0], states), None]
    middle = model[0](states)
    inner[1] = VisionAttention.weights(model[1], middle)
    grads = []
    for number, (layer, given) in enumerate(((model[0], states), (model[1], middle))):
        weights = inner[number].detach().requires_grad_()
        mixed = layer.proj((weights @ layer.heads(given)[2]).transpose(1, 2).flatten(2))
        last = model[1](mixed) if number == 0 else mixed
        grads.append((weights * torch.autograd.grad(last[:, 0, 4].sum(), weights)[0]).clamp(min=0).mean(1))
    expected = torch.eye(TOKENS).expand(BATCH, -1, -1)
    for each in grads:
        expected = expected + each @ expected
    torch.testing.assert_close(found, expected[:, :1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["three axes", "bool mask for all", "bias for each head"])
def test_any_module_that_calls_fused_attention_is_recorded(states: Tensor, form: str) -> None:
    mask = {
        "three axes": None,
        "bool mask for all": torch.rand(TOKENS, TOKENS) > 0.5,
        "bias for each head": torch.randn(1, HEADS, TOKENS, TOKENS),
    }[form]

    class Custom(nn.Module):
        def forward(self, states: Tensor) -> Tensor:
            if form != "three axes":
                states = states.unflatten(-1, (HEADS, -1)).transpose(1, 2)
            return F.scaled_dot_product_attention(states, states, states, attn_mask=mask, scale=0.7)

    model = Custom()
    before = model(states)
    with AttentionRecorder(model) as recorder:
        out = model(states)
    assert torch.equal(out, before)
    weights = recorder.records[0].weights()
    value = states[:, None] if form == "three axes" else states.unflatten(-1, (HEADS, -1)).transpose(1, 2)
    torch.testing.assert_close(weights @ value, before[:, None] if form == "three axes" else before)


def test_torch_is_left_as_it_was(states: Tensor) -> None:
    original, model = F.scaled_dot_product_attention, encoder()
    with pytest.raises(ZeroDivisionError), AttentionRecorder(model):
        _interrupted(model, states)
    assert F.scaled_dot_product_attention is original
    assert torch.backends.mha.get_fastpath_enabled()
    assert all(not each._forward_hooks and not each._forward_pre_hooks for each in model.modules())


def test_two_recorders_share_the_call_and_the_last_one_gives_it_back(states: Tensor) -> None:
    original = F.scaled_dot_product_attention
    left, right = encoder(), encoder()
    first, second = AttentionRecorder(left), AttentionRecorder(right)
    with torch.no_grad():
        with first, second:
            left(states)
            right(states)
        assert F.scaled_dot_product_attention is original
    assert len(first.records) == len(second.records) == 2


def test_other_threads_and_models_are_not_heard(states: Tensor) -> None:
    model, other = encoder(), VisionAttention()
    with torch.no_grad(), AttentionRecorder(model) as recorder:
        thread = threading.Thread(target=lambda: other(states))
        thread.start()
        thread.join()
        other(states)
        model(states)
    assert len(recorder.records) == 2


def test_what_passes_fused_attention_by_is_named(states: Tensor) -> None:
    attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    with pytest.raises(NotAvailable, match=r"MultiheadAttention of a recorded.*\n.*`need_weights=False`"):
        _record(attention, states, states, states)
    with pytest.raises(NotAvailable, match=r"VisionAttention of a recorded.*\n.*set its `fused_attn` to True"):
        _record(VisionAttention(fused=False), states)


def test_dropped_weights_and_unknown_axes_are_refused(states: Tensor) -> None:
    with pytest.raises(NotAvailable, match=r"drops weights at random \(p = 0.1\)"):
        _record(encoder().train(), states)

    class Windows(nn.Module):
        def forward(self, states: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(states, states, states)

    with pytest.raises(NotAvailable, match=r"the queries have 5 axes, \(1, 1, 3, 7, 12\)"):
        _record(Windows(), states[None, None])


def test_a_module_without_attention_says_so(states: Tensor) -> None:
    with pytest.raises(NotAvailable, match="no call of attention was recorded\n  where: Linear"):
        _record(nn.Linear(WIDTH, 5), states)


def _record(model: nn.Module, *inputs: Tensor) -> None:
    with AttentionRecorder(model):
        model(*inputs)


def _interrupted(model: nn.Module, states: Tensor) -> None:
    model(states)
    raise ZeroDivisionError
