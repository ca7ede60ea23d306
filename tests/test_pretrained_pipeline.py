import shutil

import pytest
import torch

from salience.core.errors import ModelFolderError
from salience.pipeline import Pipeline

transformers = pytest.importorskip("transformers")

ROWS = [{"text": "a fine film"}, {"text": "a dull, dull film"}]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A tiny BERT with a tokenizer of its own, saved as Hugging Face saves it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    folder = tmp_path_factory.mktemp("bert")
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([row["text"] for row in ROWS], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    size = tokenizer.get_vocab_size()
    config = transformers.BertConfig(
        vocab_size=size, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def pipeline_from(folder):
    text = {"Text": {"tokens": {"Pretrained": {"name": str(folder)}}}}
    model = {"encoder": {"Pretrained": {"name": str(folder)}}, "pool": "Additive"}
    return Pipeline({"text": text}, "Classification", model=model).learn(ROWS, ["good", "bad"], seed=1)


def test_a_saved_pipeline_needs_the_files_of_its_pretrained_model_no_longer(pretrained, tmp_path):
    copied = shutil.copytree(pretrained, tmp_path / "bert")
    pipeline = pipeline_from(copied)
    pipeline.save(tmp_path / "model")
    shutil.rmtree(copied)
    loaded = Pipeline.load(tmp_path / "model")
    assert torch.equal(loaded.raw(loaded.encode(ROWS)), pipeline.raw(pipeline.encode(ROWS)))


def test_special_tokens_are_no_units(pretrained):
    pipeline = pipeline_from(pretrained)
    (example,) = (row["text"] for row in pipeline.encode(ROWS[:1]))
    assert [unit.text for unit in pipeline.modalities["text"].units(example, "text")] == ["a", "fine", "film"]
    assert (example.owner == -1).sum() == 2


def test_an_altered_architecture_is_refused(pretrained, tmp_path):
    import hashlib
    import json

    folder = pipeline_from(pretrained).save(tmp_path / "model")
    description = json.loads((folder / "pipeline.json").read_text(encoding="utf-8"))
    description["model"]["encoder"]["Pretrained"]["architecture"]["model_type"] = "no-such-model"
    (folder / "pipeline.json").write_text(json.dumps(description), encoding="utf-8")
    hashes = json.loads((folder / "hashes.json").read_text(encoding="utf-8"))
    hashes["pipeline.json"] = hashlib.sha256((folder / "pipeline.json").read_bytes()).hexdigest()
    (folder / "hashes.json").write_text(json.dumps(hashes), encoding="utf-8")
    with pytest.raises(ModelFolderError, match="architecture"):
        Pipeline.load(folder)
