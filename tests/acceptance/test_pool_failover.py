"""What upstream says and what comes of it: each row of the table in docs/pool.md through the whole server.

Every scenario is a user of its own with accounts of its own, on one deployment and one emulator; all play at once.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.acceptance import pool_documents as documents
from tests.acceptance import pool_results
from tests.acceptance.deployment import EMBEDDED
from tests.acceptance.filming import until
from tests.acceptance.playing import Played, Scenario, check, name_of, played
from tests.acceptance.pool import IMAGE_MODEL, Pool, attempts_of, open_site, route_of

SCENARIOS: list[Scenario] = [*pool_results.SCENARIOS]
BY_PRIORITY = {"loadBalance": "PRIORITY"}
IMAGE_CREDITS = 16


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    root = tmp_path_factory.mktemp("failover")
    times = ("--seconds-per-image", "0.5", "--seconds-per-video", "0.5")
    few = {
        "EKONTE_VIDEO_TIMEOUT_SECONDS": "6",
        "EKONTE_URGENT_SLOT_PERCENT": "0",
        "EKONTE_SECOND_LOOK_SECONDS": "0.5",
    }  # every slot of pools as small as these
    site = open_site(EMBEDDED, root, *times, has_users=True, **few)
    yield from played(site, SCENARIOS, root)


# ---------------------------------------------------------------- refused for good: the account is taken out


@scenario
async def an_expired_session(pool: Pool, _: Path) -> None:
    """The job goes to another account at once, which its second route shows; the account is INACTIVE, and says why,
    when a second look has confirmed it.
    """
    await pool.add("expired-a", emulated={"state": "EXPIRED"})
    await pool.add("expired-b")
    job = await pool.ended(await pool.image("e1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [
        ("expired-a", "SWITCHED", "AUTH_FAILED", "1015"),
        ("expired-b", "SUCCEEDED", None, None),
    ]
    first, second = job["attempts"]
    assert route_of(first) == {"expired-a": None, "expired-b": "Another account was preferred."}
    assert route_of(second)["expired-b"] is None
    assert "session" in str(route_of(second)["expired-a"])

    async def is_out() -> Any:
        account = await pool.account("expired-a")
        return account if account["status"] == "INACTIVE" else None

    account = await until("the second look has confirmed it", is_out)
    assert "session" in account["statusReason"]
    await pool.check_ledger(["e1"])


@scenario
async def a_punished_account(pool: Pool, _: Path) -> None:
    await pool.add("punished-a", emulated={"state": "PUNISHED"})
    await pool.add("punished-b")
    job = await pool.ended(await pool.image("p1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [
        ("punished-a", "SWITCHED", "PERMISSION_DENIED", "1018"),
        ("punished-b", "SUCCEEDED", None, None),
    ]
    assert (await pool.account("punished-a"))["status"] == "ACTIVE", "it is held until that is confirmed"

    async def is_over() -> bool:
        return not (await pool.account("punished-a"))["cooldowns"]

    await until("one more task may confirm it", is_over)
    job = await pool.ended(await pool.image("p2", strategy=BY_PRIORITY))
    assert [attempt[:2] for attempt in attempts_of(job)] == [("punished-a", "SWITCHED"), ("punished-b", "SUCCEEDED")]
    account = await pool.account("punished-a")
    assert (account["status"], account["inFlight"]) == ("BANNED", 0)
    # It is not tried again.
    job = await pool.ended(await pool.image("p3", strategy=BY_PRIORITY))
    assert attempts_of(job) == [("punished-b", "SUCCEEDED", None, None)]
    await pool.check_ledger(["p1", "p2", "p3"])


@scenario
async def a_model_that_the_plan_lacks(pool: Pool, _: Path) -> None:
    await pool.add("lacking-a", "lacking-b")
    pool.emulator.put_rule("lacking", "submit", sessions="lacking-a", models=IMAGE_MODEL, ret="4003")
    job = await pool.ended(await pool.image("l1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [
        ("lacking-a", "SWITCHED", "PERMISSION_DENIED", "4003"),
        ("lacking-b", "SUCCEEDED", None, None),
    ]
    account = await pool.account("lacking-a")
    assert account["status"] == "ACTIVE"
    assert [(cooldown["kind"], cooldown["model"]) for cooldown in account["cooldowns"]] == [("IMAGE", IMAGE_MODEL)]
    await pool.check_ledger(["l1"])


# ---------------------------------------------------------------- credits


@scenario
async def an_account_out_of_credit(pool: Pool, _: Path) -> None:
    """It receives the credits of the day once; when those are used up it is exhausted, and jobs say until when."""
    await pool.add("poor", emulated={"gift_credit": 0, "daily_gift": IMAGE_CREDITS})
    job = await pool.ended(await pool.image("c1"))
    assert attempts_of(job) == [("poor", "SWITCHED", "INSUFFICIENT_CREDIT", "1006"), ("poor", "SUCCEEDED", None, None)]
    assert pool.emulator.account("poor")["received_on"] != ""
    assert (await pool.account("poor"))["creditBalance"] == 0
    waiting = await pool.image("c2")

    async def ask() -> Any:
        job = await pool.job(waiting)
        assert job["status"] == "PENDING", job
        return job["message"] if "until" in (job["message"] or "") else None

    message = await until("the job says until when it waits", ask)
    assert "Waiting for an account" in message
    assert [task["account"] for task in pool.emulator.tasks(session="poor")] == ["poor"]
    await pool.add("rich")
    job = await pool.ended(waiting)
    assert attempts_of(job)[-1] == ("rich", "SUCCEEDED", None, None)
    await pool.check_ledger(["c1", "c2"])


@scenario
async def an_account_whose_credits_of_the_day_are_refused(pool: Pool, _: Path) -> None:
    await pool.add("unlucky", emulated={"gift_credit": 0})
    pool.emulator.put_rule("unlucky", "receive", sessions="unlucky", ret="34010100")
    job_id = await pool.image("u1")

    async def ask() -> Any:
        return await asyncio.to_thread(pool.emulator.hits, "unlucky")

    await until("the credits of the day are asked for", ask)
    assert (await pool.account("unlucky"))["imageAvailability"] == "EXHAUSTED"
    assert pool.emulator.hits("unlucky") == 1
    job = await pool.job(job_id)
    assert job["status"] == "PENDING"
    assert attempts_of(job) == [("unlucky", "SWITCHED", "INSUFFICIENT_CREDIT", "1006")]


# ---------------------------------------------------------------- limits


def limited(pool: Pool, session: str, **values: Any) -> None:
    pool.emulator.put_rule(f"limit {session}", "submit", sessions=session, ret="1057", **values)


@scenario
async def a_rate_limit_with_switch(pool: Pool, _: Path) -> None:
    await pool.add("switch-a", "switch-b")
    limited(pool, "switch-a")
    job = await pool.ended(await pool.image("w1", strategy={**BY_PRIORITY, "rateLimitHandling": "SWITCH"}))
    assert attempts_of(job) == [("switch-a", "SWITCHED", "RATE_LIMIT", "1057"), ("switch-b", "SUCCEEDED", None, None)]
    assert "Cooling down" in str(route_of(job["attempts"][1])["switch-a"])
    await pool.check_ledger(["w1"])


@scenario
async def a_rate_limit_with_skip(pool: Pool, _: Path) -> None:
    await pool.add("skip-a", "skip-b")
    limited(pool, "skip-a")
    job = await pool.ended(await pool.image("k1", strategy={**BY_PRIORITY, "rateLimitHandling": "SKIP"}), "FAILED")
    assert attempts_of(job) == [("skip-a", "FAILED", "RATE_LIMIT", "1057")]
    assert (job["error"]["code"], job["error"]["retryable"]) == ("RATE_LIMIT", True)
    account = await pool.account("skip-a")
    assert [cooldown["kind"] for cooldown in account["cooldowns"]] == ["IMAGE"]
    assert pool.emulator.tasks(session="skip-b") == []


@scenario
async def a_rate_limit_with_wait(pool: Pool, _: Path) -> None:
    """The job stays on its account and goes on there, in the same attempt, when that has cooled."""
    await pool.add("wait-a", "wait-b")
    limited(pool, "wait-a", times=1)
    job = await pool.ended(await pool.image("a1", strategy={**BY_PRIORITY, "rateLimitHandling": "WAIT"}))
    assert attempts_of(job) == [("wait-a", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("limit wait-a") == 1
    assert (await pool.account("wait-a"))["cooldowns"] == []
    await pool.check_ledger(["a1"])


@scenario
async def a_limit_of_tasks_at_once(pool: Pool, _: Path) -> None:
    """Upstream takes one at a time where the account says three: that is learned, and all are made."""
    await pool.add("narrow", emulated={"image_limit": 1}, maxConcurrent=3)
    storyboards = [f"n{number}" for number in range(3)]
    await pool.images(storyboards)
    await pool.all_ended(storyboards)
    refused = [await pool.job(pool.jobs[storyboard]) for storyboard in storyboards]
    codes = {attempt[2:] for job in refused for attempt in attempts_of(job) if attempt[1] == "SWITCHED"}
    assert codes == {("RATE_LIMIT", "1310")}
    rows = await pool.site.deployment.rows("SELECT learned_image_limit FROM account WHERE name = 'narrow'")
    # A task that upstream has ended counts until that is seen, so it may be one more than upstream's own.
    assert 1 <= rows[0]["learned_image_limit"] < 3
    assert pool.emulator.peaks("IMAGE")["narrow"] == 1
    await pool.check_ledger(storyboards)


# ---------------------------------------------------------------- risk control


@scenario
async def risk_control(pool: Pool, _: Path) -> None:
    """The account rests for long for the model, and is asked no second time; another model of it works."""
    await pool.add("risky", "calm")
    pool.emulator.put_rule("risk", "submit", sessions="risky", models=IMAGE_MODEL, ret="1019")
    jobs = [await pool.ended(await pool.image(name, strategy=BY_PRIORITY)) for name in ("r1", "r2")]
    assert attempts_of(jobs[0]) == [
        ("risky", "SWITCHED", "PERMISSION_DENIED", "1019"),
        ("calm", "SUCCEEDED", None, None),
    ]
    assert attempts_of(jobs[1]) == [("calm", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("risk") == 1
    (cooldown,) = (await pool.account("risky"))["cooldowns"]
    assert (cooldown["kind"], cooldown["model"]) == ("IMAGE", IMAGE_MODEL)
    assert datetime.fromisoformat(cooldown["until"]) > datetime.now(UTC) + timedelta(minutes=8)
    job = await pool.ended(await pool.image("r3", model="jimeng-4.1", strategy={"accountIds": [pool.ids["risky"]]}))
    assert attempts_of(job) == [("risky", "SUCCEEDED", None, None)]
    await pool.check_ledger(["r1", "r2", "r3"])


@scenario
async def risk_control_about_the_model(pool: Pool, _: Path) -> None:
    await pool.add("model-risk-a", "model-risk-b")
    pool.emulator.put_rule("model risk", "submit", sessions="model-risk-a", ret="-6", fail_code="4013")
    job = await pool.ended(await pool.image("m1", strategy=BY_PRIORITY))
    assert [attempt[:3] for attempt in attempts_of(job)] == [
        ("model-risk-a", "SWITCHED", "PERMISSION_DENIED"),
        ("model-risk-b", "SUCCEEDED", None),
    ]
    (cooldown,) = (await pool.account("model-risk-a"))["cooldowns"]
    assert cooldown["model"] == IMAGE_MODEL
    await pool.check_ledger(["m1"])


# ---------------------------------------------------------------- the content


@scenario
async def content_refused_at_the_submit(pool: Pool, _: Path) -> None:
    await pool.add("pure-a", "pure-b")
    pool.emulator.put_rule("impure", "submit", prompt_contains="t1:", ret="2038")
    job = await pool.ended(await pool.image("t1", strategy=BY_PRIORITY), "FAILED")
    assert attempts_of(job) == [("pure-a", "FAILED", "CONTENT_REJECTED", "2038")]
    assert (job["error"]["code"], job["error"]["retryable"]) == ("CONTENT_REJECTED", False)
    assert pool.emulator.hits("impure") == 1
    account = await pool.account("pure-a")
    untouched = (account["status"], account["cooldowns"], account["consecutiveFailures"], account["inFlight"])
    assert untouched == ("ACTIVE", [], 0, 0)
    assert pool.charges("t1") == []


@scenario
async def content_refused_after_it_was_taken(pool: Pool, _: Path) -> None:
    await pool.add("review-a", "review-b")
    pool.emulator.put_rule("review", "task", prompt_contains="v1:", fail_code="2004")
    job = await pool.ended(await pool.image("v1", strategy=BY_PRIORITY), "FAILED")
    assert attempts_of(job) == [("review-a", "FAILED", "CONTENT_REJECTED", "2004")]
    assert job["upstream"]["failCode"] == "2004"
    assert pool.charges("v1") == [("review-a", 0)]
    assert (await pool.account("review-a"))["cooldowns"] == []


@scenario
async def a_task_that_fails_is_made_on_another_account(pool: Pool, _: Path) -> None:
    await pool.add("failing-a", "failing-b")
    pool.emulator.put_rule("failing", "task", sessions="failing-a", fail_code="5001", refunds=True)
    job = await pool.ended(await pool.image("f1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [
        ("failing-a", "SWITCHED", "SERVER_ERROR", "5001"),
        ("failing-b", "SUCCEEDED", None, None),
    ]
    assert pool.charges("f1") == [("failing-a", 0), ("failing-b", IMAGE_CREDITS)]
    await pool.check_ledger(["f1"])


@scenario
async def a_task_that_fails_twice_fails_its_job(pool: Pool, _: Path) -> None:
    await pool.add("broken-a", "broken-b", "broken-c")
    pool.emulator.put_rule("broken", "task", prompt_contains="b1:", fail_code="5001")
    job = await pool.ended(await pool.image("b1", strategy=BY_PRIORITY), "FAILED")
    assert [attempt[:2] for attempt in attempts_of(job)] == [("broken-a", "SWITCHED"), ("broken-b", "FAILED")]
    assert job["error"]["code"] == "SERVER_ERROR"


# ---------------------------------------------------------------- faults of network and server


@scenario
async def errors_before_the_draft_is_sent(pool: Pool, root: Path) -> None:
    """An upload that fails is tried on the same account a few times, then the job goes to the next one."""
    picture = root / "input.png"
    Image.new("RGB", (320, 320), "teal").save(picture)
    await pool.add("muddy", "clear")
    pool.emulator.put_rule("mud", "upload_token", sessions="muddy", http_status=502)
    upload = await pool.client.upload(documents.UPLOAD, picture.read_bytes(), "input.png")
    job_id = await pool.image("d1", strategy=BY_PRIORITY, inputImages=[upload["file"]["id"]])
    job = await pool.ended(job_id)
    assert attempts_of(job) == [("muddy", "SWITCHED", "SERVER_ERROR", "HTTP 502"), ("clear", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("mud") >= 4
    assert (await pool.account("muddy"))["cooldowns"] != []
    assert pool.emulator.tasks(session="muddy") == []
    (task,) = pool.emulator.tasks(session="clear")
    assert len(task["uris"]) == 1
    await pool.check_ledger(["d1"])


@scenario
async def a_connection_dropped_before_the_task_was_taken(pool: Pool, _: Path) -> None:
    """It is looked up and not found for the whole window; then it is made on another account."""
    await pool.add("lost-a", "lost-b")
    pool.emulator.put_rule("lost", "submit", sessions="lost-a", drop="before", times=1)
    job = await pool.ended(await pool.image("x1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [("lost-a", "SWITCHED", "NETWORK_ERROR", None), ("lost-b", "SUCCEEDED", None, None)]
    assert pool.emulator.hits("lost") == 1
    (task,) = pool.emulator.tasks(session="lost-b")
    assert task["times_submitted"] == 1
    await pool.check_ledger(["x1"])


@scenario
async def a_connection_dropped_after_the_task_was_taken(pool: Pool, _: Path) -> None:
    await pool.add("found-a", "found-b")
    pool.emulator.put_rule("found", "submit", sessions="found-a", drop="after", times=1)
    job = await pool.ended(await pool.image("y1", strategy=BY_PRIORITY))
    assert attempts_of(job) == [("found-a", "SUCCEEDED", None, None)]
    (task,) = pool.emulator.tasks(session="found-a")
    assert task["times_submitted"] == 1, "it was sent again although upstream had it"
    await pool.check_ledger(["y1"])


@scenario
async def answers_that_cannot_be_read(pool: Pool, _: Path) -> None:
    """Half an answer, one without a history id, an error page: unknown each time, looked up, and paid once."""
    await pool.add("noisy", maxConcurrent=5)
    pool.emulator.put_rule("half", "submit", sessions="noisy", prompt_contains="g1:", garbles=True, times=1)
    pool.emulator.put_rule(
        "nameless", "submit", sessions="noisy", prompt_contains="g2:", omits_history_id=True, times=1
    )
    pool.emulator.put_rule(
        "page", "submit", sessions="noisy", prompt_contains="g3:", http_status=504, works_first=True, times=1
    )
    pool.emulator.put_rule("half query", "query", sessions="noisy", garbles=True, times=2)
    storyboards = ["g1", "g2", "g3"]
    await pool.images(storyboards)
    await pool.all_ended(storyboards)
    assert [task["times_submitted"] for task in pool.emulator.tasks(session="noisy")] == [1, 1, 1]
    for storyboard in storyboards:
        assert attempts_of(await pool.job(pool.jobs[storyboard])) == [("noisy", "SUCCEEDED", None, None)]
    await pool.check_ledger(storyboards)


@pytest.mark.parametrize("name", [name_of(one) for one in SCENARIOS])
def test_what_upstream_says_and_what_comes_of_it(name: str, outcomes: Played) -> None:
    check(outcomes[name])
