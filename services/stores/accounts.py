"""Writes the table account. Each function belongs in the caller's transaction and notifies followers after the commit.

Every change that the owner can see raises `version`. The columns that only control claims (poll_lease_until_ms,
check_due_at_ms) are written by services/stores/account_leases, without notifying followers.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from models.accounts import Account
from models.database import after_commit, execute, now_ms_sql
from models.enums import ACCOUNT_TRANSITIONS, AccountStatus, MediaKind
from models.sql import greatest_sql, least_sql, milliseconds_of_sql, timestamp_before_sql
from services.platform.events import accounts_topic, bus
from services.platform.owned import places
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update

EXHAUSTED_COLUMN = {MediaKind.IMAGE: "image_exhausted_until_ms", MediaKind.VIDEO: "video_exhausted_until_ms"}
LEARNED_COLUMN = {MediaKind.IMAGE: "learned_image_limit", MediaKind.VIDEO: "learned_video_limit"}
MAX_PURGED = 2_000
Row = dict[str, Any]


def publish(owner: str) -> None:
    """Notifies followers of the owner's accounts after the commit."""
    after_commit(lambda: bus().publish(accounts_topic(owner)))


async def insert(rows: Sequence[Account]) -> None:
    """Inserts the accounts whose session the owner does not have yet for the provider. Does not notify followers.

    Rows are inserted in the order of their session hash, so that two requests with the same sessions do not deadlock.
    If another transaction is inserting the same session, this one waits for it and then skips the row.
    """
    if rows:
        await Account.bulk_create(sorted(rows, key=lambda row: str(row.session_hash)), ignore_conflicts=True)


# ---------------------------------------------------------------- status and settings


async def transition(
    account_id: int,
    *,
    to: AccountStatus,
    expected: Collection[AccountStatus],
    session_hash: str | None = None,
    **values: Any,
) -> Row | None:
    """Changes an account's status if it is one of the expected ones. Returns its id, owner, name and deleted_at, or
    None if the status is another one. Deleted accounts change too, because their running tasks continue.

    session_hash: change the account only while it has this session. values: further columns. Raises
    ForbiddenTransitionError if one of the expected statuses must not become `to`.
    """
    check_transition(ACCOUNT_TRANSITIONS, expected, to)
    where = [Sql("id = ?", (account_id,)), one_of("status", expected), _with_session(session_hash)]
    changes = {"status": to, "updated_at": database_time(), **values}
    rows = await _write(changes, all_of(*where), ["id", "name", "deleted_at"])
    return rows[0] if rows else None


async def reactivate(account_id: int, session_hash: str) -> Row | None:
    """Sets an account ACTIVE that the server made INACTIVE and that still has this session. Returns its id, owner, name
    and deleted_at, or None if there is nothing to undo: what its owner decided stays.
    """
    check_transition(ACCOUNT_TRANSITIONS, [AccountStatus.INACTIVE], AccountStatus.ACTIVE)
    where = Sql(
        "id = ? AND session_hash = ? AND status = 'INACTIVE' AND deactivated_by = 'SERVER'", (account_id, session_hash)
    )
    changes = {
        "status": AccountStatus.ACTIVE,
        "status_reason": None,
        "deactivated_by": None,
        "consecutive_failures": 0,
        "look_due_at_ms": None,
        "looks": 0,
        "updated_at": database_time(),
    }
    rows = await _write(changes, where, ["id", "name", "deleted_at"])
    return rows[0] if rows else None


async def confirm_status(account: Account, status_reason: str | None) -> bool:
    """Writes a newer reason for an account's unchanged status, and the time of the check. Returns False if the
    account's status or session has changed meanwhile.
    """
    where = Sql(
        "id = ? AND session_hash = ? AND status = ? AND deleted_at IS NULL",
        (account.id, account.session_hash, account.status.value),
    )
    changes = {"status_reason": status_reason, "checked_at": database_time(), "updated_at": database_time()}
    return bool(await _write(changes, where))


async def change(account: Account, values: Mapping[str, Any]) -> bool:
    """Writes columns of a live account if it is unchanged since it was read; returns whether it was.

    Raises ForbiddenTransitionError for a status that must not follow the account's own, and IntegrityError for a
    session that another account of the owner has.
    """
    if values.get("status", account.status) is not account.status:
        check_transition(ACCOUNT_TRANSITIONS, [account.status], values["status"])
    where = Sql("id = ? AND version = ? AND deleted_at IS NULL", (account.id, account.version))
    return bool(await _write({**values, "updated_at": database_time()}, where))


async def mark_deleted(owner: str, account_ids: Sequence[int]) -> set[int]:
    """Marks the owner's live accounts among these as deleted; returns their ids."""
    changes = {"deleted_at": database_time(), "updated_at": database_time()}
    return await _write_live(owner, account_ids, changes)


async def reset(owner: str, account_ids: Sequence[int]) -> set[int]:
    """Clears exhaustion, failures and the day of the received credits of the owner's live accounts among these;
    returns their ids.
    """
    changes = {
        **dict.fromkeys(EXHAUSTED_COLUMN.values(), 0),
        "consecutive_failures": 0,
        "received_day": None,
        "updated_at": database_time(),
    }
    return await _write_live(owner, account_ids, changes)


async def lock_active(account_ids: Sequence[int]) -> list[int]:
    """Returns the ids of the accounts that can take work. Writes their last_used_at, which locks them until the end of
    the transaction.
    """
    where = all_of(one_of("id", account_ids), Sql("status = 'ACTIVE' AND deleted_at IS NULL"))
    changes = {"last_used_at": database_time(), "version": Sql("version + 1")}
    return [int(row["id"]) for row in await update(Account, changes, where)]


async def touch(account_id: int) -> None:
    """Raises the version, because data shown with the account has changed."""
    await _write({}, Sql("id = ?", (account_id,)))


async def touch_site(owner: str, provider: str, site: str) -> None:
    """Raises the versions of an owner's accounts of a site, because what is shown with them has changed."""
    where = Sql("owner = ? AND provider = ? AND COALESCE(site, '') = ? AND deleted_at IS NULL", (owner, provider, site))
    await _write({}, where)


# ---------------------------------------------------------------- results of its tasks


async def exhaust(account_id: int, kind: MediaKind, until_ms: int) -> None:
    """Marks the account as exhausted for the kind until a time in milliseconds since 1970."""
    await _write({EXHAUSTED_COLUMN[kind]: until_ms}, Sql("id = ?", (account_id,)))


async def count_failure(account_id: int) -> int:
    """Counts one more failure in a row; returns the new count, or 0 if there is no such account."""
    changes = {"consecutive_failures": Sql("consecutive_failures + 1")}
    rows = await _write(changes, Sql("id = ?", (account_id,)), ["consecutive_failures"])
    return int(rows[0]["consecutive_failures"]) if rows else 0


async def lower_learned_limit(account_id: int, kind: MediaKind, recovery_ms: int) -> int | None:
    """Sets the learned limit of the kind to the number of its tasks that upstream is running now, at least 1. Returns
    that number before it is raised to 1, or None if there is no such account.

    recovery_ms: the time after which a learned limit rises by one. Both kinds share the time at which they were
    learned, so what the other kind has recovered since then is written first.
    """
    column = LEARNED_COLUMN[kind]
    other = LEARNED_COLUMN[MediaKind.VIDEO if kind is MediaKind.IMAGE else MediaKind.IMAGE]
    recovered = f"{other} + CAST(({now_ms_sql()} - learned_at_ms) / {int(recovery_ms)} AS INTEGER)"
    running = (
        "(SELECT COUNT(*) FROM attempt WHERE attempt.account_id = account.id AND attempt.kind = ?"
        " AND attempt.state = 'ACCEPTED' AND attempt.released_at_ms IS NULL)"
    )
    changes = {
        other: Sql(f"CASE WHEN {other} IS NULL THEN NULL ELSE {least_sql('max_concurrent', recovered)} END"),
        column: Sql(running, (kind.value,)),
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
    """Records that upstream accepted a task of so many credits: lowers the balance and clears the failures. Returns
    the columns named by `returning`.
    """
    balance = f"CASE WHEN credit_balance IS NULL THEN NULL ELSE {greatest_sql('0', 'credit_balance - ?')} END"
    changes = {"consecutive_failures": 0, "credit_balance": Sql(balance, (credits,))}
    return await _write(changes, Sql("id = ?", (account_id,)), returning)


async def correct_balance(account_id: int, credits: int, since_ms: int, returning: Sequence[str]) -> list[Row]:
    """Lowers a known balance by `credits` (negative: raises it), unless upstream has told it since `since_ms`, in
    milliseconds since 1970. Returns the columns named by `returning`.
    """
    where = Sql(
        f"id = ? AND credit_balance IS NOT NULL AND (checked_at IS NULL OR {milliseconds_of_sql('checked_at')} < ?)",
        (account_id, since_ms),
    )
    changes = {"credit_balance": Sql(greatest_sql("0", "credit_balance - ?"), (credits,))}
    return await _write(changes, where, returning)


async def set_settle_refusals(account_id: int, refusals: int, *, in_ms: int) -> None:
    """Records how often upstream has refused to tell the credit history in a row, and that it is not asked for it for
    `in_ms`. Does not notify followers.
    """
    changes = {"settle_refusals": refusals, "settle_refused_until_ms": Sql(f"{now_ms_sql()} + {int(in_ms)}")}
    await update(Account, changes, Sql("id = ?", (account_id,)))


async def set_balance(account_id: int, balance: int, returning: Sequence[str]) -> list[Row]:
    """Writes the credit balance that upstream reported. A balance above the known one ends the exhaustion. Returns the
    columns named by `returning`.
    """
    revived = {
        name: Sql(f"CASE WHEN credit_balance < ? THEN 0 ELSE {name} END", (balance,))
        for name in EXHAUSTED_COLUMN.values()
    }
    changes = {**revived, "credit_balance": balance, "checked_at": database_time()}
    return await _write(changes, Sql("id = ?", (account_id,)), returning)


async def want_credits(account_ids: Sequence[int]) -> None:
    """Marks live accounts whose daily credits are to be received. A second call changes nothing. Does not notify
    followers.
    """
    where = all_of(one_of("id", account_ids), Sql("credits_due_at_ms IS NULL AND deleted_at IS NULL"))
    await update(Account, {"credits_due_at_ms": Sql(now_ms_sql())}, where)


async def claim_receiving(limit: int, day: str) -> list[int]:
    """Claims marked accounts, and records the quota day (YYYY-MM-DD) as their received_day. Returns the ids of the
    active ones. Only one of several callers gets an account. One that received the day's credits since it was marked
    is only unmarked.
    """
    received = Sql("credits_due_at_ms IS NOT NULL AND received_day = ?", (day,))
    await update(Account, {"credits_due_at_ms": None}, received)
    wanted = Sql(
        "id IN (SELECT id FROM account WHERE credits_due_at_ms IS NOT NULL ORDER BY credits_due_at_ms, id LIMIT ?)"
        " AND credits_due_at_ms IS NOT NULL AND (received_day IS NULL OR received_day <> ?)",
        (limit, day),
    )
    rows = await update(
        Account, {"received_day": day, "credits_due_at_ms": None}, wanted, ["id", "status", "deleted_at"]
    )
    return [int(row["id"]) for row in rows if row["status"] == AccountStatus.ACTIVE and row["deleted_at"] is None]


# ---------------------------------------------------------------- looks at upstream outside of the checks


async def want_look(account_ids: Sequence[int], seconds: float, session_hash: str | None = None) -> None:
    """Asks for a look at the accounts in `seconds`; one that is asked for already keeps its time. session_hash: only
    while the account has this session. Does not notify followers.
    """
    where = all_of(
        one_of("id", account_ids), Sql("look_due_at_ms IS NULL AND deleted_at IS NULL"), _with_session(session_hash)
    )
    await update(Account, {"look_due_at_ms": Sql(f"{now_ms_sql()} + ?", (int(seconds * 1000),))}, where)


async def hasten_look(account_id: int) -> None:
    """Makes the next look at an account that the server deactivated due now, after a sign that it works again."""
    where = Sql(
        f"id = ? AND status = 'INACTIVE' AND deactivated_by = 'SERVER' AND look_due_at_ms > {now_ms_sql()}"
        " AND deleted_at IS NULL",
        (account_id,),
    )
    await update(Account, {"look_due_at_ms": Sql(now_ms_sql())}, where)


async def clear_failures(account_ids: Sequence[int]) -> None:
    """Clears the failures in a row, after they turned out not to be the accounts'."""
    if account_ids:
        await _write({"consecutive_failures": 0}, all_of(one_of("id", account_ids), Sql("consecutive_failures > 0")))


async def forget_learned_limit(account_ids: Sequence[int], kind: MediaKind) -> None:
    """Removes the learned limit of the kind, after it turned out that it was learned from refusals of one job."""
    if account_ids:
        await _write({LEARNED_COLUMN[kind]: None}, one_of("id", account_ids))


async def set_received_day(account: Account, day: str) -> None:
    """Records the day on which the daily credits were received, if the account still has the session that it was read
    with.
    """
    where = Sql("id = ? AND session_hash = ?", (account.id, account.session_hash))
    await update(Account, {"received_day": day}, where)


# ---------------------------------------------------------------- keys and retention


async def replace_seal(account_id: int, previous: str, sealed: str) -> bool:
    """Replaces the sealed session if it is still `previous`; returns whether it was."""
    where = Sql("id = ? AND session_sealed = ?", (account_id, previous))
    return bool(await update(Account, {"session_sealed": sealed}, where))


async def purge_deleted(seconds: float) -> list[int]:
    """Removes accounts that were deleted more than `seconds` ago and that no attempt refers to, at most MAX_PURGED per
    call; returns their ids. The other deleted accounts lose their session once none of their attempts is live.
    """
    is_expired = f"deleted_at IS NOT NULL AND deleted_at < {timestamp_before_sql(seconds)}"
    rows = await execute(
        f"DELETE FROM account WHERE id IN (SELECT id FROM account WHERE {is_expired}"
        " AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.account_id = account.id)"
        f" LIMIT {MAX_PURGED}) RETURNING id"
    )
    idle = (
        f"{is_expired} AND session_sealed <> '' AND NOT EXISTS (SELECT 1 FROM attempt"
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
    """Writes the changes, raises the versions and notifies the owners' followers. Returns of each row its owner and
    the columns named by `returning`.
    """
    columns = list(dict.fromkeys([*returning, *([] if _names_owner(returning) else ["owner"])]))
    rows = await update(Account, {**changes, "version": Sql("version + 1")}, where, columns)
    for owner in {str(row["owner"]) for row in rows}:
        publish(owner)
    return rows


def _names_owner(returning: Sequence[str]) -> bool:
    return any("owner" in columns.replace(" ", "").split(",") for columns in returning)
