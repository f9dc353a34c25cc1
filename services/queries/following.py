"""Follows rows: yields the current states first, then later ones, until all rows have ended."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from models.database import is_away
from services.platform.event_bus import RE_READ_SECONDS
from services.platform.events import bus
from services.queries.present import Present, State

S = TypeVar("S", bound=State)

RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
"Delays between a follower's retries while the database is unreachable; after the last one the error is raised."


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def follow(
    present: Present[S],
    owner: str,
    ids: Sequence[int],
    topic: Callable[[int], str],
    *,
    until: datetime | None = None,
    now: Callable[[], datetime] = _utc_now,
    seconds_between: float = 0.0,
    on_deleted: Callable[[S], S | None] | None = None,
) -> AsyncGenerator[S, None]:
    """Yields each state whose version this follower has not seen; a slow follower skips to the newest.

    It subscribes before it reads, so that it misses no change. It ends when one read of all rows finds all of them
    ended or deleted, or at `until`. Close the generator (aclose) to unsubscribe. seconds_between: the minimum time
    between two reads. on_deleted: gives the last state to yield of a row that was deleted, from the state seen before;
    None: no more.
    """
    ids = list(dict.fromkeys(ids))
    id_by_topic = {topic(row_id): row_id for row_id in ids}
    seen: dict[int, int] = {}
    ended: set[int] = set()
    known: dict[int, S] = {}
    due = ids
    with bus().listen(id_by_topic) as listener:
        while until is None or now() < until:
            states = await _states(present, owner, due)
            for row_id in due:
                state = states.get(row_id)
                if state is None or state.is_ended:
                    ended.add(row_id)
                else:
                    ended.discard(row_id)
                if state is not None and state.version > seen.get(row_id, 0):
                    seen[row_id] = state.version
                    if on_deleted is not None:
                        known[row_id] = state
                    yield state
                elif state is None and on_deleted is not None and row_id in known:
                    last = on_deleted(known.pop(row_id))
                    if last is not None:
                        yield last
            if len(ended) == len(ids):
                if len(due) == len(ids):
                    return
                due = ids  # each had ended at its last read, but one may have been reopened: read all at once
                continue
            seconds = RE_READ_SECONDS
            if until is not None:
                seconds = max(0.0, min(seconds, (until - now()).total_seconds()))
            if seconds_between:
                await asyncio.sleep(min(seconds, seconds_between))
            changed = await listener.next(seconds)
            due = [id_by_topic[name] for name in changed] or ids


async def _states(present: Present[S], owner: str, ids: Sequence[int]) -> dict[int, S]:
    """As Present.states, with retries, so that a lost database connection does not end a long subscription."""
    for seconds in RETRY_SECONDS:
        try:
            return await present.states(owner, ids)
        except Exception as error:
            if not is_away(error):
                raise
        await asyncio.sleep(seconds)
    return await present.states(owner, ids)
