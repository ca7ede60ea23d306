"""Where a Hugging Face model looks, without the matrices: a small BERT, word by word.

    python examples/huggingface.py

The model and its tokenizer are made here, from a config, with random weights, so nothing is downloaded. With a model of
your own, replace `make` by `AutoModelForSequenceClassification.from_pretrained(...)` and `AutoTokenizer`.
"""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from salience.recorder import AttentionRecorder, merge, words

TEXTS = ["The room was lovely, but the bed was a mess.", "Superb breakfast!"]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{each}" for each in "aeiou")]
PIECES += ["the", "room", "was", "love", "##ly", "but", "bed", "a", "mess", "super", "##b", "break", "##fast", ".", "!"]


def make() -> tuple[BertForSequenceClassification, PreTrainedTokenizerFast]:
    """A model with random weights, and a tokenizer that cuts words into pieces."""
    torch.manual_seed(0)
    inner = Tokenizer(models.WordPiece({each: number for number, each in enumerate(PIECES)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    inner.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]")
    config = BertConfig(
        vocab_size=len(PIECES),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=48,
        initializer_range=0.3,
    )
    return BertForSequenceClassification(config).eval(), tokenizer


def look() -> dict[str, list[list[tuple[str, float]]]]:
    """For each way to ask, for each text: every word with its share."""
    model, tokenizer = make()
    lowered = [text.lower() for text in TEXTS]
    encoding = tokenizer(lowered, padding=True, return_tensors="pt")
    with AttentionRecorder(model) as recorder:
        logits = model(**encoding).logits
    found = {
        "received, last layer": recorder.received[-1].mean(dim=1),
        # The first position is the one that the classifier reads.
        "rollout": recorder.rollout(targets=0)[:, 0],
        "relevance": recorder.relevance(logits[:, 1].sum(), targets=0)[:, 0],
    }
    parts = [words(encoding, text, example=number) for number, text in enumerate(lowered)]
    return {
        name: [
            [(part.text, float(share)) for part, share in zip(each.parts, merge(row, each), strict=True)]
            for each, row in zip(parts, shares.detach(), strict=True)
        ]
        for name, shares in found.items()
    }


def main() -> None:
    for name, texts in look().items():
        print(name)
        for shares in texts:
            print("   ", "  ".join(f"{word} {share:.2f}" for word, share in shares))


if __name__ == "__main__":
    main()
