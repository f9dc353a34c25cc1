"""Batches as a caller sees them: asked for, followed, and compared with what upstream has written down."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.acceptance import batch_documents as documents
from tests.acceptance.filming import until
from tests.acceptance.pool import Pool, prompt_for

BATCH_ENDED = ("SUCCEEDED", "PARTIALLY_FAILED", "FAILED", "CANCELED")
EVENTS_PER_SECOND = 5
PAGE = 100
WORK = "work"

State = dict[str, Any]


async def create_batch(
    pool: Pool,
    storyboards: Sequence[str],
    *,
    document: str = documents.CREATE_IMAGES,
    each: dict[str, Any] | None = None,
    **values: Any,
) -> str:
    """The id of a new batch with a prompt of `prompt_for` for each storyboard. values: of its input; each: of items."""
    items = [{"storyboardId": name, "prompt": prompt_for(name), **(each or {})} for name in storyboards]
    wanted = {"projectId": "project", "workId": WORK, "items": items, **values}
    payload = await pool.client.do(document, input=wanted)
    assert payload["totalCount"] == payload["queueCount"] == len(storyboards), payload
    return str(payload["batch"]["id"])


async def batch_of(pool: Pool, batch_id: str) -> State:
    return dict(await pool.client.do(documents.BATCH, id=batch_id))


async def is_at(
    pool: Pool, batch_id: str, what: str, *, status: str | None = None, seconds: float = 540.0, **counts: int
) -> State:
    """The batch once it has the status and each count is at least so much, e.g. succeededCount=5."""
    found: State = {}

    async def ask() -> bool:
        found.update(await batch_of(pool, batch_id))
        return (status is None or found["status"] == status) and all(found[name] >= n for name, n in counts.items())

    try:
        await until(what, ask, seconds, every_seconds=0.1)
    except AssertionError:
        raise AssertionError(f"not in {seconds:g} s: {what}; {found}") from None
    return found


async def batch_ended(pool: Pool, batch_id: str, *expected: str, seconds: float = 540.0) -> State:
    """The batch once it has ended; in one of the expected ways (SUCCEEDED where none is named)."""
    found: State = {}

    async def ask() -> bool:
        found.update(await batch_of(pool, batch_id))
        return found["status"] in BATCH_ENDED

    try:
        await until("", ask, seconds, every_seconds=0.2)
    except AssertionError:
        raise AssertionError(f"not ended in {seconds:g} s: {found}") from None
    assert found["status"] in (expected or ("SUCCEEDED",)), found
    return found


async def jobs_of(pool: Pool, batch_id: str) -> list[dict[str, Any]]:
    """All jobs of a batch, in the order of its items; they become the pool's newest of their storyboards."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        batch = await pool.client.do(documents.JOBS, id=batch_id, first=PAGE, after=after)
        found += batch["jobs"]["nodes"]
        if not batch["jobs"]["pageInfo"]["hasNextPage"]:
            pool.jobs |= {job["storyboardId"]: job["id"] for job in found}
            return found
        after = batch["jobs"]["pageInfo"]["endCursor"]


def number(global_id: str) -> int:
    """Ids grow with time, and within one pass of the scheduler in the order of its placements."""
    return int(global_id.rsplit("_", 1)[1])


def placements(jobs: Collection[dict[str, Any]]) -> list[int]:
    """The numbers of all attempts of jobs, in the order in which they were placed."""
    return sorted(number(attempt["id"]) for job in jobs for attempt in job["attempts"])


def while_both(first: Sequence[int], second: Sequence[int]) -> tuple[int, int]:
    """How much of each was placed while both had something to place: from when the later one began until the last of
    one was placed. Both in order.
    """
    begins, ends = max(first[0], second[0]), min(first[-1], second[-1])
    return sum(begins <= place <= ends for place in first), sum(begins <= place <= ends for place in second)


def share_of_first(first: Sequence[int], second: Sequence[int]) -> float:
    """Of what was placed while both had something to place."""
    counts = while_both(first, second)
    return counts[0] / sum(counts)


# ---------------------------------------------------------------- following


@dataclass
class Followed:
    """What a follower was told, and how long it listened."""

    states: list[State] = field(default_factory=list)
    seconds: float = 0.0

    def check(self, status: str) -> None:
        """It was told in order, not too often, and to the end."""
        assert self.states, "nothing was told"
        progress = [state["progress"] for state in self.states]
        assert progress == sorted(progress), f"progress went back: {progress}"
        for state in self.states:
            done = state["succeededCount"] + state["failedCount"] + state["canceledCount"] + state["skippedCount"]
            assert done + state["pendingCount"] + state["runningCount"] == state["totalCount"], state
        assert [state["status"] in BATCH_ENDED for state in self.states].index(True) == len(self.states) - 1
        assert self.states[-1]["status"] == status, self.states[-1]
        assert progress[-1] == 1.0
        # The first one comes at once, and one whose sending was held up may be followed by the next sooner.
        assert len(self.states) <= EVENTS_PER_SECOND * self.seconds + 2, (len(self.states), self.seconds)


async def follow(pool: Pool, batch_id: str, *, seconds: float = 540.0) -> Followed:
    """Follows a batch until the server completes it, which it has to do within so many seconds."""
    followed, began = Followed(), time.monotonic()
    async with asyncio.timeout(seconds):
        async for state in pool.client.follow(documents.PROGRESS, id=batch_id):
            followed.states.append(state)
    followed.seconds = time.monotonic() - began
    return followed


# ---------------------------------------------------------------- the ledger


def charged(pool: Pool, storyboards: Collection[str] | None = None) -> int:
    """Credits that upstream has kept of this user's accounts; for some storyboards, or for all."""
    return sum(
        task["charge"] - task["refund"]
        for task in pool.emulator.tasks()
        if task["account"] in pool.ids and (storyboards is None or task["storyboard"] in storyboards)
    )


def taken(pool: Pool) -> set[str]:
    """Storyboards that upstream has ever taken a task for."""
    return {task["storyboard"] for task in pool.emulator.tasks() if task["account"] in pool.ids}


def spent_by_attempts(jobs: Collection[dict[str, Any]]) -> int:
    return sum(attempt["creditsSpent"] or 0 for job in jobs for attempt in job["attempts"])
