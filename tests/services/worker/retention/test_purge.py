"""Deleted rows go when their time has come, with all that hangs on them; what something refers to stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import Account, AccountCooldown, AccountUsage, UploadedInput
from models.artifacts import JobFile
from models.batches import Batch
from models.enums import AttemptState, BatchStatus, JobRole, JobStatus, MediaKind
from models.generation import Attempt, GenerationRecord, RecordVersion, Route
from models.jobs import Job, JobInput
from models.workflows import Workflow
from services.accounts.removing import delete_accounts
from services.generation.records.deleting import delete_records
from services.stores import batches
from services.worker.retention.purge import purge_accounts, purge_deleted, purge_records
from tests.account_factories import make_account, make_attempt, make_cooldown
from tests.factories import OWNER, make_file, make_job, make_workflow
from tests.record_factories import fail, finish, record_of, start
from tests.services.notifications.alerts.test_stalls import make_batch

pytestmark = pytest.mark.usefixtures("either_database")

DAY = 86_400.0
LONG_AGO = datetime.now(UTC) - timedelta(days=40)


async def make_record(**attempt: Any) -> tuple[GenerationRecord, Job, Attempt]:
    """A record with a version, two jobs, files, an input and an attempt with its route."""
    first = await start()
    await finish(first)
    record = await record_of(first)
    job = await start(record.storyboard_id, prompt="again")
    await finish(job)
    await JobInput.create(job_id=job.id, position=0, file_id=(await make_file()).id)
    route = await Route.create(candidates=[])
    values = {"state": AttemptState.ENDED, "route_id": route.id, **attempt}
    return record, job, await make_attempt(await make_account(), job, **values)


async def delete(record: GenerationRecord, when: datetime = LONG_AGO) -> None:
    assert await delete_records(OWNER, [record.id], with_files=False) == [(record.id, None)]
    await GenerationRecord.filter(id=record.id).update(deleted_at=when)


async def counts() -> dict[str, int]:
    tables = (GenerationRecord, RecordVersion, Job, JobFile, JobInput, Attempt, Route)
    return {table.__name__: await table.all().count() for table in tables}


async def test_a_record_goes_with_all_that_hangs_on_it_and_others_stay_whole() -> None:
    kept, _, _ = await make_record()
    one_record = await counts()
    deleted, _, _ = await make_record()
    lately, _, _ = await make_record()
    await delete(deleted)
    await delete(lately, datetime.now(UTC) - timedelta(days=29))
    assert await purge_records(30 * DAY) == 1
    assert await counts() == {name: 2 * number for name, number in one_record.items()}
    assert {row.id for row in await GenerationRecord.all()} == {kept.id, lately.id}
    assert await purge_records(30 * DAY) == 0
    assert await purge_deleted(0) == 1
    assert await counts() == one_record


async def test_nothing_of_a_record_goes_while_something_still_needs_it() -> None:
    workflow, batch = await make_workflow(), await make_batch(status=BatchStatus.SUCCEEDED)
    build = await make_job(role=JobRole.BUILD, status=JobStatus.SUCCEEDED)
    _, draining, attempt = await make_record(state=AttemptState.ACCEPTED)
    jobs = [draining]
    for values in ({"workflow_id": workflow.id}, {"batch_id": batch.id}, {"parent_id": build.id}):
        _, job, _ = await make_record()
        await Job.filter(id=job.id).update(**values)
        jobs.append(job)
    for job in jobs:
        await delete(await record_of(job))
    before = await counts()
    assert await purge_records(30 * DAY) == 0
    assert await counts() == before
    await Attempt.filter(id=attempt.id).update(state=AttemptState.ENDED)
    assert await purge_records(30 * DAY) == 1
    await Workflow.filter(id=workflow.id).delete()
    await Job.filter(id=build.id).delete()
    await Batch.filter(id=batch.id).update(deleted_at=LONG_AGO)
    assert await purge_deleted(30) == 4  # the batch, and the records of all three
    assert await GenerationRecord.all().count() == 0


async def test_a_route_stays_as_long_as_an_attempt_names_it() -> None:
    record, _, attempt = await make_record()
    other, _, _ = await make_record(route_id=attempt.route_id)
    await Route.exclude(id=attempt.route_id).delete()
    await delete(record)
    await purge_records(30 * DAY)
    assert await Route.all().count() == 1
    await delete(other)
    await purge_records(30 * DAY)
    assert await Route.all().count() == 0


async def test_a_part_that_cannot_go_whole_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    record, job, _ = await make_record()
    await delete(record)
    before = await counts()
    from services.worker.retention import purge as purging

    async def meanwhile(route_ids: Any) -> None:
        await make_attempt(await make_account(), job, state=AttemptState.PLACED)

    monkeypatch.setattr(purging.routes, "purge_unused", meanwhile)
    assert await purge_records(30 * DAY) == 0
    assert await counts() == before


async def test_two_that_purge_at_once_take_each_row_once() -> None:
    for _ in range(6):
        record, _, _ = await make_record()
        await delete(record)
    await asyncio.gather(*(purge_records(30 * DAY) for _ in range(3)))
    while await purge_records(30 * DAY):
        pass
    assert set((await counts()).values()) == {0}


async def test_batches_that_were_deleted_go_and_their_jobs_stay_with_their_records() -> None:
    gone = await make_batch(status=BatchStatus.FAILED, deleted_at=LONG_AGO)
    running = await make_batch(status=BatchStatus.FAILED, deleted_at=LONG_AGO)
    young = await make_batch(status=BatchStatus.FAILED, deleted_at=datetime.now(UTC))
    present = await make_batch(status=BatchStatus.FAILED)
    ended, live = await start(), await start()
    await fail(ended)
    await Job.filter(id=ended.id).update(batch_id=gone.id)
    await Job.filter(id=live.id).update(batch_id=running.id)
    assert await batches.purge_deleted(30 * DAY) == 1
    assert {batch.id for batch in await Batch.all()} == {running.id, young.id, present.id}
    assert await Job.filter(id=ended.id).exists()
    assert await GenerationRecord.all().count() == 2


async def test_accounts_go_that_no_attempt_names_and_the_others_lose_their_session() -> None:
    gone, named, draining, young, present = [await make_account(name=f"account {n}") for n in range(5)]
    for account in (gone, named, present):
        await make_cooldown(account)
        await AccountUsage.create(account_id=account.id, kind=MediaKind.IMAGE, day="2026-01-01", count=3)
        await UploadedInput.create(account_id=account.id, sha256="f" * 64, uri="tos/1")
    await make_attempt(named, state=AttemptState.ENDED)
    await make_attempt(draining, state=AttemptState.ACCEPTED)
    await delete_accounts(OWNER, [gone.id, named.id, draining.id, young.id])
    await Account.filter(id__in=[gone.id, named.id, draining.id]).update(deleted_at=LONG_AGO)
    assert await purge_accounts(30 * DAY) == 1
    left = {row.id: row for row in await Account.all()}
    assert set(left) == {named.id, draining.id, young.id, present.id}
    assert (left[named.id].session_sealed, left[named.id].session_hint) == ("", "")
    assert left[named.id].name == "account 1"
    for account in (draining, young, present):
        assert left[account.id].session_sealed == account.session_sealed
    for table in (AccountCooldown, AccountUsage, UploadedInput):
        assert {row.account_id for row in await table.all()} == {named.id, present.id}
    assert await purge_accounts(30 * DAY) == 0
