"""Submits answered by pages, tasks that are forgotten, results in unusual places, jobs retried after a cancel: nothing
hangs, and nothing is paid twice.

As in test_pool_failover.py, every scenario is a user with accounts of its own; all play at once.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import batch_documents as batches
from tests.acceptance import pool_documents as documents
from tests.acceptance import stories
from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.filming import until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import Pool, attempts_of, open_site, prompt_for

SCENARIOS: list[Scenario] = []
BY_PRIORITY = {"loadBalance": "PRIORITY"}
CANCEL, RETRY = stories.about_job("cancelJob"), stories.about_job("retryJob")
RELEASE_SLOT = "mutation ($id: ID!) { releaseSlot(id: $id) { job { id status } } }"
RESET = "mutation ($ids: [ID!]!) { resetAccounts(ids: $ids) { accounts { id inFlight } failures { code } } }"
ALERTS = """
query { alerts(first: 20) { nodes { kind message resolvedAt account { id } job { id } } } }"""


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("answers")
    few = {
        "EKONTE_URGENT_SLOT_PERCENT": "0",
        "EKONTE_MISSING_TASK_SECONDS": "4",
        "EKONTE_MISSING_RESULT_SECONDS": "5",
    }
    site = open_site(EMBEDDED, root, "--seconds-per-image", "0.5", "--seconds-per-video", "0.5", has_users=True, **few)
    yield from played(site, SCENARIOS, root)


async def rows_of(pool: Pool, job_id: str) -> list[dict[str, Any]]:
    return await pool.site.deployment.rows(
        "SELECT state, sends, released_at_ms, missing_since_ms, sent_at_ms, last_sent_at_ms FROM attempt"
        " WHERE job_id = ? ORDER BY number",
        int(job_id.rsplit("_", 1)[1]),
    )


async def attempt_is(pool: Pool, job_id: str, state: str) -> None:
    async def ask() -> Any:
        rows = await rows_of(pool, job_id)
        return bool(rows) and rows[-1]["state"] == state

    await until(f"the newest attempt of {job_id} is {state}", ask)


async def slot_is_free(pool: Pool, session: str) -> None:
    async def ask() -> Any:
        return (await pool.account(session))["inFlight"] == 0

    await until(f"{session} has no task in flight", ask)


async def is_missing(pool: Pool, job_id: str) -> None:
    async def ask() -> Any:
        return any(row["missing_since_ms"] is not None for row in await rows_of(pool, job_id))

    await until(f"the task of {job_id} is missing", ask)


# ---------------------------------------------------------------- a submit answered by a page that says no


@scenario
async def a_submit_answered_by_401(pool: Pool, _: Path) -> None:
    await pool.add("p401-a", "p401-b")
    pool.emulator.put_rule("p401", "submit", sessions="p401-a", http_status=401)
    job = await pool.ended(await pool.image("a1", strategy=BY_PRIORITY))
    assert attempts_of(job)[0] == ("p401-a", "SWITCHED", "AUTH_FAILED", "HTTP 401")
    assert attempts_of(job)[-1] == ("p401-b", "SUCCEEDED", None, None)
    await pool.check_ledger(["a1"])


@scenario
async def a_submit_answered_by_403(pool: Pool, _: Path) -> None:
    """It is a refusal: not repeated, not looked up, and the account rests."""
    await pool.add("p403-a", "p403-b")
    pool.emulator.put_rule("p403", "submit", sessions="p403-a", http_status=403)
    for storyboard in ("f1", "f2"):
        job = await pool.ended(await pool.image(storyboard, strategy=BY_PRIORITY))
        assert attempts_of(job)[-1] == ("p403-b", "SUCCEEDED", None, None)
    assert pool.emulator.hits("p403") == 1
    (cooldown,) = (await pool.account("p403-a"))["cooldowns"]
    assert datetime.fromisoformat(cooldown["until"]) > datetime.now(UTC) + timedelta(minutes=8)
    await pool.check_ledger(["f1", "f2"])


@scenario
async def a_submit_answered_by_429(pool: Pool, _: Path) -> None:
    """The wait is what the page says, in seconds or as a date, and half an hour at most."""
    soon = (datetime.now(UTC) + timedelta(minutes=10)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    waits = {"p429-a": {"retry_after_seconds": 1_000_000}, "p429-b": {"retry_after": soon}}
    await pool.add(*waits, "p429-c")
    for session, wait in waits.items():
        pool.emulator.put_rule(session, "submit", sessions=session, http_status=429, **wait)
    job = await pool.ended(await pool.image("r1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [
        ("p429-a", "SWITCHED", "RATE_LIMIT", "HTTP 429"),
        ("p429-b", "SWITCHED", "RATE_LIMIT", "HTTP 429"),
        ("p429-c", "SUCCEEDED", None, None),
    ]
    for session, minutes in (("p429-a", 30), ("p429-b", 10)):
        (cooldown,) = (await pool.account(session))["cooldowns"]
        left = datetime.fromisoformat(cooldown["until"]) - datetime.now(UTC)
        assert timedelta(minutes=minutes - 2) < left <= timedelta(minutes=minutes)
        assert pool.emulator.hits(session) == 1
    await pool.check_ledger(["r1"])


@scenario
async def a_submit_answered_by_429_waits_or_skips_as_its_strategy_says(pool: Pool, _: Path) -> None:
    await pool.add("w429", "s429")
    for session in ("w429", "s429"):
        pool.emulator.put_rule(session, "submit", sessions=session, http_status=429, retry_after_seconds=2, times=1)
    waits = {"accountIds": [pool.ids["w429"]], "rateLimitHandling": "WAIT"}
    skips = {"accountIds": [pool.ids["s429"]], "rateLimitHandling": "SKIP"}
    waiting = await pool.ended(await pool.image("w1", strategy=waits))
    assert attempts_of(waiting) == [("w429", "SUCCEEDED", None, None)]
    # Only now: both at once would be a trouble of the site.
    skipped = await pool.ended(await pool.image("s1", strategy=skips), "FAILED")
    assert attempts_of(skipped) == [("s429", "FAILED", "RATE_LIMIT", "HTTP 429")]
    await pool.check_ledger(["w1"])


@scenario
async def a_submit_answered_by_404(pool: Pool, _: Path) -> None:
    await pool.add("p404-a", "p404-b")
    pool.emulator.put_rule("p404", "submit", sessions="p404-a", http_status=404)
    job = await pool.ended(await pool.image("n1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [("p404-a", "SWITCHED", "API_ERROR", "HTTP 404"), ("p404-b", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("p404") == 4
    await pool.check_ledger(["n1"])


# ---------------------------------------------------------------- a submit of which nobody knows


async def goes_elsewhere(pool: Pool, name: str, **page: Any) -> dict[str, Any]:
    """A submit is looked up, not found, and made elsewhere; the account that answered so, which is returned, rests."""
    bad, good = f"{name}-bad", f"{name}-good"
    await pool.add(bad, good)
    pool.emulator.put_rule(name, "submit", sessions=bad, **page)
    first, second = attempts_of(await pool.ended(await pool.image(name, strategy=BY_PRIORITY)))
    assert first[:2] == (bad, "SWITCHED")
    assert second == (good, "SUCCEEDED", None, None)
    assert pool.emulator.hits(name) == 1, "it was sent again to the same account"
    account = await pool.account(bad)
    assert account["consecutiveFailures"] >= 1
    assert account["cooldowns"] != []
    await pool.check_ledger([name])
    return account


@scenario
async def a_submit_answered_by_500_goes_to_another_account_after_the_window(pool: Pool, _: Path) -> None:
    await goes_elsewhere(pool, "page500", http_status=500)


@scenario
async def a_submit_answered_by_503_with_a_wait(pool: Pool, _: Path) -> None:
    account = await goes_elsewhere(pool, "page503", http_status=503, retry_after_seconds=1500)
    (cooldown,) = account["cooldowns"]
    assert datetime.fromisoformat(cooldown["until"]) > datetime.now(UTC) + timedelta(minutes=15)


@scenario
async def a_submit_answered_by_a_page_with_200(pool: Pool, _: Path) -> None:
    await goes_elsewhere(pool, "page200", http_status=200, body="<html>a moment, please</html>")


@scenario
async def a_submit_answered_by_half_a_page(pool: Pool, _: Path) -> None:
    await goes_elsewhere(pool, "pagehalf", garbles=True, http_status=502)


@scenario
async def a_submit_answered_by_a_page_after_the_task_was_taken_is_found(pool: Pool, _: Path) -> None:
    await pool.add("taken", "untouched", maxConcurrent=10)
    pages: dict[str, dict[str, Any]] = {
        "t500": {"http_status": 500},
        "t503": {"http_status": 503, "retry_after_seconds": 1},
        "t200": {"http_status": 200},
        "tnone": {"omits_history_id": True},
    }
    for storyboard, values in pages.items():
        pool.emulator.put_rule(
            storyboard, "submit", sessions="taken", prompt_contains=f"{storyboard}:", works_first=True, **values
        )
    await asyncio.gather(*(pool.image(storyboard, strategy=BY_PRIORITY) for storyboard in pages))
    for storyboard in pages:
        job = await pool.ended(pool.jobs[storyboard])
        assert len(job["attempts"]) == 1
    await pool.check_ledger([*pages])


@scenario
async def a_submit_that_is_always_answered_by_pages_fails_in_words(pool: Pool, _: Path) -> None:
    """With a single account: it is asked again after a cooldown, and as often as the strategy allows."""
    await pool.add("never")
    pool.emulator.put_rule("never", "submit", sessions="never", http_status=500)
    job = await pool.ended(await pool.image("e1", strategy={"maxAttempts": 2}), "FAILED")
    assert [attempt[:2] for attempt in attempts_of(job)] == [("never", "SWITCHED"), ("never", "FAILED")]
    assert (job["error"]["code"], job["error"]["upstreamCode"]) == ("SERVER_ERROR", "HTTP 500")
    assert "does not have the task" in job["error"]["message"]
    assert pool.emulator.hits("never") == 2
    assert (await pool.account("never"))["inFlight"] == 0
    assert pool.charges("e1") == []


@scenario
async def a_submit_that_must_not_switch_is_sent_again_to_its_account(pool: Pool, _: Path) -> None:
    await pool.add("faithful", "stranger")
    pool.emulator.put_rule("faithful", "submit", sessions="faithful", http_status=502, times=1)
    strategy = {**BY_PRIORITY, "autoSwitchOnFailure": False}
    job_id = await pool.image("k1", strategy=strategy)
    assert attempts_of(await pool.ended(job_id)) == [("faithful", "SUCCEEDED", None, None)]
    (row,) = await rows_of(pool, job_id)
    assert row["sends"] == 2
    assert row["sent_at_ms"] < row["last_sent_at_ms"]
    await pool.check_ledger(["k1"])


@scenario
async def lookups_answered_by_pages_are_no_empty_answers(pool: Pool, _: Path) -> None:
    """The answer is lost after the task was taken, and the lookups fail for longer than the window."""
    await pool.add("blind", "other")
    pool.emulator.put_rule("blind submit", "submit", sessions="blind", drop="after", times=1)
    pool.emulator.put_rule("blind query", "query", sessions="blind", http_status=502, first=10)
    job = await pool.ended(await pool.image("b1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [("blind", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("blind query") == 10
    await pool.check_ledger(["b1"])


@scenario
async def polls_answered_by_429_come_later_and_lose_nothing(pool: Pool, _: Path) -> None:
    await pool.add("busy", maxConcurrent=5)
    pool.emulator.put_rule("busy", "query", sessions="busy", http_status=429, retry_after_seconds=5, times=1)
    storyboards = ["q1", "q2", "q3"]
    await pool.images(storyboards)
    # What was placed and not sent when the account began to cool is placed anew.
    for storyboard in storyboards:
        assert attempts_of(await pool.ended(pool.jobs[storyboard]))[-1] == ("busy", "SUCCEEDED", None, None)
    assert len(pool.emulator.tasks(session="busy")) == 3
    await pool.check_ledger(storyboards)


# ---------------------------------------------------------------- a task that upstream forgets


@scenario
async def a_forgotten_task_frees_its_slot_and_is_stored_when_it_comes_back(pool: Pool, _: Path) -> None:
    await pool.add("lossy", maxConcurrent=1)
    pool.emulator.put_rule("lossy", "task", prompt_contains="m1:", missing_seconds=[0, 14])
    job_id = await pool.image("m1")
    await slot_is_free_of_job(pool, job_id)
    (alert,) = [alert for alert in await alerts(pool) if alert["job"]["id"] == job_id]
    assert (alert["kind"], alert["account"]["id"], alert["resolvedAt"]) == ("TASK_MISSING", pool.ids["lossy"], None)
    job = await pool.job(job_id)
    assert job["status"] == "RUNNING"
    assert "lacked the task" in job["message"]
    # The slot serves another job meanwhile.
    await pool.ended(await pool.image("m2"))
    assert (await pool.job(job_id))["status"] == "RUNNING"
    assert attempts_of(await pool.ended(job_id)) == [("lossy", "SUCCEEDED", None, None)]
    (alert,) = [alert for alert in await alerts(pool) if alert["job"]["id"] == job_id]
    assert alert["resolvedAt"] is not None
    await pool.check_ledger(["m1", "m2"])


async def slot_is_free_of_job(pool: Pool, job_id: str) -> None:
    async def ask() -> Any:
        return all(row["released_at_ms"] is not None for row in await rows_of(pool, job_id))

    await attempt_is(pool, job_id, "ACCEPTED")
    await until(f"the slot of {job_id} is free", ask)


async def alerts(pool: Pool) -> list[dict[str, Any]]:
    found = (await pool.client.do(ALERTS))["nodes"]
    return [alert for alert in found if alert["kind"] == "TASK_MISSING"]


@scenario
async def a_person_frees_the_slot_of_a_task_at_once(pool: Pool, _: Path) -> None:
    await pool.add("freed", maxConcurrent=1)
    pool.emulator.put_rule("freed", "task", sessions="freed", prompt_contains="z1:", work_seconds=600)
    job_id = await pool.image("z1")
    await attempt_is(pool, job_id, "ACCEPTED")
    for _again in range(2):
        answer = await pool.client.do(RELEASE_SLOT, id=job_id)
        assert answer["job"]["status"] == "RUNNING"
    await slot_is_free(pool, "freed")
    await pool.ended(await pool.image("z2"))
    assert (await pool.job(job_id))["status"] == "RUNNING"


@scenario
async def resetting_an_account_frees_the_slots_of_forgotten_tasks(pool: Pool, _: Path) -> None:
    await pool.add("reset", maxConcurrent=1)
    pool.emulator.put_rule("reset", "task", sessions="reset", prompt_contains="y1:", missing_seconds=[0, 3600])
    job_id = await pool.image("y1")
    await is_missing(pool, job_id)
    await pool.client.do(RESET, ids=[pool.ids["reset"]])
    await slot_is_free(pool, "reset")
    await pool.ended(await pool.image("y2"))
    await pool.client.do(CANCEL, id=job_id)
    await attempt_is(pool, job_id, "ENDED")


# ---------------------------------------------------------------- finished is finished

PICTURES: dict[str, dict[str, Any]] = {
    "i-item": {"shape": "item_id"},
    "i-uri": {"shape": "uri"},
    "i-cover": {"shape": "cover_map"},
    "i-origin": {"shape": "origin_list"},
    "i-common": {"shape": "common_attr"},
    "i-text": {"shape": "text_numbers"},
    "i-60": {"end_status": 60},
    "i-200": {"end_status": 200, "has_finish_time": False},
    "i-45": {"end_status": 45},
    "i-20": {"end_status": 20},
    "i-0": {"end_status": 0, "has_finish_time": False},
    "i-late": {"links_after_seconds": 2.5},
}
CLIPS: dict[str, dict[str, Any]] = {
    "v-rendition": {"shape": "renditions"},
    "v-item": {"shape": "item_id"},
    "v-origin": {"shape": "origin_list"},
    "v-common": {"shape": "common_attr"},
    "v-60": {"end_status": 60},
    "v-200": {"end_status": 200, "has_finish_time": False},
    "v-45": {"end_status": 45, "shape": "item_id"},
    "v-20": {"end_status": 20, "has_finish_time": False},
    "v-late": {"links_after_seconds": 2.5},
}


@scenario
async def results_are_found_wherever_they_are(pool: Pool, _: Path) -> None:
    await pool.add("places", emulated={"gift_credit": 100_000}, maxConcurrent=30)
    for storyboard, values in {**PICTURES, **CLIPS}.items():
        pool.emulator.put_rule(storyboard, "task", prompt_contains=f"{storyboard}:", **values)
    await asyncio.gather(
        *(pool.image(storyboard) for storyboard in PICTURES), *(pool.clip(storyboard) for storyboard in CLIPS)
    )
    states = await pool.all_ended([*PICTURES, *CLIPS])
    assert {name: state["error"] for name, state in states.items() if state["status"] != "SUCCEEDED"} == {}
    await pool.check_ledger([*PICTURES, *CLIPS])


@scenario
async def links_that_cannot_be_asked_for_are_no_missing_links(pool: Pool, _: Path) -> None:
    """Asking is limited for longer than a finished task without links is waited for."""
    await pool.add("unasked")
    pool.emulator.put_rule("uris alone", "task", prompt_contains="n-uri:", shape="uri")
    pool.emulator.put_rule("unasked", "image_by_uri", sessions="unasked", http_status=429, first=3)
    await pool.ended(await pool.image("n-uri"))
    assert pool.emulator.hits("unasked") == 3
    await pool.check_ledger(["n-uri"])


@scenario
async def one_of_four_pictures_is_taken_and_said_to_be_one_of_four(pool: Pool, _: Path) -> None:
    await pool.add("single-of-four")
    pool.emulator.put_rule("one of four", "task", prompt_contains="o1:", items=1)
    job = await pool.ended(await pool.image("o1"))
    assert len(job["files"]) == 1
    assert "1 of 4" in job["message"]
    await pool.check_ledger(["o1"], pictures=1)


@scenario
async def a_finished_task_without_any_link_fails_clearly_and_is_not_made_again(pool: Pool, _: Path) -> None:
    await pool.add("linkless-a", "linkless-b")
    pool.emulator.put_rule("linkless", "task", prompt_contains="l1:", has_links=False)
    job_id = await pool.image("l1", strategy=BY_PRIORITY)
    job = await pool.ended(job_id, "FAILED")
    assert (job["error"]["code"], job["error"]["retryable"]) == ("API_ERROR", True)
    assert "no link" in job["error"]["message"]
    assert (await pool.account("linkless-a"))["inFlight"] == 0
    assert len(pool.charges("l1")) == 1
    await pool.client.do(RETRY, id=job_id)
    await pool.ended(job_id, "FAILED")
    assert len(pool.charges("l1")) == 1


# ---------------------------------------------------------------- by hand


@scenario
async def a_manual_job_is_stored_by_the_refresh_that_finds_it_done(pool: Pool, _: Path) -> None:
    await pool.add("byhand")
    job_id = await pool.image("h1", polling="MANUAL")
    await attempt_is(pool, job_id, "ACCEPTED")
    history_id = (await pool.job(job_id))["upstream"]["historyId"]

    async def ask() -> Any:
        wanted = {"account": pool.ids["byhand"], "history": history_id}
        task = await pool.client.do(documents.UPSTREAM_TASK, **wanted)
        return task is not None and task["status"] == 50

    await until("upstream has ended it", ask)
    answer = await pool.client.do(documents.REFRESH_JOB, id=job_id)
    assert answer["job"]["status"] == "SUCCEEDED"
    assert (await pool.job(job_id))["upstream"]["status"] == 50
    await pool.check_ledger(["h1"])


@scenario
async def retrying_a_job_that_was_canceled_too_late_takes_the_result_that_is_paid(pool: Pool, _: Path) -> None:
    await pool.add("toolate", maxConcurrent=5)
    storyboards = ["c1", "c2"]
    await pool.images(storyboards)
    for storyboard in storyboards:
        await attempt_is(pool, pool.jobs[storyboard], "ACCEPTED")
        await pool.client.do(CANCEL, id=pool.jobs[storyboard])
    for storyboard in storyboards:
        await attempt_is(pool, pool.jobs[storyboard], "ENDED")
        assert (await pool.job(pool.jobs[storyboard]))["status"] == "CANCELED"
        await pool.client.do(RETRY, id=pool.jobs[storyboard])
        job = await pool.ended(pool.jobs[storyboard])
        assert attempts_of(job) == [("toolate", "SUCCEEDED", None, None)]
    assert [task["times_submitted"] for task in pool.emulator.tasks(session="toolate")] == [1, 1]
    await pool.check_ledger(storyboards)


@scenario
async def retrying_items_of_a_canceled_batch_takes_the_results_that_are_paid(pool: Pool, _: Path) -> None:
    await pool.add("batched", maxConcurrent=5)
    storyboards = ["bx1", "bx2"]
    items = [{"storyboardId": name, "prompt": prompt_for(name)} for name in storyboards]
    wanted = {"projectId": "p", "workId": "w", "items": items}
    batch_id = (await pool.client.do(batches.CREATE_IMAGES, input=wanted))["batch"]["id"]
    jobs = (await pool.client.do(batches.JOBS, id=batch_id, first=10))["jobs"]["nodes"]
    pool.jobs |= {job["storyboardId"]: job["id"] for job in jobs}
    for storyboard in storyboards:
        await attempt_is(pool, pool.jobs[storyboard], "ACCEPTED")
    await pool.client.do(batches.CANCEL, id=batch_id)
    for storyboard in storyboards:
        await attempt_is(pool, pool.jobs[storyboard], "ENDED")
    await pool.client.do(batches.RETRY, input={"id": batch_id, "storyboardIds": storyboards})
    for storyboard in storyboards:
        assert attempts_of(await pool.ended(pool.jobs[storyboard])) == [("batched", "SUCCEEDED", None, None)]
    await pool.check_ledger(storyboards)


@scenario
async def retrying_a_job_that_was_canceled_while_unknown_looks_for_its_task_first(pool: Pool, _: Path) -> None:
    await pool.add("unsure-a", "unsure-b")
    pool.emulator.put_rule("unsure", "submit", sessions="unsure-a", http_status=502, works_first=True, times=1)
    job_id = await pool.image("u1", strategy=BY_PRIORITY)
    await attempt_is(pool, job_id, "SENT")
    await pool.client.do(CANCEL, id=job_id)
    await attempt_is(pool, job_id, "ENDED")
    await pool.client.do(RETRY, id=job_id)
    job = await pool.ended(job_id)
    assert attempts_of(job) == [("unsure-a", "SUCCEEDED", None, None)]
    await pool.check_ledger(["u1"])


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_upstream_answers_and_what_comes_of_it(name: str, outcomes: Played) -> None:
    check(outcomes[name])
