"""What an encoder is: it reads a padded sequence and lets every position know its neighbours.

Legend: B examples, S sources, W width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from salience.core.batch import Layout
from salience.core.record import Attention
from salience.models.intervene import LastLook


@dataclass(frozen=True)
class Encoded:
    """What an encoder gives: a vector per position, which positions are real, and where it looked on the way."""

    values: Float[Tensor, "B S W"]
    layout: Layout
    records: tuple[Attention, ...] = ()  # from input to output


class Encoder(Protocol):
    """An `nn.Module`, made as `Encoder(width, *, few options)`, that keeps padding from changing anything.

    An encoder that must read its input in its own way has an attribute `stem` (a module, Stream -> [B, S, D]) that
    replaces the stem of the modality.
    """

    #: The width of what comes out.
    width: int

    def __call__(self, values: Float[Tensor, "B S D"], layout: Layout) -> Encoded: ...


@runtime_checkable
class Told(Protocol):
    """An encoder whose positions are a function of where it looks, so that it can be told to look elsewhere."""

    def last_look(self, values: Float[Tensor, "B S D"], layout: Layout) -> LastLook:
        """Where it looks, and what it gives, `Encoded`, if it looked elsewhere."""
