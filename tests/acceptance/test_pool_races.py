"""Generations that are canceled, timed out, deleted under or stored too late, and accounts that hang or are all away.

As in test_pool_failover.py, what needs no deployment of its own plays at once on one.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.acceptance import pool_documents as documents
from tests.acceptance import stories
from tests.acceptance.client import Refused
from tests.acceptance.conftest import OpenSite
from tests.acceptance.deployment import EMBEDDED, SCALED
from tests.acceptance.filming import check_logs, until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import Pool, attempts_of, open_site

SCENARIOS: list[Scenario] = []
CANCEL = stories.about_job("cancelJob")
RETRY = stories.about_job("retryJob")


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("races")
    times = ("--seconds-per-image", "1.0", "--seconds-per-video", "1.0")
    site = open_site(EMBEDDED, root, *times, has_users=True, EKONTE_VIDEO_TIMEOUT_SECONDS="6")
    yield from played(site, SCENARIOS, root)


async def is_at(pool: Pool, job_id: str, *states: str) -> dict[str, Any]:
    """The job once its newest attempt is in one of the states, as rows have them."""

    async def ask() -> Any:
        rows = await pool.site.deployment.rows(
            "SELECT state FROM attempt WHERE job_id = ? ORDER BY number DESC", int(job_id.rsplit("_", 1)[1])
        )
        return bool(rows) and rows[0]["state"] in states

    await until(f"an attempt of {job_id} is {' or '.join(states)}", ask)
    return await pool.job(job_id)


async def ends(pool: Pool) -> None:
    """Waits until nothing of this user is under way, and looks that no slot is held."""

    async def ask() -> Any:
        live = "SELECT id FROM attempt WHERE owner = ? AND (state <> 'ENDED' OR released_at_ms IS NULL)"
        return not await pool.site.deployment.rows(live, pool.user)

    await until("all attempts have ended", ask)


# ---------------------------------------------------------------- canceling


@scenario
async def canceling_while_results_come(pool: Pool, _: Path) -> None:
    """Each job is either canceled and shows nothing, or has succeeded, is paid once and stored; no slot stays taken."""
    await pool.add("torn-a", "torn-b", maxConcurrent=20)
    storyboards = [f"t{number}" for number in range(24)]
    await pool.images(storyboards)
    chance = random.Random(5)

    async def cancel(storyboard: str) -> None:
        job_id = pool.jobs[storyboard]
        await is_at(pool, job_id, "ACCEPTED", "FETCHING", "ENDED")
        await asyncio.sleep(chance.uniform(0, 2.5))
        with contextlib.suppress(Refused):
            await pool.client.do(CANCEL, id=job_id)

    await asyncio.gather(*(cancel(storyboard) for storyboard in storyboards))
    states = await pool.all_ended(storyboards)
    await ends(pool)
    await pool.check_ledger([storyboard for storyboard in storyboards if states[storyboard]["status"] == "SUCCEEDED"])
    for storyboard in storyboards:
        job = await pool.job(pool.jobs[storyboard])
        if job["status"] == "CANCELED":
            assert job["files"] == [], storyboard
            assert [attempt["outcome"] for attempt in job["attempts"]] == ["CANCELED"], job
        assert len(pool.charges(storyboard)) <= 1, storyboard


@scenario
async def canceling_while_the_draft_is_sent(pool: Pool, _: Path) -> None:
    """Upstream takes it all the same: the task drains, its slot is free at its end, and nothing is sent again."""
    await pool.add("hasty", maxConcurrent=1)
    pool.emulator.put_rule("hasty", "submit", sessions="hasty", delay_seconds=1.5, times=1)
    job_id = await pool.image("h1")
    await is_at(pool, job_id, "SENT")
    await pool.client.do(CANCEL, id=job_id)
    job = await pool.job(job_id)
    assert job["status"] == "CANCELED"
    # The next one waits for the slot.
    job = await pool.ended(await pool.image("h2"))
    assert attempts_of(job) == [("hasty", "SUCCEEDED", None, None)]
    await ends(pool)
    assert [task["times_submitted"] for task in pool.emulator.tasks(session="hasty")] == [1, 1]
    assert pool.emulator.peaks("IMAGE")["hasty"] == 1
    assert (await pool.job(job_id))["files"] == []
    await pool.check_ledger(["h2"])


@scenario
async def canceling_and_retrying_at_once(pool: Pool, _: Path) -> None:
    """What upstream works on is waited for again, and not asked for twice; no job is left without an attempt."""
    await pool.add("fickle-a", "fickle-b", maxConcurrent=20)
    storyboards = [f"f{number}" for number in range(12)]
    await pool.images(storyboards)

    async def waver(storyboard: str) -> None:
        job_id = pool.jobs[storyboard]
        await is_at(pool, job_id, "ACCEPTED", "FETCHING", "ENDED")
        with contextlib.suppress(Refused):
            for _ in range(12):
                await pool.client.do(CANCEL, id=job_id)
                await pool.client.do(RETRY, id=job_id)
                await asyncio.sleep(0.1)

    await asyncio.gather(*(waver(storyboard) for storyboard in storyboards))
    await pool.all_ended(storyboards)
    await ends(pool)
    for storyboard in storyboards:
        job = await pool.job(pool.jobs[storyboard])
        assert (job["status"], len(job["files"])) == ("SUCCEEDED", 4), job


@scenario
async def asking_again_while_it_runs(pool: Pool, _: Path) -> None:
    await pool.add("single")
    job_id = await pool.image("s1")
    for document, wanted in (
        (documents.GENERATE_IMAGE, {"storyboardId": "s1", "prompt": "s1: another"}),
        (documents.REGENERATE, {"kind": "IMAGE", "workId": "default", "storyboardId": "s1"}),
    ):
        with pytest.raises(Refused) as refused:
            await pool.client.do(document, input=wanted)
        assert refused.value.code == "CONFLICT"
    await pool.ended(job_id)
    await pool.check_ledger(["s1"])


# ---------------------------------------------------------------- late results


@scenario
async def a_late_result_after_another_was_made(pool: Pool, _: Path) -> None:
    """The record shows the newer one; the late one, which is paid for too, becomes a version."""
    await pool.add("late-a", "late-b")
    pool.emulator.put_rule("late", "task", sessions="late-a", work_seconds=14)
    first = await pool.clip("l1", strategy={"loadBalance": "PRIORITY"})
    job = await pool.ended(first, "FAILED")
    assert job["error"]["code"] == "TIMEOUT"
    wanted = {
        "kind": "VIDEO",
        "workId": "default",
        "storyboardId": "l1",
        "strategy": {"accountIds": [pool.ids["late-b"]]},
    }
    second = (await pool.client.do(documents.REGENERATE, input=wanted))["job"]["id"]
    shown = (await pool.ended(second))["files"]

    async def ask() -> Any:
        await pool.client.do(documents.REFRESH_JOB, id=first)
        return (await pool.job(first))["status"] == "SUCCEEDED"

    await until("the late result came", ask, every_seconds=1.0)
    record = (await pool.client.do(documents.RECORD, id=second))["record"]
    assert [file["sha256"] for file in record["files"]] == [file["sha256"] for file in shown]
    late = (await pool.job(first))["files"]
    versions = record["versions"]["nodes"]
    assert [[file["sha256"] for file in version["files"]] for version in versions] == [[late[0]["sha256"]]]
    await ends(pool)


# ---------------------------------------------------------------- accounts that go, or are all away


@scenario
async def deleting_an_account_with_work_on_it(pool: Pool, root: Path) -> None:
    """What upstream has goes on there; what was not sent goes to another account."""
    picture = root / "deleted.png"
    Image.new("RGB", (320, 320), "navy").save(picture)
    upload = await pool.client.upload(documents.UPLOAD, picture.read_bytes(), "input.png")
    await pool.add("leaving", "staying", maxConcurrent=5)
    pool.emulator.put_rule("slow upload", "upload_token", sessions="leaving", delay_seconds=2.5)
    there = {"accountIds": [pool.ids["leaving"]]}
    taken = await pool.image("d1", strategy=there)
    await is_at(pool, taken, "ACCEPTED")
    placed = await pool.image("d2", strategy={"loadBalance": "PRIORITY"}, inputImages=[upload["file"]["id"]])
    await is_at(pool, placed, "PLACED")
    await pool.client.do(documents.DELETE_ACCOUNTS, ids=[pool.ids["leaving"]])
    job = await pool.ended(taken)
    assert attempts_of(job) == [("leaving", "SUCCEEDED", None, None)]
    job = await pool.ended(placed)
    assert attempts_of(job) == [("leaving", "SWITCHED", "NO_ACCOUNT", None), ("staying", "SUCCEEDED", None, None)]
    await pool.check_ledger(["d1", "d2"])


@scenario
async def all_accounts_cooling(pool: Pool, _: Path) -> None:
    """Jobs wait, say until when, and go on by themselves."""
    await pool.add("cool-a", "cool-b")
    pool.emulator.put_rule("cool", "submit", sessions=["cool-a", "cool-b"], ret="1057", first=5)
    job_id = await pool.image("c1")
    said: list[str] = []

    async def ask() -> Any:
        job = await pool.job(job_id)
        if job["status"] == "PENDING" and job["message"]:
            said.append(job["message"])
        return job["status"] == "SUCCEEDED"

    await until("the job goes on by itself", ask)
    assert any("Cooling down" in message and "until" in message for message in said), said
    job = await pool.job(job_id)
    assert {attempt[2:] for attempt in attempts_of(job)[:-1]} == {("RATE_LIMIT", "1057")}
    await pool.check_ledger(["c1"])


@scenario
async def accounts_that_hang(pool: Pool, _: Path) -> None:
    """Eight accounts answer nothing; the pictures of two healthy ones come while those still hang."""
    hanging = [f"hanging-{number}" for number in range(8)]
    await pool.add(*hanging, maxConcurrent=3)
    await pool.add("brisk-a", "brisk-b", maxConcurrent=3)
    pool.emulator.put_rule("hang", ["submit", "query", "upload_token"], sessions=hanging, delay_seconds=60)
    stuck = {f"u{number}": pool.ids[hanging[number % 8]] for number in range(24)}
    for storyboard, account_id in stuck.items():
        await pool.image(storyboard, strategy={"accountIds": [account_id]})
    storyboards = [f"b{number}" for number in range(12)]
    await pool.images(storyboards, strategy={"accountIds": [pool.ids["brisk-a"], pool.ids["brisk-b"]]})
    await pool.all_ended(storyboards)
    open_ids = [pool.jobs[storyboard] for storyboard in stuck]
    assert {job["status"] for job in await pool.client.do(documents.STATES, ids=open_ids)} <= {"RUNNING", "PENDING"}
    await pool.check_ledger(storyboards)
    for job_id in open_ids:
        await pool.client.do(CANCEL, id=job_id)


# ---------------------------------------------------------------- asking by hand


@scenario
async def asking_by_hand(pool: Pool, _: Path) -> None:
    """Nobody polls a manual job: its caller asks upstream, and then has it stored."""
    await pool.add("manual")
    job_id = await pool.image("m1", polling="MANUAL")
    job = await is_at(pool, job_id, "ACCEPTED")
    history_id = job["upstream"]["historyId"]

    async def ask() -> Any:
        wanted = {"account": pool.ids["manual"], "history": history_id}
        task = await pool.client.do(documents.UPSTREAM_TASK, **wanted)
        return task if task and task["status"] == 50 else None

    task = await until("upstream has ended it", ask)
    assert (task["taskType"], task["itemCount"], len(task["results"])) == ("IMAGE", 4, 4)
    job = await pool.job(job_id)
    assert (job["status"], job["attempts"][0]["polls"]) == ("RUNNING", 0)
    await pool.client.do(documents.REFRESH_JOB, id=job_id)
    job = await pool.ended(job_id)
    assert job["upstream"]["status"] == 50
    await pool.check_ledger(["m1"])


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_comes_at_once(name: str, outcomes: Played) -> None:
    check(outcomes[name])


# ---------------------------------------------------------------- with a deployment of their own


async def test_what_cannot_be_stored_is_fetched_again_and_not_made_again(open_site: OpenSite) -> None:
    """The storage is away while results come; when it is back they are stored, and nothing was generated twice."""
    site = open_site(EMBEDDED, "--seconds-per-image", "1", "--seconds-per-video", "1")
    await site.know_durations()
    files, away = site.deployment.files_dir, site.deployment.root / "away"
    async with site.pool("mira") as pool:
        await pool.add("first")
        storyboards = ["a1", "a2"]
        await pool.images(storyboards)
        await pool.clip("a3")
        files.rename(away)
        files.write_text("in the way")

        async def ask() -> Any:
            jobs = [await pool.job(job_id) for job_id in pool.jobs.values()]
            assert {job["status"] for job in jobs} <= {"PENDING", "RUNNING"}, jobs
            return all("Retrying to store the result" in (job["message"] or "") for job in jobs)

        await until("all jobs say that they try again to store it", ask)
        files.unlink()
        away.rename(files)
        await pool.all_ended(pool.jobs)
        for job_id in pool.jobs.values():
            assert attempts_of(await pool.job(job_id)) == [("first", "SUCCEEDED", None, None)]
        await pool.check_ledger([*pool.jobs])
    check_logs(site.deployment, "storage", "finish")


@pytest.mark.postgres
@pytest.mark.redis
async def test_two_workers_never_take_more_slots_than_there_are(open_site: OpenSite) -> None:
    """As upstream saw it: no account had more tasks at once than it may."""
    site = open_site(SCALED, "--seconds-per-image", "0.6")
    await site.know_durations()
    await asyncio.to_thread(site.deployment.start_worker)
    async with site.pool("mira") as pool:
        await pool.add("narrow", maxConcurrent=1)
        await pool.add("wide", maxConcurrent=3)
        storyboards = [f"n{number}" for number in range(24)]
        for start in range(0, len(storyboards), 8):
            await asyncio.gather(*(pool.image(storyboard) for storyboard in storyboards[start : start + 8]))
        await pool.all_ended(storyboards)
        peaks = site.emulator.peaks("IMAGE")
        assert peaks["narrow"] == 1
        assert 1 <= peaks["wide"] <= 3
        await pool.check_ledger(storyboards)
    check_logs(site.deployment)


async def test_five_hundred_generations_are_under_way_at_once(open_site: OpenSite) -> None:
    """With eight of Dramatiq's threads: what waits for upstream takes none of them."""
    every_slot = {"EKONTE_URGENT_SLOT_PERCENT": "0"}
    site = open_site(EMBEDDED, "--seconds-per-image", "600", **every_slot)
    async with site.pool("mira") as pool:
        await pool.add(*(f"big-{number}" for number in range(5)), emulated={"gift_credit": 100_000}, maxConcurrent=100)
        storyboards = [f"x{number}" for number in range(500)]
        for start in range(0, 500, 20):
            await asyncio.gather(*(pool.image(storyboard) for storyboard in storyboards[start : start + 20]))

        async def ask() -> Any:
            return site.emulator.in_flight("IMAGE") == 500

        await until("500 tasks are under way upstream", ask, every_seconds=0.3)
        assert set(site.emulator.peaks("IMAGE").values()) == {100}
        assert len(site.emulator.tasks()) == 500
    check_logs(site.deployment)
