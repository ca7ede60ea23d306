"""Tiny models of many architectures, built from their configs, with what they read and where they looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import transformers as tf
from torch import Tensor

BATCH, TOKENS, TARGETS, WORDS = 3, 11, 5, 31
# Sharp weights, so that a wrong row would show.
SHARP = {"initializer_range": 0.5}


@dataclass(frozen=True)
class Architecture:
    """How to make a model, its inputs, and (from its output) the weights of eager attention by kind."""

    make: Callable[[], Any]
    inputs: Callable[[str], dict[str, Tensor]]
    weights: Callable[[Any], dict[str, tuple[Tensor, ...]]]
    paddings: tuple[str, ...] = ("none", "left", "right")


def mask(padding: str, size: int = TOKENS) -> Tensor:
    """[B, size]: the first example is whole, the others lack 3 and 4 places on one side."""
    real = torch.ones(BATCH, size, dtype=torch.long)
    for example, missing in ((1, 3), (2, 4)):
        if padding == "left":
            real[example, :missing] = 0
        elif padding == "right":
            real[example, -missing:] = 0
    return real


def text(padding: str) -> dict[str, Tensor]:
    return {"input_ids": torch.randint(3, WORDS, (BATCH, TOKENS)), "attention_mask": mask(padding)}


def pixels(padding: str) -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(BATCH, 3, 15, 15)}


def translation(padding: str) -> dict[str, Tensor]:
    targets = torch.randint(3, WORDS, (BATCH, TARGETS))
    real = torch.ones(BATCH, TARGETS, dtype=torch.long)
    real[1, -2:] = int(padding == "none")
    return text(padding) | {"decoder_input_ids": targets, "decoder_attention_mask": real}


def speech(padding: str) -> dict[str, Tensor]:
    # The convolutions of Whisper halve the 22 frames to 11 places.
    return {
        "input_features": torch.randn(BATCH, 5, 2 * TOKENS),
        "decoder_input_ids": torch.randint(3, WORDS, (BATCH, TARGETS)),
    }


def encoder(out: Any) -> dict[str, tuple[Tensor, ...]]:
    return {"encoder": out.attentions}


def decoder(out: Any) -> dict[str, tuple[Tensor, ...]]:
    return {"decoder": out.attentions}


def both(out: Any) -> dict[str, tuple[Tensor, ...]]:
    return {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions, "cross": out.cross_attentions}


def two_towers(out: Any) -> dict[str, tuple[Tensor, ...]]:
    return {"decoder": out.text_model_output.attentions, "encoder": out.vision_model_output.attentions}


def _model(name: str, **options: object) -> Callable[[], Any]:
    def make() -> Any:
        kind = getattr(tf, name)
        model = kind(kind.config_class(**options))
        if not model.config._attn_implementation == "sdpa":
            model.set_attn_implementation("sdpa")
        return model.eval()

    return make


_BERT = {
    "vocab_size": WORDS,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 13,
    "max_position_embeddings": 37,
    **SHARP,
}
_LLAMA = {**_BERT, "hidden_size": 24, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 4}
_BART = {
    "vocab_size": WORDS,
    "d_model": 12,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 3,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 13,
    "decoder_ffn_dim": 13,
    "init_std": 0.5,
}
_VIT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 13,
    "image_size": 15,
    "patch_size": 5,
    **SHARP,
}
_SLIDING = {"sliding_window": 4}

ARCHITECTURES = {
    "Bert": Architecture(_model("BertModel", **_BERT), text, encoder),
    "Roberta": Architecture(_model("RobertaModel", **_BERT), text, encoder),
    "DistilBert": Architecture(
        _model("DistilBertModel", vocab_size=WORDS, dim=12, n_layers=2, n_heads=3, hidden_dim=13, **SHARP),
        text,
        encoder,
    ),
    "Electra": Architecture(_model("ElectraModel", **_BERT, embedding_size=7), text, encoder),
    "Albert": Architecture(_model("AlbertModel", **_BERT, embedding_size=7), text, encoder),
    "ModernBert": Architecture(
        _model("ModernBertModel", **_BERT, local_attention=6, global_attn_every_n_layers=2, pad_token_id=0),
        text,
        encoder,
    ),
    "GPT2": Architecture(
        _model("GPT2Model", vocab_size=WORDS, n_positions=37, n_embd=12, n_layer=2, n_head=3, **SHARP), text, decoder
    ),
    "GPTNeoX": Architecture(_model("GPTNeoXModel", **_BERT), text, decoder),
    "Llama": Architecture(_model("LlamaModel", **_LLAMA), text, decoder),
    "Mistral": Architecture(_model("MistralModel", **_LLAMA, **_SLIDING), text, decoder),
    "Qwen2": Architecture(
        _model("Qwen2Model", **_LLAMA, **_SLIDING, use_sliding_window=True, max_window_layers=1), text, decoder
    ),
    "Qwen3": Architecture(_model("Qwen3Model", **_LLAMA), text, decoder),
    "Gemma": Architecture(_model("GemmaModel", **_LLAMA), text, decoder),
    "Gemma3": Architecture(
        _model("Gemma3TextModel", **_LLAMA, **_SLIDING, layer_types=["sliding_attention", "full_attention"]),
        text,
        decoder,
    ),
    "Phi3": Architecture(_model("Phi3Model", **_LLAMA, pad_token_id=0), text, decoder),
    "OPT": Architecture(
        _model(
            "OPTModel",
            vocab_size=WORDS,
            hidden_size=12,
            word_embed_proj_dim=12,
            num_hidden_layers=2,
            num_attention_heads=3,
            ffn_dim=13,
            init_std=0.5,
        ),
        text,
        decoder,
    ),
    "ViT": Architecture(_model("ViTModel", **_VIT), pixels, encoder, ("none",)),
    "DeiT": Architecture(_model("DeiTModel", **_VIT), pixels, encoder, ("none",)),
    "DINOv2": Architecture(_model("Dinov2Model", **_VIT), pixels, encoder, ("none",)),
    "CLIP": Architecture(
        _model(
            "CLIPModel",
            text_config={**_BERT, "eos_token_id": 2, "projection_dim": 7},
            vision_config={**_VIT, "projection_dim": 7},
            projection_dim=7,
        ),
        lambda padding: text(padding) | pixels(padding),
        two_towers,
    ),
    "T5": Architecture(
        _model(
            "T5Model",
            vocab_size=WORDS,
            d_model=12,
            d_kv=4,
            d_ff=13,
            num_layers=2,
            num_heads=3,
            initializer_factor=2.0,
        ),
        translation,
        both,
    ),
    "Bart": Architecture(_model("BartModel", **_BART, max_position_embeddings=37), translation, both),
    "Marian": Architecture(
        _model("MarianModel", **_BART, max_position_embeddings=37, pad_token_id=0), translation, both
    ),
    "Whisper": Architecture(
        _model(
            "WhisperModel",
            **_BART,
            num_mel_bins=5,
            max_source_positions=TOKENS,
            max_target_positions=37,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
        ),
        speech,
        both,
        ("none",),
    ),
    "Wav2Vec2": Architecture(
        _model(
            "Wav2Vec2Model",
            **{**_BERT, "conv_dim": (5,), "conv_stride": (3,), "conv_kernel": (3,), "feat_extract_norm": "layer"},
            num_conv_pos_embeddings=3,
            num_conv_pos_embedding_groups=3,
            mask_time_prob=0.0,
        ),
        lambda padding: {"input_values": torch.randn(BATCH, 3 * TOKENS)},
        encoder,
        ("none",),
    ),
}
