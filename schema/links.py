"""Fields whose value is one or several other objects, loaded through a loader of the context."""

from collections.abc import Callable
from typing import TypeVar

from strawberry.dataloader import DataLoader

K = TypeVar("K")
R = TypeVar("R")
T = TypeVar("T")


async def linked(loader: DataLoader[K, R | None], key: K | None, build: Callable[[R], T]) -> T | None:
    """The object of the row with that key; None where the key is None or the caller has no such row."""
    row = None if key is None else await loader.load(key)
    return None if row is None else build(row)


async def linked_list(loader: DataLoader[K, tuple[R, ...]], key: K | None, build: Callable[[R], T]) -> list[T]:
    """The objects of all rows with that key, in the loader's order; empty where the key is None."""
    return [] if key is None else [build(row) for row in await loader.load(key)]
