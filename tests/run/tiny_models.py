"""Small models of Hugging Face with a tokenizer of their own, made and trained here: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from salience.data.synthetic import planted_sentiment

transformers = pytest.importorskip("transformers")

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def tokenizer(folder: Path, *, framed: bool) -> int:
    """Save a tokenizer of words; `framed` puts special tokens around each text. Returns its size."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = planted_sentiment(rows=400, seed=0)["text"]
    made.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=SPECIAL, show_progress=False))
    if framed:
        ends = [("[CLS]", 2), ("[SEP]", 3)]
        made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    return made.get_vocab_size()


def classifier(folder: Path, kind: str, *, steps: int = 0, **options: object) -> Path:
    """Save a classifier of planted sentiment, with some steps of training."""
    size = tokenizer(folder, framed=kind != "GPT2")
    torch.manual_seed(0)
    names = {0: "negative", 1: "positive"}
    config = getattr(transformers, f"{kind}Config")(vocab_size=size, pad_token_id=0, id2label=names, **options)
    network = transformers.AutoModelForSequenceClassification.from_config(config)
    _train(network, folder, steps)
    network.save_pretrained(folder)
    return folder


def language_model(folder: Path, **options: object) -> Path:
    """Save an untrained language model."""
    size = tokenizer(folder, framed=False)
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=size, bos_token_id=2, eos_token_id=3, **options)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def _train(network: torch.nn.Module, folder: Path, steps: int) -> None:
    rows = planted_sentiment(rows=600, seed=1)
    read = transformers.AutoTokenizer.from_pretrained(folder)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for step in range(steps):
        part = rows.iloc[(step * 32) % 576 :][:32]
        batch = read(list(part["text"]), return_tensors="pt", padding=True)
        target = torch.tensor([int(label == "positive") for label in part["label"]])
        optimiser.zero_grad()
        network(**{k: v for k, v in batch.items() if k != "token_type_ids"}, labels=target).loss.backward()
        optimiser.step()
