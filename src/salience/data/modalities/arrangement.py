"""How the numbers of a window stand at positions, and which unit each position belongs to.

Legend: S positions, U units, L rows of the look-back, T rows that are read, V variables, C channels, P patches.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int, Shaped

#: What a position of a series can be.
ELEMENTS = ("times", "variables", "patches", "cells")


class Arrangement:
    """The way between a matrix [T, C] and positions [S, ...], both ways.

    Args:
        elements: one of `ELEMENTS`.
        look_back: rows up to the moment.
        ahead: rows after it, of which only the variables in `known` are read.
        patch: rows of a patch.
        known: per variable, is it known ahead?
        static: per variable, does it never change?
        variable: the variable of each channel; one that is missing at times, or holds categories, has several.
    """

    def __init__(
        self,
        elements: str,
        *,
        look_back: int,
        ahead: int,
        patch: int,
        known: Bool[np.ndarray, "V"],
        static: Bool[np.ndarray, "V"],
        variable: Int[np.ndarray, "C"],
    ) -> None:
        self._elements = elements
        self._look_back = look_back
        self._patch = patch
        self._variable = variable
        self._num_variables = len(known)
        self._ahead_channels = np.flatnonzero(known[self._variable])
        self.rows = look_back + ahead
        self.channels = len(self._variable)
        #: [T, C] is the number read at all? Beyond the moment, only of what is known ahead.
        self.read = np.ones((self.rows, self.channels), dtype=bool)
        self.read[look_back:, ~known[self._variable]] = False
        keys = self._keys(static)
        first = self.values(keys)[:, 0]
        numbers: dict[int, int] = {key: number for number, key in enumerate(dict.fromkeys(first.tolist()))}
        #: [S] the unit of each position, and [U, 3] the first row, last row and variable (-1: all) of each unit.
        self.owner: Int[np.ndarray, "S"] = np.array([numbers[key] for key in first.tolist()], dtype=np.int32)
        self.places: Int[np.ndarray, "U 3"] = self._extents(keys, list(numbers))
        #: [S] the step (row or patch) and the channel of each position; None where it has no single one.
        rows, channels = np.indices((self.rows, self.channels))
        steps = rows // (patch if elements == "patches" else 1)
        self.steps = None if elements == "variables" else self.values(steps)[:, 0]
        self.variables = None if elements == "times" else self.values(channels)[:, 0]
        self.groups = self.steps.astype(np.int32) if elements == "cells" and self.steps is not None else None

    @property
    def num_ahead(self) -> int:
        """Channels that are read beyond the moment; none where no row is."""
        return len(self._ahead_channels) if self.rows > self._look_back else 0

    @property
    def size(self) -> int:
        """Numbers of one position."""
        return {"times": self.channels, "variables": self.rows, "patches": self._patch, "cells": 1}[self._elements]

    @property
    def grid(self) -> tuple[int, ...] | None:
        """The rows in which positions lie, where they do."""
        if self._elements == "patches":
            return (self.channels, self.rows // self._patch)
        if self._elements == "cells" and self.rows == self._look_back:
            return (self.rows, self.channels)
        return None

    def values(self, matrix: Shaped[np.ndarray, "T C"]) -> Shaped[np.ndarray, "S n"]:
        """The matrix as positions."""
        if self._elements == "times":
            return matrix
        if self._elements == "variables":
            return np.ascontiguousarray(matrix.T)
        if self._elements == "patches":
            return np.ascontiguousarray(matrix.T).reshape(-1, self._patch)
        past, after = matrix[: self._look_back], matrix[self._look_back :, self._ahead_channels]
        return np.concatenate([past.reshape(-1, 1), after.reshape(-1, 1)])

    def matrix(self, positions: Shaped[np.ndarray, "S *n"]) -> Shaped[np.ndarray, "T C"]:
        """The inverse of `values`; one number per position is given to all numbers of it."""
        if positions.ndim == 1:
            positions = np.repeat(positions[:, None], self.size, axis=1)
        if self._elements == "times":
            return positions
        if self._elements in ("variables", "patches"):
            return positions.reshape(self.channels, self.rows).T
        matrix = np.zeros((self.rows, self.channels), dtype=positions.dtype)
        past, after = self._look_back * self.channels, (self.rows - self._look_back, len(self._ahead_channels))
        matrix[: self._look_back] = positions[:past].reshape(self._look_back, self.channels)
        matrix[self._look_back :, self._ahead_channels] = positions[past:].reshape(after)
        return matrix

    def _keys(self, static: Bool[np.ndarray, "V"]) -> Int[np.ndarray, "T C"]:
        """A number for each unit, at all places that belong to it."""
        rows = np.arange(self.rows)[:, None]
        if self._elements == "times":
            return np.repeat(rows, self.channels, axis=1)
        if self._elements == "variables":
            rows = np.zeros_like(rows)
        elif self._elements == "patches":
            rows = rows // self._patch
        return np.where(static[self._variable], 0, rows) * self._num_variables + self._variable

    def _extents(self, keys: Int[np.ndarray, "T C"], units: Sequence[int]) -> Int[np.ndarray, "U 3"]:
        keys = np.where(self.read, keys, -1)
        every = np.repeat(np.arange(self.rows), self.channels), keys.ravel()
        first = np.full(keys.max() + 1, self.rows)
        last = np.full(keys.max() + 1, -1)
        there = every[1] >= 0
        np.minimum.at(first, every[1][there], every[0][there])
        np.maximum.at(last, every[1][there], every[0][there])
        of_all = self._elements == "times"
        variable = [-1 if of_all else unit % self._num_variables for unit in units]
        return np.stack([first[list(units)], last[list(units)], np.array(variable)], axis=1).astype(np.int32)
