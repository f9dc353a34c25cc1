"""Scenarios of test_batches.py about batches that somebody stops, pauses, limits or has made again."""

import asyncio
from pathlib import Path
from typing import Any

from tests.acceptance import batch_documents as documents
from tests.acceptance import pool_documents
from tests.acceptance.batches import (
    batch_ended,
    batch_of,
    charged,
    create_batch,
    follow,
    is_at,
    jobs_of,
    spent_by_attempts,
    taken,
)
from tests.acceptance.filming import until
from tests.acceptance.playing import Scenario
from tests.acceptance.pool import Pool

SCENARIOS: list[Scenario] = []
IMAGE_CREDITS = 16
FEW = 2
"Slots of an account: a batch of twenty takes so long that it is met in the middle on a slow machine, too."


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


async def drained(pool: Pool) -> None:
    """Waits until no slot of this user is held any more."""

    async def ask() -> Any:
        live = "SELECT id FROM attempt WHERE owner = ? AND (state <> 'ENDED' OR released_at_ms IS NULL)"
        return not await pool.site.deployment.rows(live, pool.user)

    await until("all slots are free", ask, every_seconds=0.2)


@scenario
async def canceling_a_batch_of_pictures(pool: Pool, _: Path) -> None:
    """What waits never reaches upstream, what upstream has runs out, what is done stays; the bill is upstream's."""
    await pool.add("stop-a", "stop-b", maxConcurrent=FEW)
    storyboards = [f"stop-{n}" for n in range(24)]
    batch_id = await create_batch(pool, storyboards)
    following = asyncio.create_task(follow(pool, batch_id))
    await is_at(pool, batch_id, "some are done, some are made, some wait", succeededCount=3, runningCount=2)
    payload = await pool.client.do(documents.CANCEL, id=batch_id, reason="the director left")
    assert payload["batch"]["status"] == "CANCELED"
    assert payload["canceledCount"] == len(payload["affectedStoryboardIds"]) == 24 - payload["succeededCount"]
    (await following).check("CANCELED")
    await drained(pool)
    batch = await batch_of(pool, batch_id)
    assert (batch["status"], batch["cancelReason"]) == ("CANCELED", "the director left")
    jobs = {job["storyboardId"]: job for job in await jobs_of(pool, batch_id)}
    canceled = {storyboard for storyboard, job in jobs.items() if job["status"] == "CANCELED"}
    assert canceled == set(payload["affectedStoryboardIds"])
    waited = {storyboard for storyboard, job in jobs.items() if not job["attempts"]}
    assert waited, "nothing waited when it was canceled"
    assert canceled - waited, "nothing was under way when it was canceled"
    assert waited.isdisjoint(taken(pool))
    assert batch["creditsSpent"] == spent_by_attempts(jobs.values()) == charged(pool)
    await pool.check_ledger([storyboard for storyboard in storyboards if storyboard not in canceled])
    # The same storyboards may be asked for anew at once.
    again = await create_batch(pool, sorted(canceled)[:4])
    await batch_ended(pool, again)


@scenario
async def canceling_a_batch_of_clips(pool: Pool, _: Path) -> None:
    """Upstream is asked to drop what it has, once for each; slots are free again; no more ran than were allowed."""
    await pool.add("reel-a", "reel-b", maxConcurrent=4)
    pool.emulator.put_rule("reel", "task", sessions=["reel-a", "reel-b"], work_seconds=4)
    pool.emulator.put_rule("reel dropped", "cancel", sessions=["reel-a", "reel-b"], delay_seconds=0.01)
    batch_id = await create_batch(
        pool, [f"reel-{n}" for n in range(6)], document=documents.CREATE_VIDEOS, maxParallel=3
    )

    async def ask() -> bool:
        return len(taken(pool)) == 3

    await until("upstream has three clips", ask)
    await asyncio.sleep(0.5)
    assert len(taken(pool)) == 3, "more clips of the batch ran than maxParallel"
    payload = await pool.client.do(documents.CANCEL, id=batch_id)
    assert (payload["canceledCount"], payload["succeededCount"]) == (6, 0)
    await drained(pool)
    assert pool.emulator.hits("reel dropped") == 3
    assert len(taken(pool)) == 3


@scenario
async def pausing_and_resuming(pool: Pool, _: Path) -> None:
    await pool.add("rest-a", "rest-b", maxConcurrent=FEW)
    storyboards = [f"rest-{n}" for n in range(20)]
    batch_id = await create_batch(pool, storyboards)
    following = asyncio.create_task(follow(pool, batch_id))
    await is_at(pool, batch_id, "some are done and some are made", succeededCount=3, runningCount=2)
    paused = await pool.client.do(documents.PAUSE, id=batch_id)
    assert paused["batch"]["status"] == "PAUSED"
    sent = {job["storyboardId"] for job in await jobs_of(pool, batch_id) if job["attempts"]}
    await drained(pool)
    await asyncio.sleep(1)
    batch = await batch_of(pool, batch_id)
    assert (batch["status"], batch["runningCount"], batch["pauseReason"]) == ("PAUSED", 0, None), batch
    made = batch["succeededCount"]
    # What had an account and was not sent yet when it was paused waits again.
    assert made == len(taken(pool)) <= len(sent), "what ran has ended, and nothing else was sent"
    assert batch["pendingCount"] == 20 - made > 0
    await pool.client.do(documents.RESUME, id=batch_id)
    (await following).check("SUCCEEDED")
    await jobs_of(pool, batch_id)
    await pool.check_ledger(storyboards)


@scenario
async def a_budget_that_stops(pool: Pool, _: Path) -> None:
    """With more slots than the budget pays for: upstream never charges more, and an alert says why nothing goes on."""
    budget = 8 * IMAGE_CREDITS + 5
    await pool.add("purse-a", "purse-b", "purse-c", maxConcurrent=6)
    pool.emulator.put_rule("purse work", "task", sessions=["purse-a", "purse-b", "purse-c"], work_seconds=4)
    pool.emulator.put_rule("purse", "submit", sessions=["purse-a", "purse-b"], ret="-1", every=4, times=3)
    storyboards = [f"purse-{n}" for n in range(16)]
    batch_id = await create_batch(pool, storyboards, creditBudget=budget)
    batch = await is_at(pool, batch_id, "it is paused", status="PAUSED")
    assert "budget" in batch["pauseReason"]
    assert [alert["kind"] for alert in await alerts_about(pool, batch_id)] == ["CREDIT_LOW"]
    await drained(pool)
    peaks = pool.emulator.peaks("IMAGE")
    assert sum(peaks[session] for session in pool.ids) >= 4, "there were not many under way at once"
    batch = await batch_of(pool, batch_id)
    assert batch["creditsSpent"] == charged(pool) == 8 * IMAGE_CREDITS <= budget
    assert (batch["succeededCount"], batch["pendingCount"]) == (8, 8)
    # The same budget again stops it at once.
    await pool.client.do(documents.RESUME, id=batch_id)
    await is_at(pool, batch_id, "it is paused again", status="PAUSED")
    assert charged(pool) == 8 * IMAGE_CREDITS
    await pool.client.do(documents.RESUME_WITH_BUDGET, id=batch_id, budget=16 * IMAGE_CREDITS)
    batch = await batch_ended(pool, batch_id)
    assert batch["creditsSpent"] == charged(pool) == 16 * IMAGE_CREDITS
    assert [alert for alert in await alerts_about(pool, batch_id) if alert["resolvedAt"] is None] == []
    await jobs_of(pool, batch_id)
    await pool.check_ledger(storyboards)


@scenario
async def a_budget_of_pictures_that_cost_more(pool: Pool, _: Path) -> None:
    """Eight pictures cost twice as much as the usual four: the budget knows."""
    await pool.add("series-a", "series-b", maxConcurrent=4)
    budget, each = 7 * IMAGE_CREDITS, 2 * IMAGE_CREDITS
    batch_id = await create_batch(pool, [f"series-{n}" for n in range(5)], count=8, creditBudget=budget)
    await is_at(pool, batch_id, "it is paused", status="PAUSED")
    await drained(pool)
    batch = await batch_of(pool, batch_id)
    assert batch["creditsSpent"] == charged(pool) == 3 * each <= budget
    await pool.client.do(documents.CANCEL, id=batch_id)


async def alerts_about(pool: Pool, batch_id: str) -> list[dict[str, Any]]:
    alerts = await pool.client.do(documents.ALERTS)
    return [alert for alert in alerts["nodes"] if alert["batch"] is not None and alert["batch"]["id"] == batch_id]


@scenario
async def making_again_what_failed(pool: Pool, _: Path) -> None:
    """What upstream will not draw is made again only by name; what had succeeded only where it is forced."""
    await pool.add("again-a", "again-b", maxConcurrent=5)
    pool.emulator.put_rule("again", "submit", prompt_contains="again-bad", ret="2038")
    bad = [f"again-bad-{n}" for n in range(3)]
    good = [f"again-{n}" for n in range(5)]
    batch_id = await create_batch(pool, [*good, *bad])
    batch = await batch_ended(pool, batch_id, "PARTIALLY_FAILED")
    assert (batch["succeededCount"], batch["failedCount"]) == (5, 3)
    pool.emulator.remove_rule("again")
    payload = await pool.client.do(documents.RETRY, input={"id": batch_id})
    assert (payload["retriedCount"], payload["batch"]["status"]) == (0, "PARTIALLY_FAILED")
    payload = await pool.client.do(documents.RETRY, input={"id": batch_id, "storyboardIds": bad})
    assert (payload["retriedCount"], payload["batch"]["status"]) == (3, "RUNNING")
    await batch_ended(pool, batch_id)
    jobs = await jobs_of(pool, batch_id)
    assert {job["storyboardId"]: job["retryCount"] for job in jobs} == {
        **dict.fromkeys(good, 0),
        **dict.fromkeys(bad, 1),
    }
    await pool.check_ledger([*good, *bad])
    forced = {"id": batch_id, "storyboardIds": good[:2], "forceRegenerate": True}
    payload = await pool.client.do(documents.RETRY, input=forced)
    assert payload["retriedCount"] == 2
    batch = await batch_ended(pool, batch_id)
    assert (batch["succeededCount"], batch["totalCount"]) == (8, 8), "a job that was replaced counts no more"
    former = {storyboard: pool.jobs[storyboard] for storyboard in good[:2]}
    await jobs_of(pool, batch_id)
    for storyboard in good[:2]:
        assert pool.jobs[storyboard] != former[storyboard]
        assert [credits for _, credits in pool.charges(storyboard)] == [IMAGE_CREDITS, IMAGE_CREDITS]
        record = (await pool.client.do(pool_documents.RECORD, id=pool.jobs[storyboard]))["record"]
        assert record["versions"]["totalCount"] == 1, "the former result is kept"
    assert batch["creditsSpent"] == charged(pool) == 10 * IMAGE_CREDITS
    await pool.check_ledger([*good[2:], *bad])
