"""Fields whose value is another object, or several, found through a loader of the context."""

from collections.abc import Callable
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
R = TypeVar("R")
T = TypeVar("T")


async def linked(loader: DataLoader[K, R | None], key: K | None, build: Callable[[R], T]) -> T | None:
    """The object of the row under that key; None where there is no key, or no row of the caller's."""
    row = None if key is None else await loader.load(key)
    return None if row is None else build(row)


async def linked_list(loader: DataLoader[K, tuple[R, ...]], key: K | None, build: Callable[[R], T]) -> list[T]:
    """The objects of all rows under that key, in the loader's order; none where there is no key."""
    return [] if key is None else [build(row) for row in await loader.load(key)]
