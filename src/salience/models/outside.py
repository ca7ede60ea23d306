"""A model of Hugging Face that was trained elsewhere, as a model of ours: embeddings in, an answer and records out.

Legend: B examples, S positions, D width of its embeddings, C numbers per answer, H heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch, Layout
from salience.core.errors import DataError, NotAvailable
from salience.core.record import Dense
from salience.kernels.masks import blank
from salience.models.hugging_face import longest
from salience.models.model import Output
from salience.recorder import AttentionRecorder


class Outside(nn.Module):
    """A classifier or a language model, of one text column, with its fused attention left on.

    The records are those of its layers, from input to output, and last which position its answer is read from: the
    first one (BERT), the last one (GPT), or all of them alike. A language model answers with the next token.

    Args:
        network: a model for sequence classification, or a causal language model, of transformers.
        column: the name of the column it reads.

    Raises:
        NotAvailable: its attention cannot be recorded, it has a decoder beside its encoder, or its answer is read from
            positions in another way.
    """

    def __init__(self, network: Any, column: str) -> None:
        super().__init__()
        self.network = network.eval()
        self.columns = (column,)
        self._longest = longest(network)
        if network.config.is_encoder_decoder:
            raise NotAvailable(
                "the model is an encoder with a decoder, and its answer comes through both",
                where=type(network).__name__,
                fix="choose a model of one stack, such as BERT or GPT, or use `salience.AttentionRecorder`",
            )
        self._reads = "last" if self._decodes else self._read_position()

    @property
    def _decodes(self) -> bool:
        """Whether the answer is made at every position, of which the last one counts."""
        return hasattr(self.network, "score") or self.network.get_output_embeddings() is not None

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        """The embeddings of the tokens."""
        (column,) = self.columns
        return {column: self.network.get_input_embeddings()(batch.streams[column].values)}

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        """The answer to embeddings, which a caller may have changed or may want gradients for.

        Raises:
            DataError: there are more positions than the model can read.
        """
        (column,) = self.columns
        layout = batch.streams[column].layout
        if self._longest is not None and layout.size > self._longest:
            raise DataError(
                f"the model reads at most {self._longest} tokens, got {layout.size}", fix="cut the text before"
            )
        values = blank(embedded[column], layout)
        with AttentionRecorder(self.network) as recorder:
            raw = self._answer(values, layout)
        answering = Dense(self._asked(layout, raw.dtype)[:, None, None], layout.lengths.clamp(max=1))
        return Output(raw, {column: (*recorder.records, answering)})

    def _answer(self, values: Float[Tensor, "B S D"], layout: Layout) -> Float[Tensor, "B C"]:
        # Padding is on the right, where a layer that looks back never sees it.
        given = {"inputs_embeds": values, "attention_mask": layout.mask.long()}
        if not self._decodes:
            return self.network(**given).logits
        if hasattr(self.network, "score"):
            # The whole model would take the last position of the padded batch for the last one of each example.
            every = self.network.score(self.network.base_model(**given).last_hidden_state)
        else:
            every = self.network(**given).logits
        last = (layout.lengths - 1).clamp(min=0)
        return every[torch.arange(len(last), device=last.device), last]

    def _asked(self, layout: Layout, dtype: torch.dtype) -> Float[Tensor, "B S"]:
        """The share each position has in what the answer is read from."""
        if self._reads == "all":
            return layout.mask.to(dtype) / layout.lengths.clamp(min=1)[:, None]
        at = layout.lengths - 1 if self._reads == "last" else torch.zeros_like(layout.lengths)
        place = torch.arange(layout.size, device=at.device)
        return ((place == at[:, None]) & layout.mask).to(dtype)

    def _read_position(self) -> str:
        """From which states a classifier reads its answer, told by the gradient of the answer."""
        states: list[Tensor] = []

        def keep(_: nn.Module, __: object, out: Any) -> None:
            states.append(out.last_hidden_state)

        values = self.network.get_input_embeddings().weight[:5][None].detach().requires_grad_()
        handle = self.network.base_model.register_forward_hook(keep)
        try:
            raw = self._answer(values, Layout(torch.tensor([5], device=values.device), 5))
        finally:
            handle.remove()
        (slope,) = torch.autograd.grad(raw[0, 0] - raw[0, -1] / 2, states[0])
        used = (slope[0].abs().sum(-1) > 0).nonzero().squeeze(-1).tolist()
        known = {(0,): "first", (0, 1, 2, 3, 4): "all"}
        if tuple(used) not in known:
            raise NotAvailable(
                f"of five states the model reads its answer from those at {used}, which no importance here describes",
                where=type(self.network).__name__,
                fix="choose a model that reads its first state, its last one, or all",
            )
        return known[tuple(used)]
