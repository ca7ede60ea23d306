"""What would a model answer if its pools looked elsewhere? Everything up to the last look is computed once, and kept.

Legend: B examples, H heads, S sources, W width, C numbers per answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Batch, Layout
from salience.core.errors import NotAvailable
from salience.models.model import Model


class LastLook:
    """A batch as the pools of a model see it, column after column.

    >>> look = LastLook(model, batch)  # doctest: +SKIP
    >>> look.answer([layout.mask[:, None] / layout.lengths[:, None, None] for layout in look.layouts])  # doctest: +SKIP

    Raises:
        NotAvailable: the model has no pools of ours.
    """

    def __init__(self, model: object, batch: Batch) -> None:
        if not isinstance(model, Model):
            raise NotAvailable(
                f"{type(model).__name__} has no pool that could be given other weights",
                fix="ask a model that was made by salience",
            )
        encoded = model.encode(model.embed(batch), batch)
        self._model = model
        self._values = [each.values for each in encoded]
        self.layouts: list[Layout] = [each.layout for each in encoded]
        #: What each pool does by itself.
        self.weights: list[Float[Tensor, "B H S"]] = [
            pool(each.values, each.layout)[1].weights()[:, :, 0]
            for pool, each in zip(model.pools, encoded, strict=True)
        ]

    def answer(self, weights: Sequence[Float[Tensor, "B H S"]]) -> Float[Tensor, "B C"]:
        """The answer if each pool had these weights, which are zero at padding.

        Raises:
            NotAvailable: what a pool gives is no function of its weights.
        """
        return self._model.answer(
            [
                pool.remix(each, values, layout)  # type: ignore[operator]
                for pool, each, values, layout in zip(
                    self._model.pools, weights, self._values, self.layouts, strict=True
                )
            ]
        )
