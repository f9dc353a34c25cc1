"""A cache without expiry times whose entries are valid while a mark is unchanged, so that a caller never reads data
older than its own last change.

A mark is a number that changes with every change of the cached data and never repeats. The caller reads it first, in
one cheap statement. A value that was read under the same mark is still current.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class MarkedCache(Generic[T]):
    """A cache of the `limit` values that were used last."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[Hashable, tuple[Hashable, T]] = OrderedDict()

    async def get(self, key: Hashable, mark: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Returns the value of a key. The caller has just read the mark; `read` is called if the cached value has
        another one.
        """
        cached = self._kept.get(key)
        if cached is None or cached[0] != mark:
            cached = self._kept[key] = (mark, await read())
        self._kept.move_to_end(key)
        while len(self._kept) > self.limit:
            self._kept.popitem(last=False)
        return cached[1]
