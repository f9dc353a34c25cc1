"""Follows all accounts of an owner: first as they are, then each that changes, is new or was deleted, without end."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from models.accounts import Account
from models.database import now_ms_sql
from services.platform.event_bus import RE_READ_SECONDS
from services.platform.events import accounts_topic, bus
from services.platform.owned import owned_rows_sql
from services.platform.runtime import runtime
from services.queries.accounts import AccountStanding, CoolingDown, cooldowns, standings, today
from services.queries.present import Present
from services.queries.shared_reading import SharedRead, SharedReadsByKey

BATCH = 100
"Accounts that are read and yielded at once. A slow reader then gets the newest states of the next batch."


@dataclass(frozen=True, eq=False)
class AccountState:
    """An account as followers see it, shared by all followers. is_ended: the account is deleted."""

    id: int
    version: int
    owner: str
    is_ended: bool
    account: Account


@dataclass(frozen=True)
class AccountChange:
    """A change of an account: as it is now, or None where it was deleted."""

    id: int
    account: Account | None


@dataclass(frozen=True)
class _Mark:
    """What a follower saw of an account: its version, and when its first cooldown or exhaustion expires (None: it has
    neither).
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


Marks = tuple[dict[int, _Mark], int]
"The marks of an owner's accounts by id, and the database's clock in ms when they were read."


class AccountFeed(SharedRead[Marks]):
    """What the followers of one owner's accounts in this process have in common."""

    def __init__(self, owner: str) -> None:
        super().__init__(lambda: _marks(owner))

    async def marks(self, *, is_idle: bool) -> Marks:
        """is_idle: nothing is known to have changed, so those that another follower read lately will do."""
        (marks, now_ms), age_seconds = await self.recent(RE_READ_SECONDS / 2) if is_idle else (await self.fresh(), 0.0)
        return marks, now_ms + round(age_seconds * 1000)


class AccountFeeds(WeakValueDictionary[str, AccountFeed]):
    """By owner; followers keep them."""

    def of(self, owner: str) -> AccountFeed:
        feed = self.get(owner)
        if feed is None:
            feed = self[owner] = AccountFeed(owner)
        return feed


class AccountDetails(SharedReadsByKey[tuple[list[AccountStanding], list[tuple[CoolingDown, ...]]]]):
    """Standings and cooldowns of the accounts that changed, read once for all followers."""

    def __init__(self) -> None:
        super().__init__(_details)


async def _details(owner: str, ids: tuple[int, ...]) -> tuple[list[AccountStanding], list[tuple[CoolingDown, ...]]]:
    return await standings(owner, ids), await cooldowns(owner, ids)


@dataclass(frozen=True)
class ChangedAccounts:
    """Changes, and the standings and cooldowns of the accounts among them, in the same order; none of deleted ones.
    Shared by all followers.
    """

    changes: Sequence[AccountChange]
    standings: Sequence[AccountStanding] = ()
    cooldowns: Sequence[tuple[CoolingDown, ...]] = ()


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def follow_accounts(
    owner: str, *, until: datetime | None = None, now: Callable[[], datetime] = _utc_now
) -> AsyncGenerator[ChangedAccounts, None]:
    """Yields all accounts of the owner first, then those that changed since they were last yielded or were deleted: at
    most 100 at a time, oldest first. Ends only at `until`.

    It subscribes before it reads, so that it misses no change. An account also counts as changed when one of its
    cooldowns or exhaustions expires and when the daily counts are reset. Close the generator (aclose) to unsubscribe.
    """
    seen: dict[int, _Mark] = {}
    day, is_idle = today(), False
    feed = runtime().state(AccountFeeds).of(owner)
    with bus().listen([accounts_topic(owner)]) as listener:
        while until is None or now() < until:
            marks, now_ms = await feed.marks(is_idle=is_idle)
            if day != today():
                day = today()
                seen = {account_id: _Mark(0, None) for account_id in seen}
            if gone := sorted(seen.keys() - marks.keys())[:BATCH]:
                seen = {account_id: mark for account_id, mark in seen.items() if account_id not in gone}
                yield ChangedAccounts([AccountChange(account_id, None) for account_id in gone])
                is_idle = False
                continue
            due = {account_id for account_id, mark in marks.items() if _is_due(seen.get(account_id), mark, now_ms)}
            if not due:
                seen = marks  # the same for all followers; each keeps what it saw only while it is behind
            else:
                seen = {**seen, **{account_id: mark for account_id, mark in marks.items() if account_id not in due}}
                batch = sorted(due)[:BATCH]
                states = await present_accounts().states(owner, batch)
                for account_id in batch:
                    version = states[account_id].version if account_id in states else marks[account_id].version
                    seen[account_id] = _Mark(version, marks[account_id].ends_at_ms)
                if live := [state for state in states.values() if not state.is_ended]:
                    details = await runtime().state(AccountDetails).fresh(owner, tuple(state.id for state in live))
                    yield ChangedAccounts([AccountChange(state.id, state.account) for state in live], *details)
                is_idle = False
                continue
            seconds = _wait_seconds(marks, now_ms, until, now())
            is_idle = not await listener.next(seconds) and seconds >= RE_READ_SECONDS


def _is_due(seen: _Mark | None, present: _Mark, now_ms: int) -> bool:
    if seen is None or present.version > seen.version:
        return True
    return seen.ends_at_ms is not None and seen.ends_at_ms <= now_ms


def _wait_seconds(marks: dict[int, _Mark], now_ms: int, until: datetime | None, now: datetime) -> float:
    """Seconds until the next cooldown or exhaustion expires, a re-read is due, or `until`, whichever is first."""
    waits = [RE_READ_SECONDS]
    waits += [(mark.ends_at_ms - now_ms + 1) / 1000 for mark in marks.values() if mark.ends_at_ms is not None]
    if until is not None:
        waits.append((until - now).total_seconds())
    return max(0.0, min(waits))


async def _marks(owner: str) -> tuple[dict[int, _Mark], int]:
    """Returns the marks of the owner's accounts by id, oldest first, and the database's clock in ms; one statement."""
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
