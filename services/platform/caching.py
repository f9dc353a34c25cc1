"""Keeping what was read while it is still what would be read: no times to live, so nobody sees anything that is older
than his own last change.

Whoever reads asks first for a mark, in one cheap statement: a number that every change of what is kept makes another,
and that never comes back. What was read after a mark is what would be read now if the mark is still the same.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class MarkedCache(Generic[T]):
    """The `most` values that were asked for last."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, tuple[Hashable, T]] = OrderedDict()

    async def get(self, key: Hashable, mark: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """The value of a key under a mark that was read before this call; read anew where the mark was another."""
        known = self._kept.get(key)
        if known is None or known[0] != mark:
            known = self._kept[key] = (mark, await read())
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return known[1]
