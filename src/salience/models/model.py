"""A model: stems read the columns, encoders mix positions, pools look, and a head answers from what they saw.

Legend: B examples, R answers (one to each example, or many to a graph), S sources, D width of the stems, C numbers per
answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch, Layout
from salience.core.errors import DataError, NotAvailable
from salience.core.record import Attention
from salience.kernels.asked import Asked
from salience.models.encoders.encoder import Encoded, Encoder, Told
from salience.models.groups import OverSteps
from salience.models.intervene import LastLook
from salience.models.pools.pool import Pool


@dataclass(frozen=True)
class Output:
    """What a model says, and where it looked: per column the records from input to output, the pool's last."""

    raw: Float[Tensor, "R C"]
    records: dict[str, tuple[Attention, ...]]
    #: Of an ensemble, what each member says; its own `records` are empty then.
    members: tuple[Output, ...] = ()


class Model(nn.Module):
    """One stem, encoder and pool per input column; the pooled vectors stand side by side before one head.

    Args:
        stems: per column a module, Stream -> [B, S, D]. A column whose encoder has its own `stem` needs none.
        encoders: per column an encoder; its keys, in their order, are the columns.
        pools: per column a module, ([B, S, W], Layout) -> ([B, W], record).
        head: a module, [B, sum of all W] -> [B, C].
        dropout: share of channels dropped in training from the embeddings and, again, before the head.
    """

    def __init__(
        self,
        stems: Mapping[str, nn.Module],
        encoders: Mapping[str, nn.Module],
        pools: Mapping[str, nn.Module],
        head: nn.Module,
        *,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        # Lists, because a column name may hold dots, which the keys of a ModuleDict may not.
        self.columns = tuple(encoders)
        self.stems = nn.ModuleList(
            nn.Identity() if hasattr(encoder, "stem") else stems[column] for column, encoder in encoders.items()
        )
        self.encoders = nn.ModuleList(encoders.values())
        self.pools = nn.ModuleList(pools[column] for column in self.columns)
        self.head = head
        self.dropout = nn.Dropout(dropout)

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        """What the encoders read, per column.

        Raises:
            DataError: the batch lacks a column of the model.
        """
        missing = [column for column in self.columns if column not in batch.streams]
        if missing:
            raise DataError(
                f"the model reads the columns {', '.join(self.columns)}; the batch lacks {', '.join(missing)}",
                fix="give every column the model was made with",
            )
        return {
            column: getattr(encoder, "stem", stem)(batch.streams[column])
            for column, stem, encoder in zip(self.columns, self.stems, self.encoders, strict=True)
        }

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        """The answer to embeddings, which a caller may have changed or may want gradients for."""
        vectors, records = self.look(embedded, batch)
        return Output(self.answer(vectors), records)

    def look(
        self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch
    ) -> tuple[list[Float[Tensor, "R W"]], dict[str, tuple[Attention, ...]]]:
        """What the pools have seen, column after column, and where."""
        vectors, records = [], {}
        for column, encoded, pool in zip(self.columns, self.encode(embedded, batch), self.pools, strict=True):
            vector, record = pool(encoded.values, encoded.layout)
            vectors.append(vector)
            records[column] = (*encoded.records, record)
        return vectors, records

    def encode(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> list[Encoded]:
        """What the pools look at, column after column."""
        return [
            cast(Encoder, encoder)(self.dropout(embedded[column]), batch.streams[column].layout)
            for column, encoder in zip(self.columns, self.encoders, strict=True)
        ]

    def answer(self, vectors: Sequence[Float[Tensor, "R W"]]) -> Float[Tensor, "R C"]:
        """The answer to what the pools have seen, column after column."""
        return self.head(self.dropout(torch.cat(list(vectors), dim=-1)))

    def last_look(self, batch: Batch) -> LastLook:
        """The looks of the pools, column after column.

        Where a pool looks at nothing but what was asked about, or at steps of reading, all looks are those of the
        encoder, which is told in its place.

        Raises:
            NotAvailable: the positions of an encoder are no function of where it looked. Where what a pool gives is
                none, the error comes when it is told.
        """
        embedded = self.embed(batch)
        parts = zip(self.columns, self.encoders, self.pools, self.encode(embedded, batch), strict=True)
        found = [
            _last_look(encoder, cast(Pool, pool), encoded, embedded[column], batch.streams[column].layout)
            for column, encoder, pool, encoded in parts
        ]
        return LastLook.together(found).then(self.answer)


def _last_look(
    encoder: nn.Module, pool: Pool, encoded: Encoded, embedded: Float[Tensor, "B S D"], layout: Layout
) -> LastLook:
    """The last look at the positions of one column, and the vector that follows."""
    _, record = pool(encoded.values, encoded.layout)
    if not isinstance(record, Asked) and not any(isinstance(each, OverSteps) for each in encoded.records):
        return pool.last_look(encoded.values, encoded.layout)
    if not isinstance(encoder, Told):
        raise NotAvailable(
            f"{type(encoder).__name__} cannot be told to look elsewhere, and its pool looks at nothing by itself",
            where="the encoder of the model",
            fix="choose an encoder that looks along edges, such as GraphStack",
        )
    return encoder.last_look(embedded, layout).then(lambda told: pool(told.values, told.layout)[0])
