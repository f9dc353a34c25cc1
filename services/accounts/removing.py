"""Deleting accounts, and giving them a fresh start."""

from collections.abc import Sequence
from datetime import UTC, datetime

from errors import EkonteError, not_found
from models.accounts import Account
from models.database import transaction
from services.accounts.outcomes import Outcome, check_count, live_accounts
from services.accounts.pool.quota import quota_day
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import record_removed
from services.stores import account_cooldowns, account_usage, accounts
from services.stores.jobs.waits import make_waiting_due
from settings import get_settings


async def delete_accounts(owner: str, ids: Sequence[int]) -> set[int]:
    """Deletes the owner's accounts among `ids`; the ids of those that it deleted.

    The rows stay, for what was submitted on them finishes there. What was not goes to other accounts, in the same
    transaction. A session of a deleted account may be added again.
    """
    check_count(ids, 0, "ids")

    async def body() -> set[int]:
        deleted = await accounts.mark_deleted(owner, ids)
        await release_placed(sorted(deleted), "The account was deleted before anything was sent.")
        if deleted:
            await record_removed(owner, sorted(deleted))
        return deleted

    return await transaction(body)


async def reset_accounts(owner: str, ids: Sequence[int]) -> list[Outcome]:
    """Makes pictures and clips available again, zeroes today's counts, ends cooldowns and forgets failures; the quota
    ends at the next reset. For each id what became of it. Status, credits and what refusals taught stay.
    """
    check_count(ids, 0, "ids")

    async def body() -> dict[int, Account]:
        found = sorted(await accounts.reset(owner, ids))
        if not found:
            return {}
        await account_cooldowns.remove_all(found)
        day = quota_day(datetime.now(UTC), get_settings().timezone)
        await account_usage.reset(found, day)
        await make_waiting_due(owner)
        return await live_accounts(owner, found)

    by_id = await transaction(body)
    return [_outcome(by_id.get(account_id), not_found("account")) for account_id in ids]


def _outcome(account: Account | None, error: EkonteError) -> Outcome:
    return Outcome(error=error) if account is None else Outcome(account=account)
