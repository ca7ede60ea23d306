"""Pretrained encoders: tiny models saved to a folder, compared with what transformers itself says about them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from salience.core.batch import Batch, Layout, Stream
from salience.core.errors import ConfigError, DataError, MissingPackage, NotAvailable
from salience.models import assemble
from salience.models.encoders import Pretrained
from salience.models.flow import rollout

transformers = pytest.importorskip("transformers")

COMMON = {"vocab_size": 31, "hidden_size": 14, "num_hidden_layers": 2, "num_attention_heads": 2, "pad_token_id": 0}
CONFIGS: dict[str, dict[str, Any]] = {
    "Bert": {"intermediate_size": 17, "max_position_embeddings": 13},
    "Roberta": {"intermediate_size": 17, "max_position_embeddings": 15, "pad_token_id": 1},
    "DistilBert": {"dim": 14, "hidden_dim": 17, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 13},
    "Electra": {"embedding_size": 6, "intermediate_size": 17, "max_position_embeddings": 13},
    "Albert": {"embedding_size": 6, "intermediate_size": 17, "max_position_embeddings": 13},
    "ModernBert": {"intermediate_size": 17, "global_attn_every_n_layers": 2, "local_attention": 4, "hidden_size": 16},
    "GPT2": {"n_embd": 14, "n_layer": 2, "n_head": 2, "n_positions": 13},
    "Llama": {"intermediate_size": 17, "num_key_value_heads": 1, "hidden_size": 16},
}
LENGTHS = torch.tensor([7, 11, 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    """A function from the name of a kind of model to the folder of a tiny one."""
    made: dict[str, Path] = {}

    def make(kind: str, **options: Any) -> str:
        key = f"{kind}{options}"
        if key not in made:
            torch.manual_seed(0)
            config = getattr(transformers, f"{kind}Config")(**{**COMMON, **CONFIGS.get(kind, {}), **options})
            made[key] = tmp_path_factory.mktemp(kind)
            transformers.AutoModel.from_config(config).save_pretrained(made[key])
        return str(made[key])

    return make


def stream_of(size: int = 11) -> Stream:
    return Stream(torch.randint(2, 31, (3, size)), Layout(LENGTHS, size))


@pytest.mark.parametrize("kind", CONFIGS)
def test_states_and_weights_are_those_of_transformers(kind, folder) -> None:
    encoder = Pretrained(5, name=folder(kind)).double().eval()
    eager = transformers.AutoModel.from_pretrained(folder(kind), attn_implementation="eager").double().eval()
    stream = stream_of()
    encoded = encoder(encoder.stem(stream), stream.layout)
    mask = stream.layout.mask
    # Ids would be numbered around padding by some models, and here nothing is padding but what the mask says.
    expected = eager(
        inputs_embeds=eager.get_input_embeddings()(stream.values), attention_mask=mask.long(), output_attentions=True
    )
    assert encoded.values.shape == (3, 11, encoder.width)
    torch.testing.assert_close(encoded.values[mask], expected.last_hidden_state[mask])
    assert len(encoded.records) == len(expected.attentions) == 2
    for record, weights in zip(encoded.records, expected.attentions, strict=True):
        real = (mask[:, :, None] & mask[:, None])[:, None]
        torch.testing.assert_close(record.weights(), torch.where(real, weights, 0.0))


@pytest.mark.parametrize("kind", CONFIGS)
def test_rollout_sums_to_one(kind, folder) -> None:
    encoder = Pretrained(5, name=folder(kind)).double().eval()
    stream = stream_of()
    weights = rollout(encoder(encoder.stem(stream), stream.layout).records)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3).double())
    assert (weights[~stream.layout.mask] == 0).all()


def test_a_model_reads_through_it_and_learns(folder) -> None:
    model = assemble(
        {"text": lambda width: pytest.fail("the stem of the modality is not needed")},
        lambda width: nn.Linear(width, 2),
        {"text": ()},
        encoder={"Pretrained": {"name": folder("Bert")}},
    )
    output = model(Batch({"text": stream_of()}))
    output.raw.sum().backward()
    assert [record.shape for record in output.records["text"]] == [(3, 2, 11, 11)] * 2 + [(3, 1, 1, 11)]
    assert all(parameter.grad is not None for parameter in model.parameters())
    state = model.state_dict()
    assert len({each.data_ptr() for each in state.values()}) == len(state)


def test_a_frozen_model_does_not_learn_or_drop(folder) -> None:
    encoder = Pretrained(5, name=folder("Bert"), frozen=True).train()
    stream = stream_of()
    first, second = (encoder(encoder.stem(stream), stream.layout).values for _ in range(2))
    assert torch.equal(first, second)
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def test_a_fresh_model_trains_with_its_own_dropout(folder) -> None:
    encoder = Pretrained(5, name=folder("Bert"))
    stream = stream_of()
    first, second = (encoder(encoder.stem(stream), stream.layout).values for _ in range(2))
    assert not torch.equal(first, second)


def test_weights_are_made_when_asked_and_not_before(folder, monkeypatch) -> None:
    encoder = Pretrained(5, name=folder("Bert")).eval()
    monkeypatch.setattr("salience.kernels.normalise.softmax", lambda *_: pytest.fail("weights were made"))
    stream = stream_of()
    encoder(encoder.stem(stream), stream.layout)


@pytest.mark.parametrize(("kind", "longest"), [("Bert", 13), ("Roberta", 13), ("GPT2", 13)])
def test_too_many_tokens_are_refused(kind, longest, folder) -> None:
    encoder = Pretrained(5, name=folder(kind))
    for size in (longest, longest + 1):
        stream = Stream(torch.full((1, size), 3), Layout(torch.tensor([size]), size))
        if size == longest:
            encoder(encoder.stem(stream), stream.layout)
        else:
            with pytest.raises(DataError, match=r"at most 13 tokens, got 14(.|\n)*max_tokens of the column to 13"):
                encoder(encoder.stem(stream), stream.layout)


def test_a_model_that_stays_silent_is_refused(folder) -> None:
    options = {"n_head": 2, "n_layer": 2, "hidden_size": 14}
    with pytest.raises(NotAvailable, match="BloomModel computes attention in its own way"):
        Pretrained(5, name=folder("Bloom", **options))


def test_an_encoder_with_a_decoder_is_refused(folder) -> None:
    with pytest.raises(NotAvailable, match="is an encoder with a decoder"):
        Pretrained(5, name=folder("T5", d_model=14, num_layers=1, num_heads=2, d_ff=17, d_kv=7))


def test_a_folder_without_a_model_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"there is no model '.*' that can be loaded(.|\n)*download: true"):
        Pretrained(5, name=str(tmp_path))


def test_broken_weights_are_refused(folder, tmp_path) -> None:
    shutil.copytree(folder("Bert"), tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ConfigError, match="that can be loaded"):
        Pretrained(5, name=str(tmp_path))


def test_incomplete_weights_are_refused(folder, tmp_path) -> None:
    shutil.copytree(folder("Bert"), tmp_path, dirs_exist_ok=True)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: each for name, each in weights.items() if "layer.1.attention" not in name}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"lack the weights encoder.layer.1.attention(.|\n)* \(10 in all\)"):
        Pretrained(5, name=str(tmp_path))


def test_a_model_saved_with_a_head_is_read_in_silence(tmp_path, capfd) -> None:
    config = transformers.BertConfig(**COMMON, **CONFIGS["Bert"])
    transformers.BertForMaskedLM(config).save_pretrained(tmp_path)
    capfd.readouterr()
    Pretrained(5, name=str(tmp_path))
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.is_progress_bar_enabled()


def test_a_missing_package_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingPackage, match=r"salience\[pretrained\]"):
        Pretrained(5, name="x")


@pytest.mark.slow
def test_models_can_be_imported_without_the_package() -> None:
    code = "import sys; sys.modules['transformers'] = None; import salience.models"
    subprocess.run([sys.executable, "-c", code], check=True)
