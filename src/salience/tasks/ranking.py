"""Ranking: one number for each row, by which the rows of a list are put in order.

Legend: N rows, D width, M models, L lists, S rows of the longest list.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from salience.core.errors import ConfigError, DataError
from salience.data.target import Listed
from salience.tasks.answer import Answer
from salience.tasks.regression import Regression

# Pairs that are compared at once; a list with more is compared alone.
_PAIRS = 2**22


class Ranking:
    r"""One number per row, learned as by `Regression`, and the order of the rows of each list (of a query, of a day).

    The loss is the squared error, and `weight` times the mean over all pairs of rows of one list of
    :math:`\max(0, -(\hat y_i - \hat y_j)(y_i - y_j))`, which is above 0 only for pairs that stand the wrong way round.
    Both are on the scale of the training rows.

    A target is a `salience.data.target.Listed`: its value, and the list that it belongs to. Encoded it is [N, 2]: the
    value, and the number of the list, which has a meaning among the same targets alone.

    Cost: of a list of n rows O(n^2) time and memory.

    Args:
        list: the column that says to which list a row belongs. All rows of a list have to be on one side.
        weight: what the order of pairs counts for beside the squared error, 0 or more.
        top: the first rows of a list that `ndcg` and `top_precision` look at.

    Raises:
        ConfigError: an option lies outside its range.

    Reference: Feng et al. 2019, "Temporal Relational Ranking for Stock Prediction", section 4.
    """

    scores: tuple[str, ...] = ("ndcg", "mrr", "top_precision", "first_gain", "spearman", "rmse")

    def __init__(self, *, list: str, weight: float = 1.0, top: int = 5) -> None:
        if weight < 0 or top < 1:
            raise ConfigError(
                f"weight must be 0 or more and top at least 1, got {weight!r} and {top!r}",
                where="the options of Ranking",
            )
        self.list = list
        self.weight = weight
        self.top = top
        self._number = Regression()

    def fit(self, targets: Sequence[Listed]) -> Self:
        if len(set(self.groups(targets))) == len(targets):
            raise DataError(
                f"no list has two rows: each row has a '{self.list}' of its own", fix="choose another column for `list`"
            )
        self._number.fit([each.value for each in targets])
        return self

    def encode(self, targets: Sequence[Listed]) -> Float[Tensor, "N 2"]:
        lists = self.groups(targets)
        values = self._number.encode([each.value for each in targets])
        numbers = {name: number for number, name in enumerate(dict.fromkeys(lists))}
        return torch.stack([values, torch.tensor([float(numbers[each]) for each in lists])], dim=1)

    def groups(self, targets: Sequence[Listed]) -> list[str]:
        """The list of each row: see `Grouping`."""
        for row, target in enumerate(targets):
            if not isinstance(target, Listed):
                raise DataError(f"expected a number and its list, got {target!r}", where=f"target of row {row + 1}")
        return [each.list for each in targets]

    def head(self, width: int) -> nn.Module:
        return self._number.head(width)

    def loss(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N 2"]) -> Float[Tensor, ""]:
        squared = self._number.loss(raw, self.truth(target))
        if self.weight == 0:
            return squared
        return squared + self.weight * _wrong_way_round(raw[:, 0], self.truth(target).to(raw.dtype), target[:, 1])

    def calibrate(self, raw: Float[Tensor, "N 1"], target: Float[Tensor, "N 2"]) -> None:
        """A number has no probability to calibrate."""

    def probabilities(self, raw: Float[Tensor, "N 1"]) -> Float[Tensor, "N 1"]:
        """The values, in the unit of the target."""
        return self._number.probabilities(raw)

    def average(self, raws: Float[Tensor, "M N 1"]) -> Float[Tensor, "N 1"]:
        """The mean value: see `Averaging`."""
        return self._number.average(raws)

    def decode(self, raw: Float[Tensor, "N 1"]) -> list[Answer]:
        """The values. The rank of a row depends on the others of its list: see `ranked`."""
        return self._number.decode(raw)

    def choose(self, raw: Float[Tensor, "N 1"]) -> Tensor:
        """There is nothing to choose between: zeros."""
        return self._number.choose(raw)

    def focus(self, raw: Float[Tensor, "N 1"], choice: Tensor | None = None) -> Float[Tensor, "N"]:
        """The value, in standard deviations of the training targets from their mean."""
        return self._number.focus(raw, choice)

    def truth(self, target: Float[Tensor, "N 2"]) -> Float[Tensor, "N"]:
        """What `focus` would be if the answers were true, from encoded targets."""
        return target[:, 0]

    def state(self) -> dict[str, Any]:
        return self._number.state()

    def restore(self, state: Mapping[str, Any]) -> Self:
        self._number.restore(state)
        return self


def ranked(answers: Sequence[Answer], lists: Sequence[Hashable]) -> list[Answer]:
    """Each answer with its rank within its list, 1 for the largest value; equal values share the better rank.

    >>> values = [Answer(0.1), Answer(0.3), Answer(0.2), Answer(0.3), Answer(7.0)]
    >>> [each.rank for each in ranked(values, ["a", "a", "a", "a", "b"])]
    [4, 1, 3, 1, 1]
    """
    values: dict[Hashable, list[Any]] = {}
    for answer, name in zip(answers, lists, strict=True):
        values.setdefault(name, []).append(answer.prediction)
    ascending = {name: sorted(each) for name, each in values.items()}
    return [
        replace(answer, rank=1 + len(values[name]) - bisect_right(ascending[name], answer.prediction))
        for answer, name in zip(answers, lists, strict=True)
    ]


def _wrong_way_round(
    predicted: Float[Tensor, "N"], true: Float[Tensor, "N"], lists: Float[Tensor, "N"]
) -> Float[Tensor, ""]:
    """The mean hinge over all ordered pairs of rows of one list, each row with itself included."""
    order = lists.argsort(stable=True)
    counts = lists.unique(return_counts=True)[1]
    sizes = counts.tolist()
    parts = [each[order].split(sizes) for each in (predicted, true)]
    total = predicted.new_zeros(())
    for chunk in _together(counts):
        value, wanted = (pad_sequence([part[i] for i in chunk], batch_first=True) for part in parts)  # [L, S]
        real = pad_sequence([torch.ones_like(parts[0][i]) for i in chunk], batch_first=True)
        gaps = (wanted[:, None] - wanted[:, :, None]) * real[:, :, None] * real[:, None]
        total = total + ((value[:, :, None] - value[:, None]) * gaps).relu().sum()
    return total / counts.square().sum()


def _together(counts: Int[Tensor, "L"]) -> Iterator[list[int]]:
    """Numbers of lists that are compared in one step: from the longest to the shortest, with not too many pairs."""
    numbers, sizes = counts.argsort(descending=True).tolist(), counts.tolist()
    start = 0
    while start < len(numbers):
        stop = start + max(1, _PAIRS // sizes[numbers[start]] ** 2)
        yield numbers[start:stop]
        start = stop
