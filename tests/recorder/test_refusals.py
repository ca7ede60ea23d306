"""Models and layers that cannot be recorded say so, and are named."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as tf
from torch import nn

from salience.core.errors import NotAvailable
from salience.recorder import AttentionRecorder
from salience.recorder.visible import Pattern, Visible
from tests.recorder.architectures import ARCHITECTURES, BERT, LLAMA, text

OWN_WAY = {
    "BloomModel": {"vocab_size": 31, "hidden_size": 12, "n_layer": 2, "n_head": 3},
    "DebertaV2Model": BERT,
}


@pytest.mark.parametrize("name", OWN_WAY)
def test_a_model_with_its_own_attention_is_named(name: str) -> None:
    kind = getattr(tf, name)
    made = kind(kind.config_class(**OWN_WAY[name])).eval()
    with pytest.raises(NotAvailable, match=rf"{name} computes attention in its own way"), AttentionRecorder(made):
        made(**text("none"))


def test_a_part_with_its_own_attention_is_named() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = tf.BloomModel(tf.BloomConfig(**OWN_WAY["BloomModel"]))

    with pytest.raises(NotAvailable, match="BloomModel computes"), AttentionRecorder(Wrapped()):
        pass


def test_dropped_weights_are_refused() -> None:
    bert = ARCHITECTURES["Bert"].make().train()
    with pytest.raises(NotAvailable, match=r"drops weights at random \(p = 0.1\).*\n.*BertSelfAttention.*\n.*eval"):
        _record(bert)


def test_layers_that_are_computed_twice_are_refused() -> None:
    llama = ARCHITECTURES["Llama"].make().train()
    llama.gradient_checkpointing_enable()
    with pytest.raises(NotAvailable, match="computes its layers a second time"):
        _record(llama)
    _record(llama.eval())


def test_attention_sinks_are_refused() -> None:
    with pytest.raises(NotAvailable, match="has attention sinks, so its weights over sources do not sum to one"):
        _record(_of("GptOssModel", num_local_experts=2, num_experts_per_tok=1))


def test_capped_scores_are_refused() -> None:
    with pytest.raises(NotAvailable, match="caps its scores softly"):
        _record(_of("Gemma2Model", sliding_window=4))


def test_an_unknown_ingredient_is_named() -> None:
    llama = ARCHITECTURES["Llama"].make()
    with pytest.raises(NotAvailable, match="gives its attention `sparse_indices`, whose meaning is not known"):
        _record(llama, sparse_indices=torch.ones(1))


def test_a_model_that_computes_with_its_mask_is_refused() -> None:
    mask = Visible.of(torch.ones(1, 1, 1, 3, dtype=torch.bool), pattern=Pattern(causal=True))
    for change in (lambda: mask + 1, lambda: mask[:, 0], lambda: ~mask, lambda: torch.where(mask, 0.0, 1.0)):
        with pytest.raises(NotAvailable, match=r"computes with its attention mask \(`"):
            change()
    with pytest.raises(NotAvailable, match=r"turns its attention mask into torch.float32"):
        mask.to(torch.float32)


def _of(name: str, **options: object) -> Any:
    kind = getattr(tf, name)
    return kind(kind.config_class(**LLAMA, **options)).eval()


def _record(made: Any, **options: object) -> None:
    with AttentionRecorder(made):
        made(**text("none"), **options)
