"""What became of each item of a list of accounts: every item is done or refused on its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from errors import BadInputError, EkonteError
from models.accounts import Account

MAX_ITEMS = 1000


@dataclass(frozen=True)
class Outcome:
    """The account as it is now, or why it was refused; one of the two. The error's path begins at the item."""

    account: Account | None = None
    error: EkonteError | None = None


def check_count(items: Sequence[object], least: int, *path: str) -> None:
    """Raises BadInputError for a list with too few or too many items."""
    if not least <= len(items) <= MAX_ITEMS:
        words = f"Between {least} and {MAX_ITEMS}" if least else f"At most {MAX_ITEMS}"
        raise BadInputError(f"{words} accounts are taken at once.", path=path)


async def live_accounts(owner: str, ids: Sequence[int]) -> dict[int, Account]:
    """The owner's accounts among `ids` that are not deleted."""
    wanted = list(set(ids))
    return {row.id: row for row in await Account.filter(owner=owner, id__in=wanted, deleted_at__isnull=True)}
