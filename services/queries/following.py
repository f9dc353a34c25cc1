"""Following rows: the present state first, then every later one, until nothing can change any more."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from models.database import is_away
from services.platform.event_bus import RE_READ_SECONDS
from services.platform.events import bus
from services.queries.present import Present, State

S = TypeVar("S", bound=State)

AWAY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
"Waits of a follower for a database that cannot be reached, before it gives up."


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
) -> AsyncGenerator[S, None]:
    """Yields each state whose version this follower has not seen; a slow one skips to the newest.

    It listens before it reads, so nothing falls between. It ends when one reading of all rows finds them all ended or
    gone, or at `until`. Close it (aclose) to stop listening. seconds_between: from one reading to the next at least,
    however fast there are changes.
    """
    ids = list(dict.fromkeys(ids))
    id_by_topic = {topic(row_id): row_id for row_id in ids}
    seen: dict[int, int] = {}
    ended: set[int] = set()
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
                    yield state
            if len(ended) == len(ids):
                if len(due) == len(ids):
                    return
                due = ids  # each was ended when it was read last; only one reading of all tells whether all are
                continue
            seconds = RE_READ_SECONDS
            if until is not None:
                seconds = max(0.0, min(seconds, (until - now()).total_seconds()))
            if seconds_between:
                await asyncio.sleep(min(seconds, seconds_between))
            changed = await listener.next(seconds)
            due = [id_by_topic[name] for name in changed] or ids


async def _states(present: Present[S], owner: str, ids: Sequence[int]) -> dict[int, S]:
    """As Present.states. Whoever has followed for an hour is not sent away because a connection was cut."""
    for seconds in AWAY_SECONDS:
        try:
            return await present.states(owner, ids)
        except Exception as error:
            if not is_away(error):
                raise
        await asyncio.sleep(seconds)
    return await present.states(owner, ids)
