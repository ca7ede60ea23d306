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


def _with_image(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same text with the nine patches of an image in it."""
    inputs["input_ids"][:, 1:10] = 2
    return inputs


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


def model(name: str, **options: object) -> Callable[[], Any]:
    """How to make the model of that class, with fused attention."""

    def make() -> Any:
        kind = getattr(tf, name)
        made = kind(kind.config_class(**options, attn_implementation="sdpa"))
        return made.eval()

    return make


BERT = {
    "vocab_size": WORDS,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 13,
    "max_position_embeddings": 37,
    **SHARP,
}
LLAMA = {**BERT, "hidden_size": 24, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 4}
BART = {
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
VIT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 13,
    "image_size": 15,
    "patch_size": 5,
    **SHARP,
}
SLIDING = {"sliding_window": 4}

ARCHITECTURES = {
    "Bert": Architecture(model("BertModel", **BERT), text, encoder),
    "Roberta": Architecture(model("RobertaModel", **BERT), text, encoder),
    "DistilBert": Architecture(
        model("DistilBertModel", vocab_size=WORDS, dim=12, n_layers=2, n_heads=3, hidden_dim=13, **SHARP),
        text,
        encoder,
    ),
    "Electra": Architecture(model("ElectraModel", **BERT, embedding_size=7), text, encoder),
    "Albert": Architecture(model("AlbertModel", **BERT, embedding_size=7), text, encoder),
    "ModernBert": Architecture(
        model("ModernBertModel", **BERT, local_attention=6, global_attn_every_n_layers=2, pad_token_id=0),
        text,
        encoder,
    ),
    "GPT2": Architecture(
        model("GPT2Model", vocab_size=WORDS, n_positions=37, n_embd=12, n_layer=2, n_head=3, **SHARP), text, decoder
    ),
    "GPTNeoX": Architecture(model("GPTNeoXModel", **BERT), text, decoder),
    "Llama": Architecture(model("LlamaModel", **LLAMA), text, decoder),
    "Mistral": Architecture(model("MistralModel", **LLAMA, **SLIDING), text, decoder),
    "Qwen2": Architecture(
        model("Qwen2Model", **LLAMA, **SLIDING, use_sliding_window=True, max_window_layers=1), text, decoder
    ),
    "Qwen3": Architecture(model("Qwen3Model", **LLAMA), text, decoder),
    "Gemma": Architecture(model("GemmaModel", **LLAMA), text, decoder),
    "Gemma3": Architecture(
        model("Gemma3TextModel", **LLAMA, **SLIDING, layer_types=["sliding_attention", "full_attention"]),
        text,
        decoder,
    ),
    "Phi3": Architecture(model("Phi3Model", **LLAMA, pad_token_id=0), text, decoder),
    "OPT": Architecture(
        model(
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
    "ViT": Architecture(model("ViTModel", **VIT), pixels, encoder, ("none",)),
    "DeiT": Architecture(model("DeiTModel", **VIT), pixels, encoder, ("none",)),
    "DINOv2": Architecture(model("Dinov2Model", **VIT), pixels, encoder, ("none",)),
    "CLIP": Architecture(
        model(
            "CLIPModel",
            text_config={**BERT, "eos_token_id": 2, "projection_dim": 7},
            vision_config={**VIT, "projection_dim": 7},
            projection_dim=7,
        ),
        lambda padding: text(padding) | pixels(padding),
        two_towers,
    ),
    # Its values are narrower than its keys.
    "DeepseekV3": Architecture(
        model(
            "DeepseekV3Model",
            **{**BERT, "num_key_value_heads": 3, "q_lora_rank": 7, "kv_lora_rank": 5, "v_head_dim": 3},
            qk_rope_head_dim=4,
            qk_nope_head_dim=2,
            first_k_dense_replace=2,
        ),
        text,
        decoder,
    ),
    "Llava": Architecture(
        model(
            "LlavaModel",
            text_config={**LLAMA, "model_type": "llama"},
            vision_config={**VIT, "model_type": "clip_vision_model"},
            image_token_index=2,
        ),
        lambda padding: _with_image(text(padding)) | pixels(padding),
        decoder,
        ("none",),
    ),
    "T5": Architecture(
        model(
            "T5Model",
            vocab_size=WORDS,
            d_model=12,
            d_kv=4,
            d_ff=13,
            num_layers=2,
            num_heads=3,
            initializer_factor=1.5,
        ),
        translation,
        both,
    ),
    "Bart": Architecture(model("BartModel", **BART, max_position_embeddings=37), translation, both),
    "Marian": Architecture(model("MarianModel", **BART, max_position_embeddings=37, pad_token_id=0), translation, both),
    "Whisper": Architecture(
        model(
            "WhisperModel",
            **BART,
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
        model(
            "Wav2Vec2Model",
            **{**BERT, "conv_dim": (5,), "conv_stride": (3,), "conv_kernel": (3,), "feat_extract_norm": "layer"},
            num_conv_pos_embeddings=3,
            num_conv_pos_embedding_groups=3,
            mask_time_prob=0.0,
        ),
        lambda padding: {"input_values": torch.randn(BATCH, 3 * TOKENS)},
        encoder,
        ("none",),
    ),
}
