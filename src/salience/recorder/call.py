"""One call of attention inside a model, as it was caught.

Legend: B examples, A all heads, H chosen heads, G heads of the keys, T queries, S sources, D width of a head's values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from salience.kernels.problem import Problem

#: Self-attention both ways; self-attention where nobody looks ahead; attention to another sequence.
Kind = Literal["encoder", "decoder", "cross"]


@dataclass(frozen=True)
class Place:
    """Which layer of a model, what it does, and in which step it was called."""

    name: str
    kind: Kind
    step: int


@dataclass(frozen=True)
class Call:
    """What one call looked at, what it mixed, and what came out of each head."""

    problem: Problem
    value: Float[Tensor, "B G S D"]
    out: Float[Tensor, "B A T D"]
    kind: Kind
    #: The natural logarithm of each row's sum of exponentials, where the kernel told it.
    lse: Float[Tensor, "B H T"] | None = None


#: Who wants to hear of a call, and of which module it was.
Hear = Callable[[nn.Module, Call], None]
#: Who computes the output of each head of a module, from what it looks at and what it mixes.
Attend = Callable[[nn.Module, Problem, Tensor, Kind], Tensor]
