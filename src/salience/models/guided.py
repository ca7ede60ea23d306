"""A model whose pools are told where to look: everything else of it runs, and learns, as it is.

Legend: B examples, H heads, S sources, D width of the stems.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from salience.core.batch import Batch, Layout
from salience.core.errors import NotAvailable
from salience.core.record import Dense
from salience.models.intervene import last_look
from salience.models.model import Model, Output
from salience.models.pools.pool import Pool, one_query

#: From a batch, and how each pool sees it, to the weights of each pool; a single head stands for all of them.
Guide = Callable[[Batch, Sequence[Layout]], list[Float[Tensor, "B H S"]]]


class Guided(nn.Module):
    """A model that looks where a guide says, in place of where its pools would look by themselves.

    It is read, embedded and trained like the model inside it. What decides about weights in that model learns nothing.

    Args:
        model: a model of ours.
        guide: `uniform`, `follow(another_model)`, or any such function. It is no part of the model: it is neither
            trained nor saved with it.

    Raises:
        NotAvailable: the model has no pools of ours.

    Reference: Wiegreffe and Pinter 2019, "Attention is not not Explanation", sections 3.1 and 3.4.
    """

    def __init__(self, model: object, guide: Guide) -> None:
        super().__init__()
        if not isinstance(model, Model):
            raise NotAvailable(
                f"{type(model).__name__} has no pools that a guide could lead",
                fix="give a single model that was made by salience",
            )
        self.model = model
        self.guide = guide

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the model reads."""
        return self.model.columns

    def forward(self, batch: Batch) -> Output:
        return self.read(self.embed(batch), batch)

    def embed(self, batch: Batch) -> dict[str, Float[Tensor, "B S D"]]:
        """What the encoders read, per column."""
        return self.model.embed(batch)

    def read(self, embedded: Mapping[str, Float[Tensor, "B S D"]], batch: Batch) -> Output:
        """The answer to embeddings under the weights of the guide, which the records hold.

        Raises:
            NotAvailable: the guide sees other positions, or what a pool gives is no function of its weights.
        """
        encoded = self.model.encode(embedded, batch)
        weights = self.guide(batch, [each.layout for each in encoded])
        if len(weights) != len(encoded):
            raise NotAvailable(
                f"the guide tells {len(weights)} looks where to go, and the model has {len(encoded)} pools",
                fix="guide by a single model whose pools look at the same columns",
            )
        vectors, records = [], {}
        for column, each, pool, told in zip(self.columns, encoded, self.model.pools, weights, strict=True):
            _check(told, each.layout, column)
            vectors.append(cast(Pool, pool).remix(told, each.values, each.layout))
            asked = one_query(each.layout).lengths
            records[column] = (*each.records, Dense(told[:, :, None], asked))
        return Output(self.model.answer(vectors), records)


def uniform(batch: Batch, layouts: Sequence[Layout]) -> list[Float[Tensor, "B 1 S"]]:  # noqa: ARG001
    """A guide: the same weight on every real position."""
    return [(each.mask / each.lengths.clamp(min=1)[:, None])[:, None] for each in layouts]


def follow(model: nn.Module) -> Guide:
    """A guide: where another model looks, averaged over the heads of each pool. No gradient reaches that model.

    It is put in evaluation mode. Both must read the same columns, cut into the same positions.
    """
    model.eval()

    def guide(batch: Batch, layouts: Sequence[Layout]) -> list[Float[Tensor, "B 1 S"]]:
        with torch.no_grad():
            weights = last_look(model.to(layouts[0].lengths.device), batch).weights
        return [each[:, :, 0].mean(1, keepdim=True) for each in weights]

    return guide


def _check(weights: Float[Tensor, "B H S"], layout: Layout, column: str) -> None:
    if weights.shape[-1] != layout.size:
        raise NotAvailable(
            f"the guide sees {weights.shape[-1]} positions, and the pool {layout.size}",
            where=f"the column '{column}'",
            fix="guide by a model whose pool looks at the same positions",
        )
