"""Leases on accounts: which worker polls upstream about an account's tasks, and which one checks its session or looks
at it again. Followers are not notified.

The other columns of the table account are written by services/stores/accounts.
"""

from collections.abc import Collection, Sequence

from models.database import execute, now_ms_sql
from models.enums import MediaKind
from models.sql import skip_locked_sql
from services.platform.leases import Lease, LeasedTable
from services.platform.owned import places
from services.stores.attempts import of_kinds_sql

POLLS = LeasedTable("account", until="poll_lease_until_ms", epoch="poll_epoch")
SETTLEMENTS = LeasedTable("account", until="settle_due_at_ms", epoch=None)
CHECKS = LeasedTable("account", until="check_due_at_ms", epoch=None)
LOOKS = LeasedTable("account", until="look_due_at_ms", epoch=None)
_IS_POLLED = "poll_lease_until_ms > 0"


async def claim_polls(limit: int, lease_seconds: float, kinds: Collection[MediaKind] = tuple(MediaKind)) -> list[Lease]:
    """Claims at most `limit` accounts that have an attempt of these kinds due for polling and that no other worker
    polls, the one whose lease ended first in front. One statement.
    """
    is_free = f"poll_lease_until_ms < {now_ms_sql()}"
    claimed = await POLLS.claim(
        f"SELECT id FROM account AS due WHERE due.{is_free} AND due.id IN (SELECT account_id FROM attempt"
        f" WHERE state IN ('SENT', 'ACCEPTED') AND due_at_ms <= {now_ms_sql()}{of_kinds_sql(kinds)})"
        " ORDER BY due.poll_lease_until_ms"
        f" LIMIT ?{skip_locked_sql()}",
        (limit,),
        lease_seconds,
        guard=is_free,
    )
    return [lease for lease, _ in claimed]


async def extend_polls(leases: Collection[Lease], lease_seconds: float) -> None:
    """Extends these leases. A lease that was released, or that another worker holds now, is left unchanged."""
    await POLLS.extend(leases, lease_seconds, guard=_IS_POLLED)


async def release_poll(lease: Lease) -> None:
    """Releases the account, so that any worker can poll it. A second call changes nothing."""
    await POLLS.release(lease, in_ms=None, guard=_IS_POLLED)


async def release_all_polls() -> None:
    """Ends the poll leases of all workers. Only for a process that knows that no other worker is alive."""
    await execute(f"UPDATE account SET poll_lease_until_ms = 0 WHERE {_IS_POLLED} RETURNING id")


async def claim_settlements(limit: int, lease_seconds: float) -> list[Lease]:
    """Claims at most `limit` active accounts whose credit history may be looked at and that have an attempt whose
    charge is to be looked for, the one that waits longest in front. One statement.
    """
    is_due = f"settle_due_at_ms <= {now_ms_sql()}"
    claimed = await SETTLEMENTS.claim(
        f"SELECT id FROM account AS due WHERE due.{is_due} AND due.status = 'ACTIVE' AND due.session_sealed <> ''"
        f" AND due.id IN (SELECT account_id FROM attempt WHERE attempt.settle_due_at_ms <= {now_ms_sql()})"
        f" ORDER BY due.settle_due_at_ms, due.id LIMIT ?{skip_locked_sql()}",
        (limit,),
        lease_seconds,
        guard=is_due,
    )
    return [lease for lease, _ in claimed]


async def release_settlement(lease: Lease, *, in_ms: int = 0) -> None:
    """Releases the account; its credit history is looked at again in `in_ms` milliseconds at the earliest. A second
    call changes nothing.
    """
    await SETTLEMENTS.release(lease, in_ms=in_ms)


async def claim_checks(providers: Sequence[str], limit: int, lease_seconds: float) -> list[Lease]:
    """Claims at most `limit` accounts of these providers whose health check is due, including new ones. Skips accounts
    that are not active, and accounts with a cooldown for a kind or for everything. One statement.
    """
    is_due = f"(check_due_at_ms IS NULL OR check_due_at_ms <= {now_ms_sql()})"
    claimed = await CHECKS.claim(
        f"SELECT id FROM account WHERE status = 'ACTIVE' AND deleted_at IS NULL AND {is_due}"
        f" AND provider IN ({places(providers)}) AND NOT EXISTS (SELECT 1 FROM account_cooldown"
        " WHERE account_cooldown.account_id = account.id AND account_cooldown.model = ''"
        f" AND account_cooldown.until_ms > {now_ms_sql()})"
        f" ORDER BY COALESCE(check_due_at_ms, 0), id LIMIT ?{skip_locked_sql()}",
        (*providers, limit),
        lease_seconds,
        guard=is_due,
    )
    return [lease for lease, _ in claimed]


async def release_check(lease: Lease, *, in_ms: int = 0) -> None:
    """Releases the account; its next check is due in `in_ms` milliseconds. A second call changes nothing."""
    await CHECKS.release(lease, in_ms=in_ms)


async def claim_looks(limit: int, lease_seconds: float) -> list[Lease]:
    """Claims at most `limit` accounts that upstream is to be asked about now. One statement."""
    is_due = f"look_due_at_ms <= {now_ms_sql()} AND deleted_at IS NULL"
    claimed = await LOOKS.claim(
        f"SELECT id FROM account WHERE {is_due} ORDER BY look_due_at_ms, id LIMIT ?{skip_locked_sql()}",
        (limit,),
        lease_seconds,
        guard=is_due,
    )
    return [lease for lease, _ in claimed]


async def release_look(lease: Lease, *, in_ms: int | None, looks: int | None = None) -> None:
    """Releases the account; its next look is due in `in_ms` milliseconds, or not at all (None). looks: the new number
    of looks in a row that did not bring the account back. A second call changes nothing, and neither does a call after
    the account was changed so that no look is due any more.
    """
    due = "NULL" if in_ms is None else f"{now_ms_sql()} + {int(in_ms)}"
    await execute(
        f"UPDATE account SET look_due_at_ms = {due}{'' if looks is None else f', looks = {int(looks)}'}"
        " WHERE id = ? AND look_due_at_ms = ? RETURNING id",
        lease.id,
        lease.epoch,
    )
