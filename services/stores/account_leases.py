"""Leases on accounts: who asks upstream about an account's tasks, and who checks its session. They tell nobody.

The other columns of the table account are written by services/stores/accounts.
"""

from collections.abc import Collection, Sequence

from models.database import execute, now_ms_sql
from models.sql import skip_locked_sql
from services.platform.leases import Lease, LeasedTable
from services.platform.owned import places

POLLS = LeasedTable("account", until="poll_lease_until_ms", epoch="poll_epoch")
CHECKS = LeasedTable("account", until="check_due_at_ms", epoch=None)
_IS_POLLED = "poll_lease_until_ms > 0"


async def claim_polls(most: int, lease_seconds: float) -> list[Lease]:
    """At most so many accounts that have an attempt to ask about now, and that nobody else is asking about; those first
    whose lease ran out long ago. One statement.
    """
    is_free = f"poll_lease_until_ms < {now_ms_sql()}"
    claimed = await POLLS.claim(
        f"SELECT id FROM account AS due WHERE due.{is_free} AND due.id IN (SELECT account_id FROM attempt"
        f" WHERE state IN ('SENT', 'ACCEPTED') AND due_at_ms <= {now_ms_sql()}) ORDER BY due.poll_lease_until_ms"
        f" LIMIT ?{skip_locked_sql()}",
        (most,),
        lease_seconds,
        guard=is_free,
    )
    return [lease for lease, _ in claimed]


async def extend_polls(leases: Collection[Lease], lease_seconds: float) -> None:
    """Keeps leases that are being worked on; one that has another holder now, or was released, stays as it is."""
    await POLLS.extend(leases, lease_seconds, guard=_IS_POLLED)


async def release_poll(lease: Lease) -> None:
    """Whoever claims next may ask about the account. Twice: nothing more."""
    await POLLS.release(lease, in_ms=None, guard=_IS_POLLED)


async def release_all_polls() -> None:
    """Ends everybody's polls. Only for a process that knows that it is alone."""
    await execute(f"UPDATE account SET poll_lease_until_ms = 0 WHERE {_IS_POLLED} RETURNING id")


async def claim_checks(providers: Sequence[str], most: int, lease_seconds: float) -> list[Lease]:
    """At most so many accounts of these providers whose check is due, new ones among them; none that is out of the pool
    or cools, for a kind or for everything. One statement.
    """
    is_due = f"(check_due_at_ms IS NULL OR check_due_at_ms <= {now_ms_sql()})"
    claimed = await CHECKS.claim(
        f"SELECT id FROM account WHERE status = 'ACTIVE' AND deleted_at IS NULL AND {is_due}"
        f" AND provider IN ({places(providers)}) AND NOT EXISTS (SELECT 1 FROM account_cooldown"
        " WHERE account_cooldown.account_id = account.id AND account_cooldown.model = ''"
        f" AND account_cooldown.until_ms > {now_ms_sql()})"
        f" ORDER BY COALESCE(check_due_at_ms, 0), id LIMIT ?{skip_locked_sql()}",
        (*providers, most),
        lease_seconds,
        guard=is_due,
    )
    return [lease for lease, _ in claimed]


async def release_check(lease: Lease, *, in_ms: int = 0) -> None:
    """The account's next check is due in so many milliseconds. Twice: nothing more."""
    await CHECKS.release(lease, in_ms=in_ms)
