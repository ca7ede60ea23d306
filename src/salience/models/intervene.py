"""What would a model answer if its pools looked elsewhere? Everything up to the last look is computed once, and kept.

Where an encoder itself selects positions in steps (`TabNet`), its steps are told instead, as if they were heads: its
pool looks at steps, which are no parts of the input.

Legend: B examples, H heads, S sources, W width, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch, Layout
from salience.core.errors import NotAvailable
from salience.models.encoders import TabNet
from salience.models.encoders.encoder import Encoded
from salience.models.ensemble import Ensemble
from salience.models.model import Model
from salience.models.pools.pool import Pool


class LastLook:
    """A batch as the pools of a model see it, column after column; of an ensemble, member after member.

    >>> look = LastLook(model, batch)  # doctest: +SKIP
    >>> look.answer([layout.mask[:, None] / layout.lengths[:, None, None] for layout in look.layouts])  # doctest: +SKIP

    Raises:
        NotAvailable: the model has no pools of ours.
    """

    def __init__(self, model: object, batch: Batch) -> None:
        members = model.models if isinstance(model, Ensemble) else [model]
        if not isinstance(model, Model | Ensemble) or not all(isinstance(each, Model) for each in members):
            raise NotAvailable(
                f"{type(members[0]).__name__} has no pool that could be given other weights",
                fix="ask a model that was made by salience",
            )
        self._model = model
        self._members = cast(list[Model], members)
        looks = [look for member in self._members for look in _looks(member, batch)]
        self._told = [each.told for each in looks]
        self.layouts: list[Layout] = [each.layout for each in looks]
        #: What each pool does by itself.
        self.weights: list[Float[Tensor, "B H S"]] = [each.weights for each in looks]

    def answer(self, weights: Sequence[Float[Tensor, "B H S"]]) -> Float[Tensor, "B C"]:
        """The answer if each pool had these weights, which are zero at padding.

        Raises:
            NotAvailable: what a pool gives is no function of its weights.
        """
        vectors = [told(each) for told, each in zip(self._told, weights, strict=True)]
        size = len(vectors) // len(self._members)
        raws = [member.answer(vectors[i * size : (i + 1) * size]) for i, member in enumerate(self._members)]
        return self._model.average(raws) if isinstance(self._model, Ensemble) else raws[0]


@dataclass(frozen=True)
class _Look:
    """The last look at the positions of one column: what it is by itself, and the vector under other weights."""

    layout: Layout
    weights: Float[Tensor, "B H S"]
    told: Callable[[Float[Tensor, "B H S"]], Float[Tensor, "B W"]]


def _looks(model: Model, batch: Batch) -> Iterator[_Look]:
    embedded = model.embed(batch)
    parts = zip(model.columns, model.encoders, model.pools, model.encode(embedded, batch), strict=True)
    for column, encoder, pool, encoded in parts:
        if isinstance(encoder, TabNet):
            yield _over_steps(encoder, cast(Pool, pool), encoded, embedded[column], batch.streams[column].layout)
        else:
            yield _over_positions(cast(Pool, pool), encoded)


def _over_positions(pool: Pool, encoded: Encoded) -> _Look:
    weights = pool(encoded.values, encoded.layout)[1].weights()[:, :, 0]
    return _Look(encoded.layout, weights, lambda told: pool.remix(told, encoded.values, encoded.layout))


def _over_steps(encoder: TabNet, pool: Pool, encoded: Encoded, values: Float[Tensor, "B S D"], layout: Layout) -> _Look:
    def told(masks: Float[Tensor, "B N S"]) -> Float[Tensor, "B W"]:
        steps = encoder.remix(masks, values, layout)
        return pool(steps.values, steps.layout)[0]

    return _Look(layout, encoded.records[0].weights()[:, 0], told)
