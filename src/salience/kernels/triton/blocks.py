"""How large the tiles of each kernel are, by the GPU, the size of a number, and the width of a head.

Chosen so that no register spills and the shared memory suffices, which the tests check by compiling ahead of time for
compute capability 8.0 and 9.0 with every option in use. With a bias some kernels spill a few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from salience.core.errors import NotAvailable

# Wider heads leave no room for tiles.
WIDEST = 128
HOPPER = 9


@dataclass(frozen=True)
class Blocks:
    """Queries and sources of a tile, warps of a program, and how many tiles are on their way at a time."""

    rows: int
    columns: int
    warps: int
    stages: int


def chosen(kernel: str, *, capability: int, bytes_per_number: int, width: int) -> Blocks:
    """The tile of `kernel` for heads of this padded width, on GPUs of this major compute capability."""
    half = _HALF_HOPPER if capability >= HOPPER else _HALF
    table = half if bytes_per_number == 2 else _SINGLE
    return table[kernel][64 if width <= 64 else 128]


def padded(width: int) -> int:
    """The width that a tile of vectors of this width has: a power of two that tensor cores accept.

    Raises:
        NotAvailable: the width of a head is beyond what a tile can hold.
    """
    if width > WIDEST:
        raise NotAvailable(
            f"the Triton kernels hold heads up to {WIDEST} wide, and these are {width} wide",
            fix="ask for another backend",
        )
    return max(16, 1 << max(0, width - 1).bit_length())


# "many" is for several vectors of weights at once.
_HALF_HOPPER = {
    "received": {64: Blocks(64, 128, 4, 3), 128: Blocks(64, 64, 4, 3)},
    "received many": {64: Blocks(64, 128, 8, 3), 128: Blocks(64, 64, 4, 3)},
    "statistics": {64: Blocks(128, 64, 8, 3), 128: Blocks(128, 64, 8, 2)},
    "means": {64: Blocks(128, 64, 4, 3), 128: Blocks(64, 64, 4, 3)},
    "means many": {64: Blocks(128, 64, 8, 3), 128: Blocks(64, 64, 4, 3)},
    "query": {64: Blocks(64, 64, 8, 2), 128: Blocks(64, 64, 8, 2)},
    "key": {64: Blocks(32, 128, 8, 2), 128: Blocks(32, 64, 8, 2)},
}
_HALF = _HALF_HOPPER | {
    "statistics": {64: Blocks(128, 64, 8, 2), 128: Blocks(128, 32, 8, 3)},
    "query": {64: Blocks(64, 64, 8, 2), 128: Blocks(64, 32, 8, 2)},
    "key": {64: Blocks(32, 32, 4, 2), 128: Blocks(32, 32, 4, 2)},
}
_SINGLE = {
    "received": {64: Blocks(32, 64, 8, 2), 128: Blocks(32, 16, 4, 2)},
    "received many": {64: Blocks(32, 64, 8, 2), 128: Blocks(32, 16, 4, 2)},
    "statistics": {64: Blocks(32, 32, 4, 2), 128: Blocks(16, 32, 4, 2)},
    "means": {64: Blocks(64, 32, 8, 2), 128: Blocks(32, 16, 4, 2)},
    "means many": {64: Blocks(64, 32, 8, 2), 128: Blocks(32, 16, 4, 2)},
    "query": {64: Blocks(32, 32, 4, 2), 128: Blocks(16, 16, 4, 2)},
    "key": {64: Blocks(16, 16, 4, 2), 128: Blocks(16, 16, 8, 1)},
}
