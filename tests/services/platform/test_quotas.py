"""Limits of one owner: what is too much is refused, also where two ask for the last place at once."""

import asyncio
from typing import Any

import pytest

from errors import EkonteError, QuotaExceededError
from models.accounts import Account
from models.database import transaction
from models.enums import JobStatus, WorkflowStatus
from models.files import StoredFile
from models.jobs import Job
from models.workflows import Workflow
from services.accounts.creating import create_accounts
from services.accounts.rules import NewAccount
from services.platform.files import use_storage
from services.platform.presence import Held, HeldByOwner, holding
from services.platform.quotas import Quota, reserve, used_of
from services.platform.runtime import runtime
from tests.account_factories import install_pool, make_account
from tests.changed_settings import change_settings
from tests.factories import OTHER, OWNER, make_file, make_film, make_job, make_workflow
from tests.record_factories import everything, start
from tests.resolvers.asking import ask, refused
from tests.resolvers.test_mutations import CREATE, STORY, png, upload

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(autouse=True)
def storage(either_database: str, data_dir: Any) -> None:
    use_storage(None, data_dir)


async def outcome_of(asking: Any) -> str:
    try:
        await asking
    except EkonteError as error:
        return error.code.value
    return "OK"


async def test_of_two_jobs_for_the_last_place_one_is_refused() -> None:
    change_settings(max_owner_jobs=3)
    await start("shot-1")
    await start("shot-2")
    outcomes = await asyncio.gather(*(outcome_of(start(f"race-{number}")) for number in range(6)))
    assert sorted(outcomes) == ["OK", *["QUOTA_EXCEEDED"] * 5]
    assert await Job.all().count() == 3
    assert await outcome_of(start("shot-1", owner=OTHER)) == "OK"


async def test_a_refused_job_changes_nothing_and_ended_ones_make_room() -> None:
    change_settings(max_owner_jobs=1)
    job = await start("shot-1")
    before = await everything()
    with pytest.raises(QuotaExceededError) as refusal:
        await start("shot-2")
    assert refusal.value.message == (
        "You have 1 jobs that wait or run, and this request adds 1; at most 1 are allowed (EKONTE_MAX_OWNER_JOBS)."
        " Wait until some have ended, or cancel some."
    )
    assert await everything() == before
    await Job.filter(id=job.id).update(status=JobStatus.SUCCEEDED)
    assert await outcome_of(start("shot-2")) == "OK"


async def test_a_batch_counts_with_all_its_items_and_a_stage_as_one() -> None:
    change_settings(max_owner_jobs=3)
    document = "mutation ($input: CreateImageBatchInput!) { createImageBatch(input: $input) { queueCount } }"
    items = [{"storyboardId": f"s-{number}", "prompt": "a street"} for number in range(4)]
    wanted = {"projectId": "p", "workId": "w", "model": "offline-drawing"}
    error = await refused(document, input={**wanted, "items": items})
    assert (error.code, error.path) == ("QUOTA_EXCEEDED", ["input", "items"])
    assert await Job.all().count() == 0
    await ask(document, input={**wanted, "items": items[:3]})
    film = await make_film(shot_count=1)
    stage = "mutation ($input: CreateAssetsInput!) { createAssets(input: $input) { job { id } } }"
    assert (await refused(stage, input={"scriptId": film.script.global_id})).code == "QUOTA_EXCEEDED"
    retry = "mutation ($id: ID!) { retryJob(id: $id) { job { id } } }"
    ended = await make_job(status=JobStatus.FAILED)
    assert (await refused(retry, id=ended.global_id)).code == "QUOTA_EXCEEDED"
    assert (await Job.get(id=ended.id)).status is JobStatus.FAILED


async def test_workflows_are_limited_and_a_retry_needs_a_place() -> None:
    change_settings(max_owner_workflows=2)
    wanted = {"name": "A", "inputContent": STORY}
    stopped = await make_workflow(status=WorkflowStatus.CANCELED)
    outcomes = await asyncio.gather(*(outcome_of(ask_for_workflow(wanted)) for _ in range(5)))
    assert sorted(outcomes) == ["OK", "OK", *["QUOTA_EXCEEDED"] * 3]
    assert await Workflow.filter(status=WorkflowStatus.RUNNING).count() == 2
    retry = "mutation ($id: ID!) { retryWorkflow(id: $id) { workflow { id } } }"
    assert (await refused(retry, id=stopped.global_id)).code == "QUOTA_EXCEEDED"
    assert (await Workflow.get(id=stopped.id)).status is WorkflowStatus.CANCELED


async def ask_for_workflow(wanted: dict[str, Any]) -> None:
    from tests.resolvers.asking import execute

    result = await execute(CREATE, input=wanted)
    if result.errors:
        error = result.errors[0].original_error
        assert isinstance(error, EkonteError)
        raise error


async def test_accounts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    install_pool(monkeypatch)
    change_settings(max_owner_accounts=3)
    await make_account()

    async def add(number: int) -> None:
        new = [NewAccount(name="M", session=f"session-{number}-{part}-0123456789", type="DOMESTIC") for part in "ab"]  # type: ignore[arg-type]
        await create_accounts(OWNER, new, None)

    outcomes = await asyncio.gather(*(outcome_of(add(number)) for number in range(3)))
    assert sorted(outcomes) == ["OK", "QUOTA_EXCEEDED", "QUOTA_EXCEEDED"]
    assert await Account.all().count() == 3


async def test_stored_bytes_are_limited_and_nothing_is_left_of_what_was_refused(data_dir: Any) -> None:
    change_settings(max_owner_bytes=2000)
    await make_file(bytes=1500)
    put = "mutation ($file: Upload!) { uploadFile(file: $file) { file { bytes } } }"
    picture = png((400, 300)) + bytes(1000)
    error = await refused(put, file=upload(picture, "a.png"))
    assert error.code == "QUOTA_EXCEEDED"
    assert "EKONTE_MAX_OWNER_BYTES" in error.message
    assert await StoredFile.all().count() == 1
    assert await used_of(Quota.STORED_BYTES, OWNER) == 1500
    await StoredFile.all().update(bytes=2000)
    assert await outcome_of(start("shot-1")) == "QUOTA_EXCEEDED"


async def test_calls_upstream_uploads_and_redeliveries_are_limited_by_the_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = install_pool(monkeypatch)
    change_settings(max_owner_checks_per_minute=2, max_owner_uploads_per_minute=1)
    ids = [(await make_account()).global_id for _ in range(2)]
    check = "mutation ($ids: [ID!]!) { checkAccounts(ids: $ids) { successCount } }"
    await ask(check, ids=ids)
    error = await refused(check, ids=ids)
    assert error.code == "RATE_LIMITED"
    assert error.retry_after_seconds > 0  # type: ignore[attr-defined]
    assert len(pool.asked) == 2
    put = "mutation ($file: Upload!) { uploadFile(file: $file) { file { bytes } } }"
    await ask(put, file=upload(png(), "a.png"))
    assert (await refused(put, file=upload(png(), "a.png"))).code == "RATE_LIMITED"


async def test_no_limit_is_none_and_a_place_needs_a_transaction() -> None:
    change_settings(max_owner_jobs=0)
    await start("shot-1")
    change_settings(max_owner_jobs=5)
    with pytest.raises(RuntimeError):
        await reserve(Quota.JOBS, OWNER)
    await transaction(lambda: reserve(Quota.JOBS, OWNER))


async def test_subscriptions_are_limited_and_ended_ones_make_room() -> None:
    from tests.resolvers.asking import subscribed

    change_settings(max_owner_subscriptions=1)
    job = await make_job(status=JobStatus.RUNNING)
    document = "subscription ($ids: [ID!]!) { jobProgress(ids: $ids) { status } }"
    async with subscribed(document, ids=[job.global_id]) as first:
        assert (await anext(first)).errors is None
        async with subscribed(document, ids=[job.global_id]) as second:
            result = await anext(second)
            assert "EKONTE_MAX_OWNER_SUBSCRIPTIONS" in result.errors[0].message
            assert result.errors[0].original_error.code == "QUOTA_EXCEEDED"
    async with subscribed(document, ids=[job.global_id]) as third:
        assert (await anext(third)).errors is None
    assert runtime().state(HeldByOwner) == {}


async def test_the_caller_sees_limits_and_what_is_used() -> None:
    change_settings(max_owner_jobs=7, max_owner_workflows=0)
    await start("shot-1")
    await start("shot-1", owner=OTHER)
    with holding(Held.CONNECTIONS, OWNER):
        limits = (await ask("{ me { limits { name used most } } }"))["me"]["limits"]
    by_name = {limit["name"]: (limit["used"], limit["most"]) for limit in limits}
    assert (by_name["jobs"], by_name["workflows"], by_name["connections"]) == ((1, 7), (0, None), (1, 100))
    assert by_name["uploadsPerMinute"] == (None, 120)
