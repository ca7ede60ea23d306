"""Many architectures of Hugging Face: what is recorded is what eager attention would have told, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from salience.recorder import AttentionRecorder, Recorded
from tests import documents
from tests.recorder.architectures import ARCHITECTURES, BATCH, TOKENS

# The error of float32 itself, for weights and what is summed from them.
EXACT = 1e-5
CASES = [(name, padding) for name, each in ARCHITECTURES.items() for padding in each.paddings]


@pytest.mark.parametrize(("name", "padding"), CASES)
def test_records_tell_what_eager_attention_tells(name: str, padding: str) -> None:
    architecture = ARCHITECTURES[name]
    model, inputs = architecture.make(), architecture.inputs(padding)
    with torch.no_grad():
        before = model(**inputs)
        with AttentionRecorder(model) as recorder:
            recorded = model(**inputs)
        with AttentionRecorder(model, keep="statistics") as at_once:
            rounded = model(**inputs)
        after = model(**inputs)
        model.set_attn_implementation("eager")
        eager = model(**inputs, output_attentions=True)
    assert largest_difference(before, recorded, inputs) <= 1e-6
    assert largest_difference(before, after, inputs) == 0
    # In one pass with the statistics the output differs by rounding, which sharp weights enlarge.
    assert largest_difference(before, rounded, inputs) <= EXACT
    for name in ("received", "entropy"):
        for told, kept in zip(getattr(at_once, name), getattr(recorder, name), strict=True):
            torch.testing.assert_close(told, kept, rtol=0, atol=2 * EXACT)
    for kind, expected in architecture.weights(eager).items():
        records = [each for each in recorder.records if each.kind == kind]
        assert len(records) == len(expected) > 0
        for record, weights in zip(records, expected, strict=True):
            _compare(record, weights, inputs)


@pytest.mark.parametrize("form", ["bool mask", "float mask", "packed"])
def test_a_mask_that_only_a_matrix_can_tell_is_recorded(form: str) -> None:
    """Two texts of 4 and 7 tokens in one row, which do not see each other."""
    llama = ARCHITECTURES["Llama"].make()
    inputs: dict[str, Any] = {"input_ids": torch.randint(3, 31, (BATCH, TOKENS))}
    if form == "packed":
        inputs |= {"position_ids": torch.tensor([[*range(4), *range(7)]] * BATCH), "use_cache": False}
    else:
        text = torch.tensor([0] * 4 + [1] * 7)
        seen = (text[:, None] == text) & torch.ones(TOKENS, TOKENS).tril().bool()
        least = torch.finfo(torch.float32).min
        mask = seen if form == "bool mask" else torch.zeros(TOKENS, TOKENS).masked_fill(~seen, least)
        inputs["attention_mask"] = mask.expand(BATCH, 1, -1, -1)
    with torch.no_grad():
        before = llama(**inputs).last_hidden_state
        with AttentionRecorder(llama) as recorder:
            recorded = llama(**inputs).last_hidden_state
        llama.set_attn_implementation("eager")
        if form == "bool mask":
            # Eager attention adds its mask.
            inputs["attention_mask"] = torch.zeros(TOKENS, TOKENS).masked_fill(~seen, least).expand(BATCH, 1, -1, -1)
        eager = llama(**inputs, output_attentions=True).attentions
    torch.testing.assert_close(recorded, before)
    for record, weights in zip(recorder.records, eager, strict=True):
        assert (weights[:, :, 4:, :4] == 0).all()
        torch.testing.assert_close(record.weights(), weights, rtol=0, atol=EXACT)
        torch.testing.assert_close(record.received(), weights.mean(2), rtol=0, atol=EXACT)


def _compare(record: Recorded, weights: Tensor, inputs: dict[str, Tensor]) -> None:
    real = real_queries(record, inputs).to(weights.dtype)  # [B, T]
    weights = weights * real[:, None, :, None]
    share = real / real.sum(dim=1, keepdim=True)
    assert torch.equal(record.real, real.bool())
    torch.testing.assert_close(record.weights(), weights, rtol=0, atol=EXACT)
    received = torch.einsum("bhts,bt->bhs", weights, share)
    torch.testing.assert_close(record.received(), received, rtol=0, atol=EXACT)
    entropy = -(weights * weights.clamp(min=1e-30).log()).sum(-1)
    torch.testing.assert_close(record.entropy(), entropy, rtol=0, atol=2 * EXACT)
    torch.testing.assert_close(record.top(2)[0], weights.topk(2).values, rtol=0, atol=EXACT)


def real_queries(record: Recorded, inputs: dict[str, Tensor]) -> Tensor:
    """[B, T]: True where the inputs say that a query of the record is real."""
    batch, _, queries, _ = record.shape
    names = ("attention_mask",) if record.kind == "encoder" else ("decoder_attention_mask", "attention_mask")
    found = [inputs[name] for name in names if name in inputs and inputs[name].shape[1] == queries]
    return found[0].bool() if found else torch.ones(batch, queries, dtype=torch.bool)


def largest_difference(left: Any, right: Any, inputs: dict[str, Tensor]) -> float:
    """Between the states of real positions, relative to the largest of them."""
    names = [name for name in ("last_hidden_state", "text_embeds", "image_embeds") if name in left]
    assert names
    return max(_difference(left[name], right[name], inputs) for name in names)


def _difference(left: Tensor, right: Tensor, inputs: dict[str, Tensor]) -> float:
    if left.ndim == 3:
        masks = [inputs[name] for name in ("decoder_attention_mask", "attention_mask") if name in inputs]
        real = [each.bool() for each in masks if each.shape == left.shape[:2]]
        left, right = (left[real[0]], right[real[0]]) if real else (left, right)
    return float((left - right).abs().max() / left.abs().max())


def test_the_documentation_names_these_architectures() -> None:
    page = (documents.ROOT / "docs" / "recorder.md").read_text(encoding="utf-8")
    listed = page.partition("tests/recorder/architectures.py. -->")[2].partition(".\n")[0]
    assert sorted(listed.replace("\n", " ").strip().split(", ")) == sorted(each for each in ARCHITECTURES)
