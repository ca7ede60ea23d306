"""The next token of a text, as a language model that was trained elsewhere answers it.

Legend: N rows, V tokens of the vocabulary, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from jaxtyping import Float, Int
from torch import Tensor, nn

from salience.core.errors import NotAvailable
from salience.tasks.answer import Answer
from salience.tasks.classification import Classification

#: Tokens that an answer names, the most probable first.
NAMED = 10


class NextToken:
    """One token out of a vocabulary, by softmax; it cannot be trained here.

    Args:
        size: tokens of the vocabulary, V.
        say: the text of a token, by its number.
    """

    scores: tuple[str, ...] = ("accuracy", "log_loss")

    def __init__(self, size: int, say: Callable[[int], str]) -> None:
        self._say = say
        state = {"labels": [str(number) for number in range(size)], "weights": [1.0] * size, "temperature": 1.0}
        self._tokens = Classification().restore(state)

    def fit(self, targets: Sequence[Any]) -> Self:  # noqa: ARG002
        raise _elsewhere()

    def encode(self, targets: Sequence[Any]) -> Tensor:  # noqa: ARG002
        raise _elsewhere()

    def head(self, width: int) -> nn.Module:  # noqa: ARG002
        raise _elsewhere()

    def loss(self, raw: Float[Tensor, "N V"], target: Tensor) -> Float[Tensor, ""]:
        return self._tokens.loss(raw, target)

    def calibrate(self, raw: Float[Tensor, "N V"], target: Tensor) -> None:
        self._tokens.calibrate(raw, target)

    def probabilities(self, raw: Float[Tensor, "N V"]) -> Float[Tensor, "N V"]:
        return self._tokens.probabilities(raw)

    def decode(self, raw: Float[Tensor, "N V"]) -> list[Answer]:
        found = self.probabilities(raw).topk(min(NAMED, raw.shape[-1]), dim=-1)
        answers = []
        for numbers, values in zip(found.indices.tolist(), found.values.tolist(), strict=True):
            named = {self._say(number): value for number, value in zip(numbers, values, strict=True)}
            answers.append(Answer(self._say(numbers[0]), values[0], named))
        return answers

    def choose(self, raw: Float[Tensor, "N V"]) -> Int[Tensor, "N"]:
        return self._tokens.choose(raw)

    def focus(self, raw: Float[Tensor, "N V"], choice: Int[Tensor, "N"] | None = None) -> Float[Tensor, "N"]:
        """Log-odds of the chosen token against all others."""
        return self._tokens.focus(raw, choice)

    def state(self) -> dict[str, Any]:
        raise _elsewhere()

    def restore(self, state: Mapping[str, Any]) -> Self:  # noqa: ARG002
        raise _elsewhere()


def _elsewhere() -> NotAvailable:
    return NotAvailable(
        "a language model is trained and saved elsewhere", where="NextToken", fix="predict and explain with it"
    )
