"""Generation step by step: one record for each layer and token, with every kind of cache."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from salience.recorder import AttentionRecorder, OneQuery
from tests.recorder.architectures import BART, BATCH, LLAMA, SLIDING, TOKENS, mask, model, text

STEPS = 4
MIXED = {"layer_types": ["sliding_attention", "full_attention"]}
DECODERS = {
    "Llama": model("LlamaForCausalLM", **LLAMA),
    "Mistral": model("MistralForCausalLM", **LLAMA, **SLIDING),
    "Gemma3": model("Gemma3ForCausalLM", **LLAMA, **SLIDING, **MIXED),
}


def generate(model: Any, inputs: dict[str, Tensor], cache: str | None) -> Any:
    static = {"cache_implementation": "static", "disable_compile": True} if cache == "static" else {}
    return model.generate(
        **inputs,
        **static,
        max_new_tokens=STEPS,
        do_sample=False,
        return_dict_in_generate=True,
        output_attentions=True,
        pad_token_id=0,
        eos_token_id=None,
    )


@pytest.mark.parametrize("padding", ["none", "left"])
@pytest.mark.parametrize("cache", ["dynamic", "static"])
@pytest.mark.parametrize("name", DECODERS)
def test_each_token_has_the_weights_of_eager_attention(name: str, cache: str, padding: str) -> None:
    model, inputs = DECODERS[name](), text(padding)
    plain = generate(model, inputs, cache)
    with AttentionRecorder(model) as recorder:
        recorded = generate(model, inputs, cache)
    model.set_attn_implementation("eager")
    eager = generate(model, inputs, cache)
    assert torch.equal(plain.sequences, recorded.sequences)
    assert len(recorder.steps) == STEPS
    for step, (records, attentions) in enumerate(zip(recorder.steps, eager.attentions, strict=True)):
        assert [each.kind for each in records] == ["decoder"] * 2
        assert [each.step for each in records] == [step] * 2
        for record, expected in zip(records, attentions, strict=True):
            _compare(record.weights(), expected * record.real[:, None, :, None])
            assert isinstance(record, OneQuery) == (step > 0)


def test_an_encoder_and_a_decoder_generate_together() -> None:
    bart = model("BartForConditionalGeneration", **BART, max_position_embeddings=37, decoder_start_token_id=2)()
    inputs = text("right")
    plain = generate(bart, inputs, None)
    with AttentionRecorder(bart) as recorder:
        recorded = generate(bart, inputs, None)
    bart.set_attn_implementation("eager")
    eager = generate(bart, inputs, None)
    assert torch.equal(plain.sequences, recorded.sequences)
    assert len(recorder.steps) == STEPS
    kinds = [[each.kind for each in step] for step in recorder.steps]
    assert kinds == [["encoder"] * 2 + ["decoder", "cross"] * 2] + [["decoder", "cross"] * 2] * (STEPS - 1)
    real = mask("right").bool()
    for record, expected in zip(recorder.steps[0][:2], eager.encoder_attentions, strict=True):
        _compare(record.weights(), expected * real[:, None, :, None])
    for step in range(STEPS):
        for kind, found in (("decoder", eager.decoder_attentions), ("cross", eager.cross_attentions)):
            records = [each for each in recorder.steps[step] if each.kind == kind]
            for record, expected in zip(records, found[step], strict=True):
                _compare(record.weights(), expected)


def test_statistics_of_each_token_need_no_keys() -> None:
    llama, inputs = DECODERS["Llama"](), text("left")
    with AttentionRecorder(llama, keep="statistics", kind="decoder", layers=[1]) as recorder:
        generate(llama, inputs, None)
    sizes = [each.shape for each in recorder.received]
    assert sizes == [(BATCH, 6, TOKENS + step) for step in range(STEPS)]
    for each in recorder.received:
        torch.testing.assert_close(each.sum(-1), torch.ones(BATCH, 6))


def _compare(weights: Tensor, expected: Tensor) -> None:
    """A static cache has places that nobody sees yet; the recorder may leave them out."""
    common = min(weights.shape[-1], expected.shape[-1])
    torch.testing.assert_close(weights[..., :common], expected[..., :common], rtol=0, atol=1e-5)
    assert weights[..., common:].abs().sum() == expected[..., common:].abs().sum() == 0
