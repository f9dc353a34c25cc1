"""Queries for alerts: those of the owner and those of the whole deployment (owner "")."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

from models.alerts import Alert
from models.sql import timestamp_before_sql
from services.platform.event_bus import RE_READ_SECONDS
from services.platform.events import alerts_topic, bus
from services.platform.owned import owned_or_shared, owned_rows_sql
from services.platform.runtime import runtime
from services.queries.orders import ALERT_ORDERS
from services.queries.row_lists import RowList, Where
from services.queries.shared_reading import SharedRead, SharedReadsByKey

BATCH = 100
"Alerts that are read and yielded at once. A slow reader then gets the newest states of the next batch."
LATE_SECONDS = 60.0
"By how much a close may be committed after its timestamp: the length of a transaction."


ALERTS = RowList(Alert, "alert c", ALERT_ORDERS, owner="(c.owner = ? OR c.owner = '')")


def alerts_where(is_open: bool | None) -> Where:
    """is_open None: open and closed alerts."""
    where = Where()
    if is_open is not None:
        where.add(f"c.resolved_at IS {'' if is_open else 'NOT '}NULL")
    return where


async def alerts_in_order(owner: str, ids: Sequence[int]) -> list[Alert | None]:
    """Returns for each id its alert, or None; one statement."""
    rows = {row.id: row for row in await owned_or_shared(Alert, owner).filter(id__in=list(set(ids)))}
    return [rows.get(row_id) for row_id in ids]


class AlertFeed(SharedRead[tuple[list[dict[str, Any]], Any]]):
    """What the followers of one owner's alerts in this process have in common: one read for all of them, of the alerts
    that are open or were closed since the one that is furthest behind has read.

    A new follower is ahead of all others, so that time never goes back, and nobody is told twice.
    """

    def __init__(self, owner: str) -> None:
        super().__init__(lambda: _versions(owner, self._oldest()))
        self._since: dict[object, Any] = {}

    def _oldest(self) -> Any:
        return min((since for since in self._since.values() if since is not None), default=None)

    @contextlib.contextmanager
    def following(self) -> Iterator[object]:
        follower = object()
        self._since[follower] = None
        try:
            yield follower
        finally:
            del self._since[follower]

    def has_read(self, follower: object, since: Any) -> None:
        self._since[follower] = since

    async def versions(self, *, is_idle: bool) -> tuple[list[dict[str, Any]], Any]:
        """is_idle: nothing is known to have changed, so what another follower read lately will do."""
        return (await self.recent(RE_READ_SECONDS / 2))[0] if is_idle else await self.fresh()


class AlertFeeds(WeakValueDictionary[str, AlertFeed]):
    """By owner; followers keep them."""

    def of(self, owner: str) -> AlertFeed:
        feed = self.get(owner)
        if feed is None:
            feed = self[owner] = AlertFeed(owner)
        return feed


class AlertRows(SharedReadsByKey[list[Alert]]):
    """The alerts that changed, read once for all followers."""

    def __init__(self) -> None:
        super().__init__(_rows)


async def _rows(owner: str, ids: tuple[int, ...]) -> list[Alert]:
    return list(await owned_or_shared(Alert, owner).filter(id__in=list(ids)).order_by("id"))


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def follow_alerts(
    owner: str, *, until: datetime | None = None, now: Callable[[], datetime] = _utc_now
) -> AsyncGenerator[list[Alert], None]:
    """Yields the open alerts first, then each alert that is raised or closed: at most 100 at a time, oldest first.
    Ends only at `until`.

    It subscribes before it reads, so that it misses no change. An alert that was raised and closed since the last read
    is yielded once, as closed. Close the generator (aclose) to unsubscribe.
    """
    seen: dict[int, int] = {}
    since: Any = None
    is_idle = False
    feed = runtime().state(AlertFeeds).of(owner)
    with feed.following() as follower, bus().listen([alerts_topic(owner), alerts_topic("")]) as listener:
        while until is None or now() < until:
            found, next_since = await feed.versions(is_idle=is_idle)
            if since is None:  # alerts that were closed before the first read are not yielded
                seen = {row["id"]: row["version"] for row in found if row["resolved_at"] is not None}
            due = [row["id"] for row in found if row["version"] > seen.get(row["id"], 0)]
            if len(due) <= BATCH:  # else the next read finds the rest with the same `since`
                seen = {row["id"]: seen.get(row["id"], 0) for row in found}
                since = next_since
            elif since is None:
                since = next_since
            feed.has_read(follower, since)
            is_idle = False
            if due:
                rows = await runtime().state(AlertRows).fresh(owner, tuple(due[:BATCH]))
                seen |= {row.id: row.version for row in rows}
                if rows:
                    yield rows
                continue
            seconds = _wait_seconds(until, now())
            is_idle = not await listener.next(seconds) and seconds >= RE_READ_SECONDS


def _wait_seconds(until: datetime | None, now: datetime) -> float:
    seconds = RE_READ_SECONDS
    return seconds if until is None else max(0.0, min(seconds, (until - now).total_seconds()))


async def _versions(owner: str, since: Any) -> tuple[list[dict[str, Any]], Any]:
    """Returns the alerts that are open or were closed after `since` (None: a minute ago), oldest first, and the `since`
    for the next read. One statement.
    """
    late = timestamp_before_sql(LATE_SECONDS)
    rows = await owned_rows_sql(
        f"SELECT {late} AS since, alert.id, alert.version, alert.resolved_at FROM (SELECT 1 AS one) AS look"
        " LEFT JOIN alert ON (alert.owner = ? OR alert.owner = '')"
        f" AND (alert.resolved_at IS NULL OR alert.resolved_at >= {late if since is None else '?'}) ORDER BY alert.id",
        owner,
        *(() if since is None else (since,)),
    )
    return [row for row in rows if row["id"] is not None], rows[0]["since"]
