"""Outcomes of bulk operations on accounts: each item succeeds or fails on its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from errors import BadInputError, EkonteError
from models.accounts import Account

MAX_ITEMS = 1000


@dataclass(frozen=True)
class Outcome:
    """Either the account after the operation or the error. The error's path is relative to the item."""

    account: Account | None = None
    error: EkonteError | None = None


def check_count(items: Sequence[object], minimum: int, *path: str) -> None:
    """Raises BadInputError for a list with fewer than `minimum` or more than MAX_ITEMS items."""
    if not minimum <= len(items) <= MAX_ITEMS:
        allowed = f"Between {minimum} and {MAX_ITEMS}" if minimum else f"At most {MAX_ITEMS}"
        raise BadInputError(f"{allowed} accounts are allowed per request.", path=path)


async def live_accounts(owner: str, ids: Sequence[int]) -> dict[int, Account]:
    """The owner's accounts among `ids` that are not deleted."""
    wanted = list(set(ids))
    return {row.id: row for row in await Account.filter(owner=owner, id__in=wanted, deleted_at__isnull=True)}
