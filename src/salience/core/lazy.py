"""A sequence whose items are made when they are asked for, and not kept: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")


class Lazy(Sequence[T], Generic[T]):
    """`count` items, of which `make(i)` gives the i-th.

    >>> squares = Lazy(1_000_000, lambda i: i * i)
    >>> squares[3], squares[-1], len(squares[10:20:2]), squares.map(str)[4]
    (9, 999998000001, 5, '16')
    """

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._items = range(count)
        self._make = make

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Lazy[T]: ...

    def __getitem__(self, index: int | slice) -> T | Lazy[T]:
        if not isinstance(index, slice):
            return self._make(self._items[index])
        part = Lazy(0, self._make)
        part._items = self._items[index]
        return part

    def __iter__(self) -> Iterator[T]:
        return (self._make(i) for i in self._items)

    def map(self, function: Callable[[T], U]) -> Lazy[U]:
        """What a function makes of each item, likewise when it is asked for."""
        return Lazy(len(self), lambda i: function(self[i]))
