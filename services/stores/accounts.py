"""Writes of the table account. Each function belongs into the caller's transaction, and tells followers after it.

Every change that the owner may see raises `version`. The columns that only steer claims (poll_lease_until_ms,
check_due_at_ms) are written by whoever claims, and tell nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from models.accounts import Account
from models.database import after_commit, execute, now_ms_sql
from models.enums import ACCOUNT_TRANSITIONS, AccountStatus, MediaKind
from models.sql import greatest_sql, least_sql, timestamp_before_sql
from services.platform.events import accounts_topic, bus
from services.platform.owned import places
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update

EXHAUSTED_COLUMN = {MediaKind.IMAGE: "image_exhausted_until_ms", MediaKind.VIDEO: "video_exhausted_until_ms"}
LEARNED_COLUMN = {MediaKind.IMAGE: "learned_image_limit", MediaKind.VIDEO: "learned_video_limit"}
MAX_PURGED = 2_000
Row = dict[str, Any]


def publish(owner: str) -> None:
    """Tells whoever follows the owner's accounts, after the commit."""
    after_commit(lambda: bus().publish(accounts_topic(owner)))


async def insert(rows: Sequence[Account]) -> None:
    """Inserts those whose session is new among the owner's accounts of the provider. Tells nobody.

    By hash in order: two requests with the same sessions do not wait for each other. Where somebody else's transaction
    is inserting the same session, this one waits for it and then leaves the row out.
    """
    if rows:
        await Account.bulk_create(sorted(rows, key=lambda row: str(row.session_hash)), ignore_conflicts=True)


# ---------------------------------------------------------------- status and what its owner sets


async def transition(
    account_id: int,
    *,
    to: AccountStatus,
    expected: Collection[AccountStatus],
    session_hash: str | None = None,
    **values: Any,
) -> Row | None:
    """Changes the status of an account that has one of the expected ones; its id, owner, name and deleted_at, or None
    where it has another one. Deleted accounts change too: what runs on them goes on.

    session_hash: only while the account has that session. values: further columns. Raises ForbiddenTransitionError
    where one of the expected statuses may not become `to`.
    """
    check_transition(ACCOUNT_TRANSITIONS, expected, to)
    where = [Sql("id = ?", (account_id,)), one_of("status", expected), _with_session(session_hash)]
    changes = {"status": to, "updated_at": database_time(), **values}
    rows = await _write(changes, all_of(*where), ["id", "name", "deleted_at"])
    return rows[0] if rows else None


async def confirm_status(account: Account, status_reason: str | None) -> bool:
    """An account that was asked about is what it was, for a reason that is known better now; whether it is still."""
    where = Sql(
        "id = ? AND session_hash = ? AND status = ? AND deleted_at IS NULL",
        (account.id, account.session_hash, account.status.value),
    )
    changes = {"status_reason": status_reason, "checked_at": database_time(), "updated_at": database_time()}
    return bool(await _write(changes, where))


async def change(account: Account, values: Mapping[str, Any]) -> bool:
    """Writes columns into a live account that is what it was when it was read; whether it still was.

    Raises ForbiddenTransitionError for a status that the account's own may not become, and IntegrityError for a
    session that another account of the owner has.
    """
    if values.get("status", account.status) is not account.status:
        check_transition(ACCOUNT_TRANSITIONS, [account.status], values["status"])
    where = Sql("id = ? AND version = ? AND deleted_at IS NULL", (account.id, account.version))
    return bool(await _write({**values, "updated_at": database_time()}, where))


async def mark_deleted(owner: str, account_ids: Sequence[int]) -> set[int]:
    """Marks the owner's live accounts among these as deleted; their ids."""
    changes = {"deleted_at": database_time(), "updated_at": database_time()}
    return await _write_live(owner, account_ids, changes)


async def reset(owner: str, account_ids: Sequence[int]) -> set[int]:
    """Forgets exhaustion, failures and received credits of the owner's live accounts among these; their ids."""
    changes = {
        **dict.fromkeys(EXHAUSTED_COLUMN.values(), 0),
        "consecutive_failures": 0,
        "received_day": None,
        "updated_at": database_time(),
    }
    return await _write_live(owner, account_ids, changes)


async def lock_active(account_ids: Sequence[int]) -> list[int]:
    """Those of the accounts that may take work, marked as used now and so locked until the transaction's end."""
    where = all_of(one_of("id", account_ids), Sql("status = 'ACTIVE' AND deleted_at IS NULL"))
    changes = {"last_used_at": database_time(), "version": Sql("version + 1")}
    return [int(row["id"]) for row in await update(Account, changes, where)]


async def touch(account_id: int) -> None:
    """Raises the version: something that is shown with the account has changed."""
    await _write({}, Sql("id = ?", (account_id,)))


# ---------------------------------------------------------------- what its work shows


async def exhaust(account_id: int, kind: MediaKind, until_ms: int) -> None:
    """Nothing of the kind goes to it until then, in milliseconds since 1970."""
    await _write({EXHAUSTED_COLUMN[kind]: until_ms}, Sql("id = ?", (account_id,)))


async def count_failure(account_id: int) -> int:
    """One more failure in a row; how many there are now, 0 where there is no such account."""
    changes = {"consecutive_failures": Sql("consecutive_failures + 1")}
    rows = await _write(changes, Sql("id = ?", (account_id,)), ["consecutive_failures"])
    return int(rows[0]["consecutive_failures"]) if rows else 0


async def lower_learned_limit(account_id: int, kind: MediaKind, recovery_ms: int) -> int | None:
    """Learns that it takes no more tasks of the kind at once than upstream is working on now, but one; how many that
    are, None where there is no such account.

    recovery_ms: after so long a learned limit is one higher. Both kinds share the time at which they were learned: what
    the other kind has recovered since then is written down before it begins anew.
    """
    column = LEARNED_COLUMN[kind]
    other = LEARNED_COLUMN[MediaKind.VIDEO if kind is MediaKind.IMAGE else MediaKind.IMAGE]
    risen = f"{other} + CAST(({now_ms_sql()} - learned_at_ms) / {int(recovery_ms)} AS INTEGER)"
    at_work = (
        "(SELECT COUNT(*) FROM attempt WHERE attempt.account_id = account.id AND attempt.kind = ?"
        " AND attempt.state = 'ACCEPTED' AND attempt.released_at_ms IS NULL)"
    )
    changes = {
        other: Sql(f"CASE WHEN {other} IS NULL THEN NULL ELSE {least_sql('max_concurrent', risen)} END"),
        column: Sql(at_work, (kind.value,)),
        "learned_at_ms": Sql(now_ms_sql()),
    }
    rows = await _write(changes, Sql("id = ?", (account_id,)), [f"{column} AS learned"])
    if not rows:
        return None
    if rows[0]["learned"] < 1:
        await update(Account, {column: 1}, Sql("id = ?", (account_id,)))
    return int(rows[0]["learned"])


# ---------------------------------------------------------------- credits


async def record_accepted(account_id: int, credits: int, returning: Sequence[str]) -> list[Row]:
    """Upstream took a task that costs so many credits: failures are forgotten. Of the row what `returning` names."""
    balance = f"CASE WHEN credit_balance IS NULL THEN NULL ELSE {greatest_sql('0', 'credit_balance - ?')} END"
    changes = {"consecutive_failures": 0, "credit_balance": Sql(balance, (credits,))}
    return await _write(changes, Sql("id = ?", (account_id,)), returning)


async def lower_balance(account_id: int, most: int, returning: Sequence[str]) -> list[Row]:
    """It has at most so many credits. Of the row what `returning` names."""
    balance = "CASE WHEN credit_balance IS NULL OR credit_balance > ? THEN ? ELSE credit_balance END"
    return await _write({"credit_balance": Sql(balance, (most, most))}, Sql("id = ?", (account_id,)), returning)


async def set_balance(account_id: int, balance: int, returning: Sequence[str]) -> list[Row]:
    """What upstream says that it has; where that is more than was known, it is exhausted no more. Of the row what
    `returning` names.
    """
    revived = {
        name: Sql(f"CASE WHEN credit_balance < ? THEN 0 ELSE {name} END", (balance,))
        for name in EXHAUSTED_COLUMN.values()
    }
    changes = {**revived, "credit_balance": balance, "checked_at": database_time()}
    return await _write(changes, Sql("id = ?", (account_id,)), returning)


async def want_credits(account_ids: Sequence[int]) -> None:
    """Marks live accounts whose daily credits are wanted. Again: nothing changes. Tells nobody."""
    where = all_of(one_of("id", account_ids), Sql("credits_due_at_ms IS NULL AND deleted_at IS NULL"))
    await update(Account, {"credits_due_at_ms": Sql(now_ms_sql())}, where)


async def claim_receiving(most: int, day: str) -> list[int]:
    """Takes accounts whose daily credits are wanted, and marks those of the quota day (YYYY-MM-DD) as received; the ids
    of those that may still be asked. Of several callers one gets an account.
    """
    wanted = Sql(
        "id IN (SELECT id FROM account WHERE credits_due_at_ms IS NOT NULL ORDER BY credits_due_at_ms, id LIMIT ?)"
        " AND credits_due_at_ms IS NOT NULL",
        (most,),
    )
    rows = await update(
        Account, {"received_day": day, "credits_due_at_ms": None}, wanted, ["id", "status", "deleted_at"]
    )
    return [int(row["id"]) for row in rows if row["status"] == AccountStatus.ACTIVE and row["deleted_at"] is None]


async def set_received_day(account: Account, day: str) -> None:
    """Marks the daily credits as received, while the account has the session that it was read with."""
    where = Sql("id = ? AND session_hash = ?", (account.id, account.session_hash))
    await update(Account, {"received_day": day}, where)


# ---------------------------------------------------------------- keys and retention


async def replace_seal(account_id: int, former: str, sealed: str) -> bool:
    """Writes a session that was sealed anew; whether it was still the same."""
    where = Sql("id = ? AND session_sealed = ?", (account_id, former))
    return bool(await update(Account, {"session_sealed": sealed}, where))


async def purge_deleted(seconds: float) -> list[int]:
    """Removes accounts that were deleted so long ago and that no attempt names, some at a time; their ids. The others
    lose their session as soon as nothing runs on them.
    """
    long_ago = f"deleted_at IS NOT NULL AND deleted_at < {timestamp_before_sql(seconds)}"
    rows = await execute(
        f"DELETE FROM account WHERE id IN (SELECT id FROM account WHERE {long_ago}"
        " AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.account_id = account.id)"
        f" LIMIT {MAX_PURGED}) RETURNING id"
    )
    idle = (
        f"{long_ago} AND session_sealed <> '' AND NOT EXISTS (SELECT 1 FROM attempt"
        " WHERE attempt.account_id = account.id AND attempt.state <> 'ENDED')"
    )
    await update(Account, {"session_sealed": "", "session_hint": ""}, Sql(idle))
    return [int(row["id"]) for row in rows]


def _with_session(session_hash: str | None) -> Sql:
    return Sql("TRUE") if session_hash is None else Sql("session_hash = ?", (session_hash,))


async def _write_live(owner: str, account_ids: Sequence[int], changes: Mapping[str, Any]) -> set[int]:
    if not account_ids:
        return set()
    where = Sql(f"owner = ? AND deleted_at IS NULL AND id IN ({places(account_ids)})", (owner, *account_ids))
    return {int(row["id"]) for row in await _write(changes, where, ["id"])}


async def _write(changes: Mapping[str, Any], where: Sql, returning: Sequence[str] = ()) -> list[Row]:
    """Raises the versions, and tells each owner; of each row its owner and what `returning` names."""
    columns = list(dict.fromkeys([*returning, *([] if _names_owner(returning) else ["owner"])]))
    rows = await update(Account, {**changes, "version": Sql("version + 1")}, where, columns)
    for owner in {str(row["owner"]) for row in rows}:
        publish(owner)
    return rows


def _names_owner(returning: Sequence[str]) -> bool:
    return any("owner" in columns.replace(" ", "").split(",") for columns in returning)
