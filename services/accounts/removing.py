"""Deleting accounts, and giving them a fresh start."""

from collections.abc import Sequence
from datetime import UTC, datetime

from errors import EkonteError
from models.accounts import Account, AccountCooldown, AccountUsage
from models.database import execute, transaction
from services.accounts.outcomes import Outcome, check_count, live_accounts, not_found
from services.accounts.pool.account_updates import announce
from services.accounts.pool.quota import quota_day
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import note_gone
from services.platform.owned import places
from services.platform.sql import timestamp_sql
from services.stores.jobs.waits import look_again
from settings import get_settings


async def delete_accounts(owner: str, ids: Sequence[int]) -> set[int]:
    """Deletes the owner's accounts among `ids`; the ids of those that it deleted.

    The rows stay, for what was submitted on them finishes there. What was not goes to other accounts, in the same
    transaction. A session of a deleted account may be added again.
    """
    check_count(ids, 0, "ids")

    async def body() -> set[int]:
        if not ids:
            return set()
        rows = await execute(
            f"UPDATE account SET deleted_at = {timestamp_sql()}, updated_at = {timestamp_sql()}, version = version + 1"
            f" WHERE owner = ? AND deleted_at IS NULL AND id IN ({places(ids)}) RETURNING id",
            owner,
            *ids,
        )
        deleted = {int(row["id"]) for row in rows}
        await release_placed(sorted(deleted), "The account was deleted before anything was sent.")
        if deleted:
            await note_gone(owner, sorted(deleted))
            announce(owner)
        return deleted

    return await transaction(body)


async def reset_accounts(owner: str, ids: Sequence[int]) -> list[Outcome]:
    """Makes pictures and clips available again, zeroes today's counts, ends cooldowns and forgets failures; the quota
    ends at the next reset. For each id what became of it. Status, credits and what refusals taught stay.
    """
    check_count(ids, 0, "ids")

    async def body() -> dict[int, Account]:
        if not ids:
            return {}
        rows = await execute(
            "UPDATE account SET image_exhausted_until_ms = 0, video_exhausted_until_ms = 0, consecutive_failures = 0,"
            f" received_day = NULL, updated_at = {timestamp_sql()}, version = version + 1"
            f" WHERE owner = ? AND deleted_at IS NULL AND id IN ({places(ids)}) RETURNING id",
            owner,
            *ids,
        )
        found = [int(row["id"]) for row in rows]
        if not found:
            return {}
        await AccountCooldown.filter(account_id__in=found).delete()
        day = quota_day(datetime.now(UTC), get_settings().timezone)
        await AccountUsage.filter(account_id__in=found, day=day).update(count=0)
        await look_again(owner)
        announce(owner)
        return await live_accounts(owner, found)

    accounts = await transaction(body)
    return [_outcome(accounts.get(account_id), not_found()) for account_id in ids]


def _outcome(account: Account | None, error: EkonteError) -> Outcome:
    return Outcome(error=error) if account is None else Outcome(account=account)
