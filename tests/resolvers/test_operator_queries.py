"""Forecasts, health and replays as callers read them."""

from datetime import datetime
from typing import Any

import pytest

from errors import BadInputError, NotFoundError
from models.accounts import AccountCooldown
from models.database import now_ms
from models.enums import AccountStatus, AttemptOutcome, AttemptState, BatchStatus, MediaKind
from models.generation import Attempt
from models.jobs import Job
from services.stores import model_timings
from tests.batch_factories import make_batch
from tests.factories import OTHER, OWNER
from tests.pool_factories import CLIPS, PICTURES, make_account, make_generation
from tests.pool_factories import upstream as upstream
from tests.resolvers.asking import ask, refused
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database", "upstream")
FORECAST = """query { accountStatistics { forecast { resetsAt
  images { ...kind } videos { ...kind } } } }
fragment kind on KindForecast {
  kind count atLeast atMost ableAccountCount unknownAccountIds waitingCount lastEndsAt waitsFor byModel {
    provider model creditsEach secondsEach count atLeast atMost ableAccountCount unknownAccountIds } }"""
HEALTH = """query { accounts(first: 100) { nodes { id health { score reasons { code message weight } } } } }"""
REPLAY = """query ($input: ReplayStrategyInput!) { replayStrategy(input: $input) { jobCount began: beganAt
  actual { ...outcome } replayed { ...outcome } accounts { accountId actualCount replayedCount } } }
fragment outcome on ReplayOutcome { attemptCount succeededCount failedCount unplacedCount switchCount faultCount
  waitSecondsMean waitSecondsP95 lastEndSeconds creditsSpent knownCreditsSpent unpricedCount }"""


async def forecast() -> dict[str, Any]:
    return dict((await ask(FORECAST))["accountStatistics"]["forecast"])


async def ended(job: Job, account: Any, at_ms: int, **values: Any) -> Attempt:
    """An attempt that ended a second after its placement."""
    return await Attempt.create(
        **{
            "owner": job.owner,
            "job_id": job.id,
            "number": 1,
            "account_id": account.id,
            "provider": "fake",
            "kind": MediaKind.IMAGE,
            "model": PICTURES.name,
            "submit_id": f"submit-{job.id}",
            "state": AttemptState.ENDED,
            "outcome": AttemptOutcome.SUCCEEDED,
            "sends": 1,
            "credits_spent": 4,
            "placed_at_ms": at_ms,
            "accepted_at_ms": at_ms + 100,
            "released_at_ms": at_ms + 1_000,
            **values,
        }
    )


async def test_a_forecast_is_bounded_by_credits_limits_and_what_is_unknown() -> None:
    await make_account(credit_balance=103, daily_image_limit=20)
    unknown = await make_account()
    await make_account(status=AccountStatus.INACTIVE, credit_balance=1_000)
    await make_account(OTHER, credit_balance=1_000)
    found = await forecast()
    (pictures,) = found["images"]["byModel"]
    assert pictures == {
        "provider": "fake",
        "model": PICTURES.name,
        "creditsEach": PICTURES.credits,
        "secondsEach": None,
        "count": None,
        "atLeast": 20,
        "atMost": None,
        "ableAccountCount": 2,
        "unknownAccountIds": [unknown.global_id],
    }
    (clips,) = found["videos"]["byModel"]
    assert (clips["model"], clips["atLeast"]) == (CLIPS.name, 5)
    assert (found["images"]["waitingCount"], found["images"]["lastEndsAt"], found["images"]["waitsFor"]) == (
        0,
        None,
        [],
    )
    await unknown.delete()
    (pictures,) = (await forecast())["images"]["byModel"]
    assert (pictures["count"], pictures["atMost"]) == (20, 20)


async def test_slots_and_measured_times_bound_a_forecast() -> None:
    await make_account(credit_balance=1_000_000, max_concurrent=2)
    await model_timings.write(f"fake/{PICTURES.name}/IMAGE", [3_600_000], [3_600_000])
    (pictures,) = (await forecast())["images"]["byModel"]
    assert pictures["secondsEach"] == pytest.approx(3_600.3)
    assert pictures["count"] <= 48
    assert pictures["count"] % 2 == 0


async def test_the_last_waiting_job_ends_when_the_slots_have_done_all() -> None:
    await make_account(max_concurrent=1)
    await model_timings.write(f"fake/{PICTURES.name}/IMAGE", [10_000], [10_000])
    for _ in range(5):
        await make_generation()
    paused = await make_batch(status=BatchStatus.PAUSED)
    await make_generation(batch_id=paused.id)
    images = (await forecast())["images"]
    assert images["waitingCount"] == 5
    seconds = datetime.fromisoformat(images["lastEndsAt"]).timestamp() - await now_ms() / 1000
    assert 40 < seconds < 60, "five of ten seconds each, one after the other"


async def test_a_batch_with_a_limit_of_its_own_ends_later() -> None:
    await make_account(max_concurrent=10)
    await model_timings.write(f"fake/{PICTURES.name}/IMAGE", [10_000], [10_000])
    batch = await make_batch(max_parallel=1)
    for _ in range(5):
        await make_generation(batch_id=batch.id)
    images = (await forecast())["images"]
    assert datetime.fromisoformat(images["lastEndsAt"]).timestamp() - await now_ms() / 1000 > 40


async def test_a_backlog_that_no_account_can_take_says_what_it_waits_for() -> None:
    await make_generation()
    images = (await forecast())["images"]
    assert (images["waitingCount"], images["lastEndsAt"]) == (1, None)
    assert images["waitsFor"] == [
        "fake: Waiting for an account: there is none for this provider. Add one with createAccounts."
    ]


async def test_health_tells_what_speaks_against_each_account() -> None:
    well = await make_account(credit_balance=500, checked_at="2999-01-01T00:00:00Z")
    ill = await make_account(credit_balance=2, consecutive_failures=2)
    moment_ms = await now_ms()
    for number, kind in enumerate(("RISK_CONTROL", "RATE_LIMIT", "CONTENT_REJECTED")):
        job = await make_generation()
        error = {"code": "API_ERROR", "message": "no", "kind": kind}
        await ended(job, ill, moment_ms - number, outcome=AttemptOutcome.SWITCHED, error=error, accepted_at_ms=None)
    await AccountCooldown.create(
        account_id=ill.id, kind="IMAGE", model="", until_ms=moment_ms + 60_000, step=2, reason="Too many requests."
    )
    nodes = {node["id"]: node["health"] for node in (await ask(HEALTH))["accounts"]["nodes"]}
    assert nodes[well.global_id] == {"score": 1.0, "reasons": []}
    reasons = {reason["code"]: reason["weight"] for reason in nodes[ill.global_id]["reasons"]}
    assert set(reasons) == {
        "RISK_CONTROL",
        "FAILURES",
        "COOLING_DOWN",
        "CONSECUTIVE_FAILURES",
        "OUT_OF_CREDIT",
        "SESSION_UNCONFIRMED",
    }
    assert (reasons["RISK_CONTROL"], reasons["COOLING_DOWN"]) == (0.15, 0.25)
    assert nodes[ill.global_id]["score"] == 0.0


async def test_health_of_many_accounts_takes_as_many_statements_as_of_one() -> None:
    await make_account()
    with counted_statements() as one:
        await ask(HEALTH)
    for _ in range(30):
        await make_account()
    with counted_statements() as many:
        await ask(HEALTH)
    assert len(many) == len(one)


async def test_a_replay_of_what_was_compares_with_what_would_have_been() -> None:
    first, second = await make_account(max_concurrent=1), await make_account(max_concurrent=1)
    await make_account(OTHER)
    jobs = [await make_generation() for _ in range(4)]
    begin_ms = int(jobs[0].created_at.timestamp() * 1000)
    for number, job in enumerate(jobs):
        await ended(job, (first, second)[number % 2], begin_ms + 50 + number // 2 * 1_050)
    await ended(await make_generation(OTHER), first, begin_ms)
    asked = {"kind": "IMAGE"}
    same = (await ask(REPLAY, input=asked))["replayStrategy"]
    assert (same["jobCount"], same["actual"]["attemptCount"]) == (4, 4)
    assert same["accounts"] == [
        {"accountId": account.global_id, "actualCount": 2, "replayedCount": 2} for account in (first, second)
    ]
    assert (same["replayed"]["creditsSpent"], same["replayed"]["succeededCount"]) == (16, 4)
    one = (await ask(REPLAY, input={**asked, "strategy": {"accountIds": [second.global_id]}}))["replayStrategy"]
    assert {each["accountId"]: each["replayedCount"] for each in one["accounts"]} == {
        first.global_id: 0,
        second.global_id: 4,
    }
    assert one["replayed"]["waitSecondsP95"] > same["replayed"]["waitSecondsP95"]
    last = (await ask(REPLAY, input={**asked, "last": 1}))["replayStrategy"]
    assert (last["jobCount"], last["accounts"][0]["accountId"]) == (1, second.global_id)
    assert (await ask(REPLAY, OTHER, input=asked))["replayStrategy"]["jobCount"] == 1


async def test_replays_of_a_batch_leave_other_jobs_out() -> None:
    account, batch = await make_account(), await make_batch()
    inside, outside = await make_generation(batch_id=batch.id), await make_generation()
    moment_ms = await now_ms()
    for job in (inside, outside):
        await ended(job, account, moment_ms)
    found = (await ask(REPLAY, input={"kind": "IMAGE", "batchId": batch.global_id}))["replayStrategy"]
    assert found["jobCount"] == 1
    later = (await ask(REPLAY, input={"kind": "IMAGE", "since": "2999-01-01T00:00:00Z"}))["replayStrategy"]
    assert (later["jobCount"], later["began"], later["replayed"]["waitSecondsMean"]) == (0, None, None)


@pytest.mark.parametrize(
    ("given", "error", "path"),
    [
        ({"last": 0}, BadInputError, ["input", "last"]),
        ({"last": 2001}, BadInputError, ["input", "last"]),
        ({"strategy": {"maxAttempts": 0}}, BadInputError, ["input", "strategy", "maxAttempts"]),
        ({"strategy": {"accountIds": ["acct_1"]}}, NotFoundError, ["input", "strategy", "accountIds", "0"]),
        ({"batchId": "batch_1"}, NotFoundError, ["input", "batchId"]),
    ],
)
async def test_what_cannot_be_replayed_is_refused(given: dict[str, Any], error: type, path: list[str]) -> None:
    found = await refused(REPLAY, OWNER, input={"kind": "IMAGE", **given})
    assert isinstance(found, error)
    assert found.path == path or [fault.path for fault in found.faults] == [path]
