"""Following all accounts of an owner: each as it is first, then each change, new ones too; it never ends by itself."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.accounts import Account
from models.database import now_ms_sql
from services.platform.event_bus import RE_READ_SECONDS
from services.platform.events import accounts_topic, bus
from services.platform.owned import owned_rows_sql
from services.platform.runtime import runtime
from services.queries.accounts import today
from services.queries.present import Present

BATCH = 100
"Accounts that are read, and given out, at once: a slow reader then sees the newest of the next ones."


@dataclass(frozen=True, eq=False)
class AccountState:
    """An account as followers see it, shared by all of them. is_ended: it is deleted."""

    id: int
    version: int
    owner: str
    is_ended: bool
    account: Account


@dataclass(frozen=True)
class _Mark:
    """What a follower saw of an account: its version, and when something about it ends without anybody's doing (a
    cooldown, an exhaustion); None: nothing does.
    """

    version: int
    ends_at_ms: int | None


async def _load(ids: Sequence[int]) -> list[AccountState]:
    return [
        AccountState(row.id, row.version, row.owner, row.deleted_at is not None, row)
        for row in await Account.filter(id__in=list(ids))
    ]


class PresentAccounts(Present[AccountState]):
    """Accounts of all owners, for this process's followers."""

    def __init__(self) -> None:
        super().__init__("account", _load)


def present_accounts() -> Present[AccountState]:
    return runtime().state(PresentAccounts)


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def follow_accounts(
    owner: str, *, until: datetime | None = None, now: Callable[[], datetime] = _utc_now
) -> AsyncGenerator[list[Account], None]:
    """Yields the owner's accounts that changed since they were yielded last, at most 100 at a time, oldest first; all
    of them to begin with. Ends at `until` only.

    It listens before it reads, so nothing falls between. An account counts as changed, too, when a cooldown or an
    exhaustion of it ends, and when the counts of the day begin anew. Close it (aclose) to stop listening.
    """
    seen: dict[int, _Mark] = {}
    day = today()
    with bus().listen([accounts_topic(owner)]) as listener:
        while until is None or now() < until:
            marks, now_ms = await _marks(owner)
            if day != today():
                day = today()
                seen.clear()
            due = {account_id for account_id, mark in marks.items() if _is_due(seen.get(account_id), mark, now_ms)}
            seen |= {account_id: mark for account_id, mark in marks.items() if account_id not in due}
            if due:
                batch = sorted(due)[:BATCH]
                states = await present_accounts().states(owner, batch)
                for account_id in batch:
                    version = states[account_id].version if account_id in states else marks[account_id].version
                    seen[account_id] = _Mark(version, marks[account_id].ends_at_ms)
                if accounts := [state.account for state in states.values() if not state.is_ended]:
                    yield accounts
                continue
            await listener.next(_wait_seconds(marks, now_ms, until, now()))


def _is_due(seen: _Mark | None, present: _Mark, now_ms: int) -> bool:
    if seen is None or present.version > seen.version:
        return True
    return seen.ends_at_ms is not None and seen.ends_at_ms <= now_ms


def _wait_seconds(marks: dict[int, _Mark], now_ms: int, until: datetime | None, now: datetime) -> float:
    """Until the next thing ends, at most until a re-read is due or the follower's time is over."""
    waits = [RE_READ_SECONDS]
    waits += [(mark.ends_at_ms - now_ms + 1) / 1000 for mark in marks.values() if mark.ends_at_ms is not None]
    if until is not None:
        waits.append((until - now).total_seconds())
    return max(0.0, min(waits))


async def _marks(owner: str) -> tuple[dict[int, _Mark], int]:
    """By id, oldest first, what is to be seen of the owner's accounts, and the database's clock; one statement."""
    now = now_ms_sql()
    exhausted = ", ".join(
        f"CASE WHEN a.{kind}_exhausted_until_ms > {now} THEN a.{kind}_exhausted_until_ms END AS {kind}_ends"
        for kind in ("image", "video")
    )
    rows = await owned_rows_sql(
        "WITH a AS (SELECT * FROM account WHERE owner = ? AND deleted_at IS NULL)"
        f" SELECT a.id, a.version, {now} AS now_ms, {exhausted}, (SELECT MIN(c.until_ms) FROM account_cooldown c"
        f" WHERE c.account_id = a.id AND c.until_ms > {now}) AS cools_until FROM a ORDER BY a.id",
        owner,
    )
    marks = {}
    for row in rows:
        ends = [row[name] for name in ("image_ends", "video_ends", "cools_until") if row[name] is not None]
        marks[row["id"]] = _Mark(row["version"], min(ends, default=None))
    return marks, rows[0]["now_ms"] if rows else 0
