"""Any Hugging Face encoder, with the weights of all its layers told on request and its fused attention left on.

Legend: B examples, S sources, D width of its embeddings, W width of its layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout, Stream
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded
from salience.models.hugging_face import configuration, incomplete, longest, read
from salience.recorder import AttentionRecorder


class Pretrained(nn.Module):
    """A pretrained model from Hugging Face as encoder. Read its column with the tokens it was trained with:
    `Text(tokens={"Pretrained": {"name": ...}})`.

    Idea: most of what a small data set cannot teach has been learned elsewhere. It brings its own `stem`, the
    embeddings of its tokens. Weights are computed from queries and keys when asked, so that no layer leaves the fused
    kernel. Dropout on weights is left out, because the record would tell weights that were not used.
    Cost: that of the model. Needs the package transformers (`pip install 'salience[pretrained]'`).
    Works badly when: the model knows neither the language nor the subject.

    Args:
        width: not used; a pretrained model has its own.
        name: a folder with the model's files, or its name on the Hugging Face hub.
        download: fetch it from the hub if it is not on this machine; otherwise only local files are read.
        frozen: keep its weights as they are, and its dropout off; only what comes after it learns.
        architecture: the configuration of the network, filled in by a saved pipeline: the network is then made without
            its files, and its weights come from the pipeline.

    Raises:
        ConfigError: there is no such model, or its files are broken or incomplete.
        NotAvailable: the model does not tell all its weights.
        MissingPackage: transformers is not installed.
    """

    def __init__(
        self,
        width: int,  # noqa: ARG002
        *,
        name: str,
        download: bool = False,
        frozen: bool = False,
        architecture: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.network = _load(name, download=download) if architecture is None else _made(architecture)
        self.width: int = self.network.config.hidden_size
        self.frozen = frozen
        self._longest = longest(self.network)
        self._check_records(name)
        self.network.requires_grad_(not frozen)
        self.train()

    @property
    def stem(self) -> nn.Module:
        """The embeddings of the tokens: Stream -> [B, S, D]. The weights stay those of the network."""
        return _Lookup(self.network.get_input_embeddings())

    def options(self) -> dict[str, Any]:
        """The options that make this encoder again on a machine without the files it came from."""
        return {"architecture": self.network.config.to_diff_dict()}

    def train(self, mode: bool = True) -> Pretrained:
        super().train(mode)
        if self.frozen:
            self.network.eval()
        return self

    def forward(self, values: Float[Tensor, "B S D"], layout: Layout) -> Encoded:
        if self._longest is not None and layout.size > self._longest:
            raise DataError(
                f"the pretrained model reads at most {self._longest} tokens, got {layout.size}",
                fix=f"set max_tokens of the column to {self._longest}",
            )
        # Kernels differ in what they make of a row without sources; such a row looks at its first (zero) value.
        seen = layout.mask.clone()
        seen[:, :1] = True
        with AttentionRecorder(self.network) as recorder:
            states = self.network(inputs_embeds=blank(values, layout), attention_mask=seen.long()).last_hidden_state
        return Encoded(blank(states, layout), layout, recorder.records)

    def _check_records(self, name: str) -> None:
        """Some models run attention of their own and would stay silent; better to know before training."""
        one = torch.zeros(1, 1, self.network.get_input_embeddings().embedding_dim)
        with torch.no_grad():
            told = len(self(one, Layout(torch.tensor([1]), 1)).records)
        layers = self.network.config.num_hidden_layers
        if told != layers:
            raise NotAvailable(
                f"the model tells the weights of {told} of its {layers} layers",
                where=f"the pretrained model '{name}' ({type(self.network).__name__})",
                fix="choose a model whose attention can be replaced, as BERT, RoBERTa, DistilBERT, ELECTRA, ModernBERT",
            )


class _Lookup(nn.Module):
    def __init__(self, table: nn.Module) -> None:
        super().__init__()
        self.table = table

    def forward(self, stream: Stream) -> Float[Tensor, "B S D"]:
        return self.table(stream.values)


def _made(architecture: Mapping[str, Any]) -> Any:
    """A network with the weights it is born with; only classes of transformers itself are made."""
    from transformers import AutoConfig, AutoModel

    options = dict(architecture)
    try:
        config = _without_dropped_weights(AutoConfig.for_model(options.pop("model_type"), **options))
        network = AutoModel.from_config(config, dtype=torch.float32)
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigError(f"the saved architecture of a pretrained model cannot be made: {error}") from error
    if hasattr(network, "pooler"):
        network.pooler = None
    return network


def _load(name: str, *, download: bool) -> Any:
    config = _without_dropped_weights(configuration(name, download=download))
    network, missing = read("AutoModel", name, download=download, config=config)
    # The pooler sits behind the last layer, unused and untrained.
    missing = [each for each in missing if not each.startswith("pooler.")]
    if missing:
        raise incomplete(name, missing)
    if getattr(network.config, "is_encoder_decoder", False):
        raise NotAvailable(
            f"'{name}' is an encoder with a decoder", where="Pretrained", fix="choose a model that is an encoder only"
        )
    if hasattr(network, "pooler"):
        network.pooler = None
    return network


def _without_dropped_weights(config: Any) -> Any:
    """The same configuration with no dropout on attention weights, under whatever name it has."""
    for name in ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    return config
