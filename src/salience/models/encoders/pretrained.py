"""Any Hugging Face encoder, with the weights of all its layers told on request and its fused attention left on.

Legend: B examples, S sources, D width of its embeddings, W width of its layers, H heads, T queries, E width of a head.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Layout, Stream
from salience.core.errors import ConfigError, DataError, NotAvailable
from salience.core.packages import hugging_face, require
from salience.core.record import Attention
from salience.kernels.masks import blank
from salience.models.encoders.encoder import Encoded
from salience.models.encoders.masked_scores import MaskedScores

# The name under which our attention is known to transformers.
IMPLEMENTATION = "salience"


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
        _register()
        self.network = _load(name, download=download) if architecture is None else _made(architecture)
        self.width: int = self.network.config.hidden_size
        self.frozen = frozen
        self._longest = _longest(self.network)
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
        with _collecting(layout) as records:
            states = self.network(inputs_embeds=blank(values, layout), attention_mask=seen.long()).last_hidden_state
        return Encoded(blank(states, layout), layout, tuple(records))

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


# transformers calls attention deep inside a model, where nothing but this leads back to the forward that runs.
_running: ContextVar[tuple[Layout, list[Attention]] | None] = ContextVar("running", default=None)


@contextmanager
def _collecting(layout: Layout) -> Iterator[list[Attention]]:
    records: list[Attention] = []
    token = _running.set((layout, records))
    try:
        yield records
    finally:
        _running.reset(token)


def _attend(
    module: nn.Module,
    query: Float[Tensor, "B H T E"],
    key: Float[Tensor, "B K T E"],
    value: Float[Tensor, "B K T E"],
    attention_mask: Tensor | None,
    **options: Any,
) -> tuple[Float[Tensor, "B T H E"], None]:
    """What transformers calls in place of its own attention: the same fused kernel, and a record."""
    from transformers import AttentionInterface

    options["dropout"] = 0.0
    running = _running.get()
    if running is not None:
        layout, records = running
        _refuse_changed_scores(module, options)
        causal = options.get("is_causal")
        causal = getattr(module, "is_causal", True) if causal is None else causal
        records.append(
            MaskedScores(
                query,
                key,
                layout=layout,
                mask=attention_mask,
                causal=attention_mask is None and bool(causal),
                scale=options.get("scaling"),
            )
        )
    return AttentionInterface()["sdpa"](module, query, key, value, attention_mask, **options)


def _refuse_changed_scores(module: nn.Module, options: dict[str, Any]) -> None:
    changed = [name for name in ("position_bias", "softcap", "s_aux") if options.get(name) is not None]
    if changed:
        raise NotAvailable(
            f"the model changes its attention scores by {', '.join(changed)}, which records do not know",
            where=type(module).__name__,
            fix="choose a model with plain attention, as BERT, RoBERTa, DistilBERT, ELECTRA, ModernBERT",
        )


def _register() -> None:
    transformers = require("transformers", extra="pretrained")
    transformers.AttentionInterface.register(IMPLEMENTATION, _attend)
    # Without its own mask function an implementation gets no mask, and padding would be looked at.
    masks = require("transformers.masking_utils", extra="pretrained")
    transformers.AttentionMaskInterface.register(IMPLEMENTATION, masks.ALL_MASK_ATTENTION_FUNCTIONS["sdpa"])


def _made(architecture: Mapping[str, Any]) -> Any:
    """A network with the weights it is born with; only classes of transformers itself are made."""
    from transformers import AutoConfig, AutoModel

    options = dict(architecture)
    try:
        config = AutoConfig.for_model(options.pop("model_type"), **options)
        network = AutoModel.from_config(config, attn_implementation=IMPLEMENTATION, dtype=torch.float32)
    except (KeyError, ValueError, TypeError) as error:
        raise ConfigError(f"the saved architecture of a pretrained model cannot be made: {error}") from error
    if hasattr(network, "pooler"):
        network.pooler = None
    return network


def _load(name: str, *, download: bool) -> Any:
    network, missing = _read(name, download=download)
    # The pooler sits behind the last layer, unused and untrained.
    missing = [each for each in missing if not each.startswith("pooler.")]
    if missing:
        raise ConfigError(
            f"the files of '{name}' lack the weights {', '.join(sorted(missing)[:3])} ({len(missing)} in all)",
            fix="take a complete copy of the model; what is missing would be random",
        )
    if getattr(network.config, "is_encoder_decoder", False):
        raise NotAvailable(
            f"'{name}' is an encoder with a decoder", where="Pretrained", fix="choose a model that is an encoder only"
        )
    if hasattr(network, "pooler"):
        network.pooler = None
    return network


def _read(name: str, *, download: bool) -> tuple[Any, list[str]]:
    """The network, and the names of weights that its files do not hold."""
    from safetensors import SafetensorError
    from transformers import AutoModel

    options = {"attn_implementation": IMPLEMENTATION, "dtype": torch.float32}
    # Left open, the question whether to run the model's own code would be asked on the terminal.
    options |= {"local_files_only": not download, "trust_remote_code": False}
    try:
        with _quiet(), hugging_face(download=download):
            network, report = AutoModel.from_pretrained(name, output_loading_info=True, **options)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ConfigError(
            f"there is no model '{name}' that can be loaded ({str(error).splitlines()[0]})",
            fix="give the folder of a saved model, or a name on the Hugging Face hub with `download: true`",
        ) from error
    return network, list(report["missing_keys"])


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no tables of expected differences; what matters of them is said by errors."""
    from transformers.utils import logging

    bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()


def _longest(network: nn.Module) -> int | None:
    """How many positions have an embedding; None where positions have none."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Embedding) and name.endswith(("position_embeddings", "wpe")):
            # Some models count positions from behind the padding index.
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    return None
