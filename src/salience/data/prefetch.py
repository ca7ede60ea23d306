"""Make the next items in a background thread while the current one is being used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def made_ahead(items: Iterable[T], *, size: int = 2) -> Iterator[T]:
    """The same items in the same order, up to `size` of them made in advance by one thread.

    An error in the thread is raised here, at the item that caused it. Closing the iterator ends the thread.

    >>> list(made_ahead(n * n for n in range(4)))
    [0, 1, 4, 9]
    """
    end = object()
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as worker:
        coming = deque(worker.submit(next, source, end) for _ in range(size))
        try:
            while (item := coming.popleft().result()) is not end:
                coming.append(worker.submit(next, source, end))
                yield item  # type: ignore[misc]
        finally:
            worker.shutdown(cancel_futures=True)
