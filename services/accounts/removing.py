"""Deleting and resetting accounts."""

from collections.abc import Sequence
from datetime import UTC, datetime

from errors import EkonteError, not_found
from models.accounts import Account
from models.database import transaction
from services.accounts.outcomes import Outcome, check_count, live_accounts
from services.accounts.pool.quota import quota_day
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import record_removed
from services.notifications.alerts.sites import record_trouble_over
from services.stores import account_cooldowns, account_faults, account_usage, accounts, attempts
from services.stores.jobs.waits import make_waiting_due
from settings import get_settings


async def delete_accounts(owner: str, ids: Sequence[int]) -> set[int]:
    """Marks the owner's accounts among `ids` as deleted; returns the ids of those that it deleted.

    The rows are kept, since submitted tasks finish on them. Jobs that were not submitted move to other accounts in the
    same transaction. The session of a deleted account may be added again.
    """
    check_count(ids, 0, "ids")

    async def body() -> set[int]:
        deleted = await accounts.mark_deleted(owner, ids)
        await release_placed(sorted(deleted), "The account was deleted before the request was sent.")
        if deleted:
            await record_removed(owner, sorted(deleted))
        return deleted

    return await transaction(body)


async def reset_accounts(owner: str, ids: Sequence[int]) -> list[Outcome]:
    """Clears the exhaustion of both kinds, today's counts, all cooldowns, the holds of their sites and the failure
    count, and frees the slots of tasks that upstream's answers lack; returns an outcome for each id. The quota still
    ends at the next reset. Status, credits and learned limits are unchanged.
    """
    check_count(ids, 0, "ids")

    async def body() -> dict[int, Account]:
        found = sorted(await accounts.reset(owner, ids))
        if not found:
            return {}
        await account_cooldowns.remove_all(found)
        await account_faults.remove_faults(found)
        for where, scope in await account_faults.end_troubles_of(found):
            await record_trouble_over(where, scope)
        day = quota_day(datetime.now(UTC), get_settings().timezone)
        await account_usage.reset(found, day)
        await attempts.release_missing(found)
        await make_waiting_due(owner)
        return await live_accounts(owner, found)

    by_id = await transaction(body)
    return [_outcome(by_id.get(account_id), not_found("account")) for account_id in ids]


def _outcome(account: Account | None, error: EkonteError) -> Outcome:
    return Outcome(error=error) if account is None else Outcome(account=account)
