"""Encoded rows as padded batches of similar length, in an order that seed and epoch alone decide.

Legend: N rows, C input columns.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from salience.core.batch import Batch, Example, Stream
from salience.core.errors import ConfigError, DataError, did_you_mean
from salience.core.lazy import Lazy
from salience.core.seed import derive
from salience.data.modality import Modality, Uniting
from salience.data.prefetch import made_ahead

# Rows that are sorted together, in batches: enough of them for little padding, few enough for a random order.
_SORTED_TOGETHER = 100


class Loader:
    """The batches of one epoch.

    Rows do not come in the order they were given: `order` tells which rows each batch holds.

    Args:
        examples: the encoded rows: for each row its example by column.
        modalities: what pads the examples, by column.
        targets: one target per row, or None; or a function that makes those of some rows, where all are too many.
        batch_size: most rows in a batch.
        token_budget: most positions in a batch, padding included; one longer row still makes a batch of its own.
        shuffle: mix the rows anew in each epoch; otherwise batches go from long rows to short ones.
        seed: everything random is a function of it and the epoch.
        epoch: the number of the epoch, from 0.
        groups: one label per row; rows with the same label are in the same batch, and a group of more rows than
            `batch_size` makes a batch of its own.
        drop_units: chance of each unit to be left out of its row, for training; at least one unit is kept.
        prefetch: make the next two batches in a background thread.

    Raises:
        DataError: there are no rows, a row lacks a column, or the number of targets differs.
        ConfigError: an option is out of its range.
    """

    def __init__(
        self,
        examples: Sequence[Mapping[str, Example]],
        modalities: Mapping[str, Modality],
        targets: Tensor | Callable[[Int[Tensor, "B"]], Tensor] | None,
        *,
        batch_size: int = 32,
        token_budget: int | None = None,
        shuffle: bool = False,
        seed: int = 0,
        epoch: int = 0,
        groups: Sequence[Hashable] | None = None,
        drop_units: float = 0.0,
        prefetch: bool = True,
    ) -> None:
        if not 0 <= drop_units < 1:
            raise ConfigError(f"drop_units is {drop_units}", fix="give a number of at least 0 and below 1")
        if isinstance(targets, Tensor) and len(targets) != len(examples):
            raise DataError(f"there are {len(examples)} rows but {len(targets)} targets")
        if groups is not None and len(groups) != len(examples):
            raise DataError(f"there are {len(examples)} rows but {len(groups)} groups")
        self.order = batch_order(
            _lengths(examples, modalities),
            batch_size=batch_size,
            token_budget=token_budget,
            shuffle=shuffle,
            seed=derive(seed, "order", epoch),
            groups=groups,
        )
        self._examples = examples
        self._modalities = dict(modalities)
        self._targets = targets
        self._drop_units = drop_units
        self._drop_seed = derive(seed, "drop", epoch)
        self._prefetch = prefetch

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Batch]:
        batches = (self._batch(number) for number in range(len(self)))
        return made_ahead(batches) if self._prefetch else batches

    def _batch(self, number: int) -> Batch:
        index = self.order[number]
        rows = [self._examples[i] for i in index.tolist()]
        rng = np.random.default_rng([self._drop_seed, number])
        streams = self._united(rows, rng)
        if self._drop_units and len(streams) < len(self._modalities):
            rows = [self._thinned(row, rng) for row in rows]
        for name, each in self._modalities.items():
            if name not in streams:
                streams[name] = each.collate([row[name] for row in rows])
        chosen = torch.from_numpy(index)
        if isinstance(self._targets, Tensor):
            target: Tensor | None = self._targets[chosen]
        else:
            target = None if self._targets is None else self._targets(chosen)
        return Batch(streams, target, rows)

    def _united(self, rows: Sequence[Mapping[str, Example]], rng: np.random.Generator) -> dict[str, Stream]:
        """The streams of kinds of data whose rows have much in common, each read once."""
        found = {
            name: cast(Uniting, each).unite([row[name] for row in rows], drop=self._drop_units, chance=rng)
            for name, each in self._modalities.items()
            if hasattr(each, "unite")
        }
        return {name: stream for name, stream in found.items() if stream is not None}

    def _thinned(self, row: Mapping[str, Example], rng: np.random.Generator) -> dict[str, Example]:
        thinned = dict(row)
        for name, modality in self._modalities.items():
            removed = _left_out(len(row[name].places), self._drop_units, rng)
            if len(removed):
                thinned[name] = modality.without(row[name], removed.tolist())
        return thinned


def batch_order(
    lengths: Int[np.ndarray, "N C"],
    *,
    batch_size: int,
    token_budget: int | None = None,
    shuffle: bool = False,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> list[Int[np.ndarray, "_"]]:
    """Which rows form each batch: every row once, rows of similar length together.

    Without `shuffle` rows are sorted from long to short, so that a batch too large for the machine comes first. With
    it, rows are mixed, sorted within chunks of 100 batches, and the batches are mixed again. With groups whole groups
    are put together in their order, or mixed, and length plays no part.

    >>> [batch.tolist() for batch in batch_order(np.array([[3], [9], [8], [2]]), batch_size=2)]
    [[1, 2], [0, 3]]
    """
    if batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}", fix="give a number of rows above 0")
    if token_budget is not None and token_budget < 1:
        raise ConfigError(f"token_budget is {token_budget}", fix="give a number of positions above 0")
    rng = np.random.default_rng(seed)
    if groups is not None:
        if token_budget is not None:
            raise ConfigError("whole groups cannot be cut to a token_budget", fix="give batch_size alone")
        return _whole(groups, batch_size, rng if shuffle else None)
    rows = rng.permutation(len(lengths)) if shuffle else np.arange(len(lengths))
    together = batch_size * _SORTED_TOGETHER if shuffle else len(rows)
    batches = []
    for chunk in np.split(rows, range(together, len(rows), together)):
        longest_first = chunk[np.argsort(-lengths[chunk].sum(1), kind="stable")]
        batches += _cut(longest_first, lengths, batch_size, token_budget)
    return [batches[i] for i in rng.permutation(len(batches))] if shuffle else batches


def _cut(
    rows: Int[np.ndarray, "_"], lengths: Int[np.ndarray, "N C"], batch_size: int, token_budget: int | None
) -> list[Int[np.ndarray, "_"]]:
    """Consecutive batches: as many rows as the two limits allow."""
    if token_budget is None:
        return np.split(rows, range(batch_size, len(rows), batch_size))
    starts, longest = [0], [0] * lengths.shape[1]
    for place, row in enumerate(lengths[rows].tolist()):
        wider = [max(pair) for pair in zip(longest, row, strict=True)]
        count = place - starts[-1] + 1
        if count > 1 and (count > batch_size or count * sum(wider) > token_budget):
            starts.append(place)
            wider = row
        longest = wider
    return np.split(rows, starts[1:])


def _whole(groups: Sequence[Hashable], batch_size: int, rng: np.random.Generator | None) -> list[Int[np.ndarray, "_"]]:
    """Batches of whole groups, in the order in which the groups first occur or in a random one."""
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    found = list(members.values())
    batches: list[list[int]] = [[]]
    for place in range(len(found)) if rng is None else rng.permutation(len(found)).tolist():
        if batches[-1] and len(batches[-1]) + len(found[place]) > batch_size:
            batches.append([])
        batches[-1] += found[place]
    return [np.array(batch) for batch in batches]


def _left_out(count: int, share: float, rng: np.random.Generator) -> Int[np.ndarray, "_"]:
    """Indices of units, each with chance `share`, but never all of them."""
    out = rng.random(count) < share
    if count and out.all():
        out[rng.integers(count)] = False
    return np.flatnonzero(out)


def _lengths(examples: Sequence[Mapping[str, Example]], columns: Mapping[str, Modality]) -> Int[np.ndarray, "N C"]:
    if not examples:
        raise DataError("there are no rows to make batches of")
    if isinstance(examples, Lazy):
        # Asking each would encode it; lazy rows are windows, which are all as long as the first.
        return np.broadcast_to([len(examples[0][name]) for name in columns], (len(examples), len(columns)))
    for number, row in enumerate(examples, 1):
        for name in columns:
            if name not in row:
                raise DataError(f"the column '{name}' is missing", where=f"row {number}", fix=did_you_mean(name, row))
    # What is read once for many rows has no length of its own.
    alone = [name for name, modality in columns.items() if not hasattr(modality, "unite")]
    return np.array([[len(row[name]) if name in alone else 1 for name in columns] for row in examples])
