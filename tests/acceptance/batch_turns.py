"""Scenarios of test_batches.py about whose turn it is: batches, owners, and what is urgent. Counted in jobs."""

import asyncio
from pathlib import Path

from tests.acceptance import batch_documents as documents
from tests.acceptance.batches import (
    batch_ended,
    batch_of,
    create_batch,
    is_at,
    jobs_of,
    placements,
    share_of_first,
    while_both,
)
from tests.acceptance.filming import until
from tests.acceptance.playing import Scenario
from tests.acceptance.pool import Pool

SCENARIOS: list[Scenario] = []
HALF = (0.4, 0.6)  # of some 60 placements; a busy machine places them in uneven handfuls
"A half within 20 %."
ROUND = 4
"Slots that an owner's batch may have at once: five, and one is kept."
THREADS = 4
"Of the worker, see test_batches.py."
UPDATE_ACCOUNTS = "mutation ($input: UpdateAccountsInput!) { updateAccounts(input: $input) { failures { message } } }"
DRAWN_HERE = {"model": "offline-drawing", "each": {"size": "256x256"}}


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@scenario
async def two_batches_of_one_owner(pool: Pool, _: Path) -> None:
    """Both wait for accounts; when these come, each batch gets half of the places although one was there before."""
    first = await create_batch(pool, [f"turn-a{n}" for n in range(36)])
    second = await create_batch(pool, [f"turn-b{n}" for n in range(32)])
    await pool.add("turn-a", "turn-b", maxConcurrent=5)
    for batch_id in (first, second):
        await batch_ended(pool, batch_id)
    placed = [placements(await jobs_of(pool, batch_id)) for batch_id in (first, second)]
    share = share_of_first(placed[0], placed[1])
    assert HALF[0] <= share <= HALF[1], f"the first batch had {share:.0%} of the placements"


@scenario
async def a_small_batch_beside_a_large_one(pool: Pool, _: Path) -> None:
    """It does not wait for the large one that was there before: much of that is placed after the last of its own."""
    await pool.add("small-a", maxConcurrent=6)
    large = await create_batch(pool, [f"large-{n}" for n in range(24)])
    await is_at(pool, large, "the large one fills the slots", runningCount=5)
    small = await create_batch(pool, [f"small-{n}" for n in range(3)])
    await batch_ended(pool, small)
    last = placements(await jobs_of(pool, small))[-1]
    placed = placements(await jobs_of(pool, large))
    await pool.client.do(documents.CANCEL, id=large)
    before = sum(1 for place in placed if place < last)
    assert before <= 24 // 2, f"{before} of the large batch's 24 went before the last of the small one's three"


@scenario
async def two_owners_with_a_pool_each(pool: Pool, _: Path) -> None:
    """One worker sends for both: neither has to wait for the other's twenty."""
    async with await beside(pool) as other:
        first = await create_batch(pool, [f"own-a{n}" for n in range(20)])
        second = await create_batch(other, [f"own-b{n}" for n in range(20)])
        await asyncio.gather(pool.add("own-a", maxConcurrent=5), other.add("own-b", maxConcurrent=5))
        await asyncio.gather(batch_ended(pool, first), batch_ended(other, second))
        placed = [placements(await jobs_of(pool, first)), placements(await jobs_of(other, second))]
    counts = while_both(placed[0], placed[1])
    assert abs(counts[0] - counts[1]) <= 2 * ROUND, f"one owner was two rounds ahead of the other: {counts}"


@scenario
async def two_owners_share_the_workers(pool: Pool, _: Path) -> None:
    """Pictures drawn by the workers themselves: the owner that comes later gets its half at once."""
    async with await beside(pool) as other:
        first = await create_batch(pool, [f"draw-a{n}" for n in range(16)], **DRAWN_HERE)
        second = await create_batch(other, [f"draw-b{n}" for n in range(12)], **DRAWN_HERE)
        await asyncio.gather(batch_ended(pool, first), batch_ended(other, second))
        begun = [
            sorted(job["startedAt"] for job in await jobs_of(user, batch))
            for user, batch in ((pool, first), (other, second))
        ]
    since = [started for started in begun[0] if begun[1][0] <= started <= begun[1][-1]]
    counts = len(since), len(begun[1])
    assert abs(counts[0] - counts[1]) <= THREADS, f"begun while the second had something to draw: {counts}"


async def beside(pool: Pool) -> Pool:
    """Another owner on the same deployment."""
    user = f"{pool.user}_too"
    await asyncio.to_thread(pool.site.deployment.token, user)
    return pool.site.pool(user)


@scenario
async def urgent_pictures_amid_a_batch(pool: Pool, _: Path) -> None:
    """A tenth of the slots is kept for them, so one starts at once; where those are taken, it is the next of all."""
    accounts = await pool.add("dash-a", "dash-b", maxConcurrent=5)
    await pool.ended(await pool.image("dash-before", priority="URGENT"))  # kept for those who have used it lately
    pool.emulator.put_rule("dash", "task", prompt_contains="dash-slow", work_seconds=600)
    batch_id = await create_batch(pool, [f"dash-slow-{n}" for n in range(12)])
    await is_at(pool, batch_id, "all slots but the kept one are taken", runningCount=9)
    quick = await pool.ended(await pool.image("dash-quick", priority="URGENT"))
    batch = await batch_of(pool, batch_id)
    assert (batch["runningCount"], batch["pendingCount"]) == (9, 3), "the batch has had a slot meanwhile"
    first = await pool.image("dash-slow-first", priority="URGENT")
    await placed(pool, first)
    second = await pool.image("dash-slow-second", priority="URGENT")
    # Two more slots: one that everybody may have, and of two kept ones the one that is not taken.
    more = {"accounts": [{"id": account_id, "maxConcurrent": 6} for account_id in accounts]}
    await pool.client.do(UPDATE_ACCOUNTS, input=more)
    await is_at(pool, batch_id, "the batch goes on", runningCount=10)
    urgent = [placements([quick]), await placed(pool, first), await placed(pool, second)]
    of_batch = placements(await jobs_of(pool, batch_id))
    await pool.client.do(documents.CANCEL, id=batch_id)
    order = [of_batch[8], *(own[0] for own in urgent), of_batch[9]]
    assert order == sorted(order), "a waiting one of the batch went before an urgent one"


async def placed(pool: Pool, job_id: str) -> list[int]:
    async def ask() -> list[int]:
        return placements([await pool.job(job_id)])

    return list(await until(f"{job_id} is placed", ask))
