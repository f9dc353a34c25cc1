"""Writes the columns of the table attempt that tell what a task was charged, and until when that is looked for.

`attempts.settling` begins the look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute
from models.enums import CreditsSource, MediaKind
from models.generation import Attempt
from services.stores.clock import in_ms, now_sql
from services.stores.updates import Sql, all_of, id_in, update


@dataclass(frozen=True)
class Unsettled:
    """An attempt whose charge is looked for. looked_until_ms: the token that guards its settlement."""

    id: int
    job_id: int
    kind: MediaKind
    submit_id: str
    price_key: str | None
    credits_spent: int | None
    credits_source: CreditsSource | None
    is_accepted: bool
    has_failed: bool
    accepted_at_ms: int | None
    sent_at_ms: int
    quota_day: str | None
    balance_before: int | None
    looked_until_ms: int
    is_over: bool


async def unsettled(account_id: int, limit: int) -> list[Unsettled]:
    """The account's attempts whose charge is looked for, the oldest first. is_over: this is the last look."""
    rows = await execute(
        "SELECT id, job_id, kind, submit_id, price_key, credits_spent, credits_source, accepted_at_ms, sent_at_ms,"
        f" quota_day, balance_before, settle_until_ms, settle_until_ms <= {now_sql().text} AS is_over,"
        " state = 'ENDED' AND outcome <> 'SUCCEEDED' AS has_failed FROM attempt"
        " WHERE account_id = ? AND settle_due_at_ms IS NOT NULL ORDER BY id LIMIT ?",
        account_id,
        limit,
    )
    return [
        Unsettled(
            id=row["id"],
            job_id=row["job_id"],
            kind=MediaKind(row["kind"]),
            submit_id=row["submit_id"],
            price_key=row["price_key"],
            credits_spent=row["credits_spent"],
            credits_source=CreditsSource(row["credits_source"]) if row["credits_source"] else None,
            is_accepted=row["accepted_at_ms"] is not None,
            has_failed=bool(row["has_failed"]),
            accepted_at_ms=row["accepted_at_ms"],
            sent_at_ms=row["sent_at_ms"] or 0,
            quota_day=row["quota_day"],
            balance_before=row["balance_before"],
            looked_until_ms=row["settle_until_ms"],
            is_over=bool(row["is_over"]),
        )
        for row in rows
    ]


async def settle(attempt: Unsettled, credits: int, *, goes_on: bool) -> bool:
    """Writes the measured charge of an attempt. goes_on: it is still looked for, since a refund may come. Returns False
    if another settlement, or the end of the task, was written since it was read.
    """
    changes: dict[str, Any] = {"credits_spent": credits, "credits_source": CreditsSource.MEASURED}
    if not goes_on:
        changes |= {"settle_due_at_ms": None, "balance_before": None}
    same = "credits_spent IS NULL" if attempt.credits_spent is None else f"credits_spent = {int(attempt.credits_spent)}"
    where = Sql(
        f"id = ? AND settle_due_at_ms IS NOT NULL AND settle_until_ms = ? AND {same}",
        (attempt.id, attempt.looked_until_ms),
    )
    return bool(await update(Attempt, changes, where))


async def look_later(attempt_ids: Sequence[int], wait_ms: int) -> None:
    """Looks for the charges of these attempts again in `wait_ms`."""
    await update(
        Attempt,
        {"settle_due_at_ms": in_ms(wait_ms)},
        all_of(id_in("id", attempt_ids), Sql("settle_due_at_ms IS NOT NULL")),
    )


async def give_up_settling(attempts: Sequence[Unsettled]) -> None:
    """Ends the look for charges that were not found. One whose task has ended since it was read goes on."""
    for attempt in attempts:
        where = Sql("id = ? AND settle_until_ms = ?", (attempt.id, attempt.looked_until_ms))
        await update(Attempt, {"settle_due_at_ms": None, "balance_before": None}, where)


async def give_up_overdue_settling(after_ms: int) -> None:
    """Ends the look for charges that nobody could look for: the account has left the pool. after_ms: since the end of
    their time.
    """
    await update(
        Attempt,
        {"settle_due_at_ms": None, "balance_before": None},
        Sql(f"settle_due_at_ms IS NOT NULL AND settle_until_ms < {now_sql().text} - {int(after_ms)}"),
    )


async def stop_settling() -> None:
    """Ends the look for all charges."""
    await update(Attempt, {"settle_due_at_ms": None, "balance_before": None}, Sql("settle_due_at_ms IS NOT NULL"))


async def write_balance_before(attempt: Attempt, balance: int) -> None:
    """Writes the account's balance, if nothing else has run on the account since before the balance was read."""
    alone = (
        "NOT EXISTS (SELECT 1 FROM attempt other WHERE other.account_id = attempt.account_id AND other.id <> attempt.id"
        " AND (other.released_at_ms IS NULL OR other.settle_due_at_ms IS NOT NULL))"
    )
    await update(Attempt, {"balance_before": balance}, Sql(f"id = ? AND {alone}", (attempt.id,)))


async def forget_balances_before(account_id: int) -> None:
    """Credits were received: the balances measured before do not tell what a task cost any more."""
    await update(Attempt, {"balance_before": None}, Sql("account_id = ? AND balance_before IS NOT NULL", (account_id,)))
