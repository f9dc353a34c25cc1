"""What an owner holds open in this process: connections, and subscriptions on them."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from errors import QuotaExceededError
from services.platform.runtime import runtime
from settings import get_settings


class Held(StrEnum):
    """Values are the names that callers see."""

    CONNECTIONS = "connections"
    SUBSCRIPTIONS = "subscriptions"


_WORDS = {Held.CONNECTIONS: "open connections", Held.SUBSCRIPTIONS: "running subscriptions"}


class HeldByOwner(Counter[tuple[Held, str]]):
    """How many of each an owner holds in this process; those of another process are not counted."""


def most_of(held: Held) -> int | None:
    """The limit in one process; None: there is none."""
    return int(getattr(get_settings(), f"max_owner_{held.value}")) or None


def used_of(held: Held, owner: str) -> int:
    return runtime().state(HeldByOwner)[held, owner]


def check_room(held: Held, owner: str) -> None:
    """Raises QuotaExceededError if the owner holds as many as are allowed."""
    most, used = most_of(held), used_of(held, owner)
    if most is not None and used >= most:
        raise QuotaExceededError(
            f"You have {used:,} {_WORDS[held]} in this server process; at most {most:,} are allowed"
            f" (EKONTE_MAX_OWNER_{held.name}). End some first."
        )


@contextlib.contextmanager
def holding(held: Held, owner: str) -> Iterator[None]:
    """Counts one more within the context. Raises QuotaExceededError if the owner holds as many as are allowed."""
    check_room(held, owner)
    counts, key = runtime().state(HeldByOwner), (held, owner)
    counts[key] += 1
    try:
        yield
    finally:
        counts[key] -= 1
        if counts[key] <= 0:
            del counts[key]
