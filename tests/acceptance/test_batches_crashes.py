"""A batch whose server and worker are killed in the middle of it goes on from what is done; nothing is paid twice."""

import asyncio

import pytest

from tests.acceptance import batch_callbacks
from tests.acceptance.batches import create_batch, follow, is_at, jobs_of
from tests.acceptance.conftest import OpenSite
from tests.acceptance.deployment import EMBEDDED, SCALED
from tests.acceptance.filming import check_logs, until
from tests.acceptance.pool import Pool
from tests.callback_factories import receiving

SLOTS = USABLE = 8
"None is kept for URGENT, which this owner does not use."
LATE_SECONDS = 600


@pytest.mark.parametrize("one_shape", [EMBEDDED, pytest.param(SCALED, marks=[pytest.mark.postgres, pytest.mark.redis])])
async def test_a_batch_survives_its_processes(open_site: OpenSite, one_shape: str) -> None:
    """Killed twice with tasks under way; scaled out, first the worker and then the server. Its end is called back."""
    site = open_site(one_shape, "--seconds-per-image", "1", **batch_callbacks.SETTINGS)
    await site.know_durations()
    deployment = site.deployment
    # However slow the machine is, some run and some wait until upstream's clock is moved on.
    site.emulator.put_rule("late", "task", prompt_contains="late-", work_seconds=LATE_SECONDS)
    early, late = [f"early-{n}" for n in range(10)], [f"late-{n}" for n in range(USABLE)]
    storyboards = [*early, *late, *(f"last-{n}" for n in range(3))]
    async with site.pool("mira") as pool, receiving() as receiver:
        await pool.add("first", "second", maxConcurrent=SLOTS // 2)
        batch_id = await create_batch(pool, storyboards, callbackUrl=receiver.url)
        await is_at(pool, batch_id, "some are done, some are made, some wait", succeededCount=3, runningCount=3)
        await asyncio.to_thread(deployment.kill_doer)
        await asyncio.to_thread(deployment.start_doer)
        await pool.reconnect()
        before = {job["storyboardId"]: job for job in await jobs_of(pool, batch_id) if job["status"] == "SUCCEEDED"}
        assert len(before) >= 3
        state = await is_at(pool, batch_id, "it goes on", succeededCount=len(early), runningCount=USABLE)
        assert (state["status"], state["succeededCount"], state["pendingCount"]) == ("RUNNING", len(early), 3)

        async def all_are_upstream() -> bool:
            return await asyncio.to_thread(site.emulator.in_flight, "IMAGE") == USABLE

        await until("upstream makes the late ones", all_are_upstream, every_seconds=0.2)
        await asyncio.to_thread(kill_server, pool)
        site.emulator.ask("clock", {"advance_seconds": LATE_SECONDS})
        await asyncio.to_thread(deployment.start_server)
        await pool.reconnect()
        (await follow(pool, batch_id)).check("SUCCEEDED")
        after = {job["storyboardId"]: job for job in await jobs_of(pool, batch_id)}
        for storyboard, job in before.items():
            assert after[storyboard] == job, "what was done has changed"
        await pool.check_ledger(storyboards)
        delivery = await batch_callbacks.tries_are(pool, batch_id, 1)
        assert (delivery["status"], delivery["event"]) == ("DELIVERED", "batch_completed")
        assert {received.headers["webhook-id"] for received in receiver.received} == {delivery["id"]}
    check_logs(deployment)


def kill_server(pool: Pool) -> None:
    server = pool.site.deployment.server
    assert server is not None
    server.kill()
