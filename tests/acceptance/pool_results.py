"""Scenarios of test_pool_failover.py about results: late ones, half of them, dead links, broken files."""

from pathlib import Path
from typing import Any

from tests.acceptance import pool_documents as documents
from tests.acceptance.filming import until
from tests.acceptance.playing import Scenario
from tests.acceptance.pool import Pool, attempts_of

SCENARIOS: list[Scenario] = []


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@scenario
async def no_result_in_time(pool: Pool, _: Path) -> None:
    """The job fails with TIMEOUT, the slot stays taken and no other account is tried; the late result is adopted."""
    await pool.add("slow-a", "slow-b")
    pool.emulator.put_rule("slow", "task", sessions="slow-a", work_seconds=15)
    job_id = await pool.clip("z1", strategy={"loadBalance": "PRIORITY"})
    job = await pool.ended(job_id, "FAILED")
    assert job["error"]["code"] == "TIMEOUT"
    assert [attempt[0] for attempt in attempts_of(job)] == ["slow-a"]
    account = await pool.account("slow-a")
    assert (account["inFlight"], account["consecutiveFailures"]) == (1, 1)

    async def ask() -> Any:
        await pool.client.do(documents.REFRESH_JOB, id=job_id)
        return (await pool.job(job_id))["status"] == "SUCCEEDED"

    await until("the late result is adopted", ask, every_seconds=1.0)
    job = await pool.job(job_id)
    assert attempts_of(job) == [("slow-a", "SUCCEEDED", None, None)]
    assert job["error"] is None
    assert pool.emulator.tasks(session="slow-b") == []
    assert (await pool.account("slow-a"))["inFlight"] == 0
    await pool.check_ledger(["z1"])


@scenario
async def half_of_the_results(pool: Pool, _: Path) -> None:
    await pool.add("half-full")
    pool.emulator.put_rule("half of them", "task", sessions="half-full", fail_code="5001", items=2, refunds=False)
    job = await pool.ended(await pool.image("h1"))
    assert attempts_of(job) == [("half-full", "SUCCEEDED", None, None)]
    await pool.check_ledger(["h1"], pictures=2)


@scenario
async def links_that_have_expired(pool: Pool, _: Path) -> None:
    """All links are dead at first: fresh ones are asked for, nothing is generated again."""
    await pool.add("stale")
    pool.emulator.put_rule("stale", "result", sessions="stale", http_status=403, times=4)
    job = await pool.ended(await pool.image("i1"))
    assert attempts_of(job) == [("stale", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("stale") == 4
    await pool.check_ledger(["i1"])


@scenario
async def one_dead_link_of_four(pool: Pool, _: Path) -> None:
    await pool.add("holey")
    pool.emulator.put_rule("holey", "task", sessions="holey", dead_items=[1])
    job = await pool.ended(await pool.image("j1"))
    assert attempts_of(job) == [("holey", "SUCCEEDED", None, None)]
    await pool.check_ledger(["j1"], pictures=3)


@scenario
async def one_broken_picture_of_four(pool: Pool, _: Path) -> None:
    """Every fourth download is cut off: after a few tries the other three are kept."""
    await pool.add("cracked")
    pool.emulator.put_rule("cracked", "result", sessions="cracked", garbles=True, every=4)
    job = await pool.ended(await pool.image("q1"))
    assert attempts_of(job) == [("cracked", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("cracked") == 3
    await pool.check_ledger(["q1"], pictures=3)


@scenario
async def one_picture_that_cannot_be_fetched_for_a_while(pool: Pool, _: Path) -> None:
    """Nothing is given up for a fault that passes, however often it is met."""
    await pool.add("patient")
    pool.emulator.put_rule("patient", "result", sessions="patient", http_status=503, every=4, times=3)
    job = await pool.ended(await pool.image("o1"))
    assert attempts_of(job) == [("patient", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("patient") == 3
    await pool.check_ledger(["o1"])
