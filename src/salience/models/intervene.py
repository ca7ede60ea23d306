"""What would a model answer if its pools looked elsewhere? Everything up to the last look is computed once, and kept.

Legend: B examples, H heads, S sources, W width, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch, Layout
from salience.core.errors import NotAvailable
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
        self._members = model.models if isinstance(model, Ensemble) else [model]
        encoded = [each for member in self._members for each in member.encode(member.embed(batch), batch)]
        self._pools = [cast(Pool, pool) for member in self._members for pool in member.pools]
        self._values = [each.values for each in encoded]
        self.layouts: list[Layout] = [each.layout for each in encoded]
        #: What each pool does by itself.
        self.weights: list[Float[Tensor, "B H S"]] = [
            pool(each.values, each.layout)[1].weights()[:, :, 0]
            for pool, each in zip(self._pools, encoded, strict=True)
        ]

    def answer(self, weights: Sequence[Float[Tensor, "B H S"]]) -> Float[Tensor, "B C"]:
        """The answer if each pool had these weights, which are zero at padding.

        Raises:
            NotAvailable: what a pool gives is no function of its weights.
        """
        vectors = [
            pool.remix(each, values, layout)
            for pool, each, values, layout in zip(self._pools, weights, self._values, self.layouts, strict=True)
        ]
        size = len(vectors) // len(self._members)
        raws = [member.answer(vectors[i * size : (i + 1) * size]) for i, member in enumerate(self._members)]
        return self._model.average(raws) if isinstance(self._model, Ensemble) else raws[0]
