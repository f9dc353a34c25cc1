"""Deleting records."""

import asyncio

import pytest

from errors import ConflictError, NotFoundError
from models.artifacts import JobFile
from models.enums import AttemptState, Reuse
from models.files import StoredFile
from models.generation import Attempt, GenerationRecord
from models.generation_parameters import InputImage
from models.jobs import Job, JobInput
from services.generation.records.deleting import delete_records
from tests.account_factories import make_account, make_attempt
from tests.factories import OTHER, OWNER, make_file
from tests.record_factories import everything, fail, finish, made, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")


async def released() -> set[int]:
    return {file.id for file in await StoredFile.filter(released_at__isnull=False)}


async def test_each_record_is_deleted_or_refused_on_its_own() -> None:
    record, theirs = await made("shot-1"), await made("shot-1", OTHER)
    busy = await record_of(await start("shot-2"))
    outcomes = dict(await delete_records(OWNER, [record.id, theirs.id, busy.id, 1], with_files=False))
    assert outcomes[record.id] is None
    assert isinstance(outcomes[theirs.id], NotFoundError)
    assert isinstance(outcomes[busy.id], ConflictError)
    assert isinstance(outcomes[1], NotFoundError)
    assert [row.id for row in await GenerationRecord.filter(deleted_at__isnull=False)] == [record.id]
    assert await released() == set()
    again = dict(await delete_records(OWNER, [record.id], with_files=True))
    assert isinstance(again[record.id], NotFoundError)
    assert await released() == set()


async def test_files_go_with_their_record_where_nothing_else_refers_to_them() -> None:
    first = await start("shot-1", prompt="one")
    old = await finish(first)
    upload, fetched = await make_file(is_upload=True), await make_file()
    second = await start("shot-1", prompt="two", inputs=(InputImage(upload.global_id), InputImage(fetched.global_id)))
    kept, gone = await finish(second)
    user = await start("shot-2", inputs=(InputImage(kept.global_id),))
    reused = await start("shot-3", prompt="two", inputs=(), seed=1)
    await finish(reused, files=[old[0]])
    record = await record_of(first)
    assert await delete_records(OWNER, [record.id], with_files=True) == [(record.id, None)]
    assert await released() == {old[1].id, fetched.id, gone.id}
    assert not await JobFile.filter(job_id__in=[first.id, second.id]).exists()
    assert await JobInput.filter(job_id=user.id).exists()
    assert await Job.filter(record_id=record.id).count() == 2


async def test_a_result_that_was_reused_outlives_the_record_it_was_made_for() -> None:
    record = await made("shot-1")
    job = await start("shot-2", reuse=Reuse.EXACT)
    await delete_records(OWNER, [record.id], with_files=True)
    assert await released() == set()
    assert await JobFile.filter(job_id=job.id).count() == 2


async def test_a_result_that_upstream_still_works_on_is_not_waited_for() -> None:
    job = await start("shot-1", model="jimeng-4.5")
    account = await make_account()
    attempt = await make_attempt(account, job, state=AttemptState.ACCEPTED, is_detached=True, history_id="1")
    await fail(job)
    await delete_records(OWNER, [int(job.record_id or 0)], with_files=True)
    assert (await Attempt.get(id=attempt.id)).is_draining


async def test_deleting_and_generating_at_once_never_leaves_a_live_job_on_a_deleted_record() -> None:
    for number in range(4):
        record = await made(f"shot-{number}")
        outcomes = await asyncio.gather(
            delete_records(OWNER, [record.id], with_files=True),
            start(f"shot-{number}", prompt="two"),
            return_exceptions=True,
        )
        deleted, job = outcomes
        assert isinstance(deleted, list)
        now = await GenerationRecord.get(id=record.id)
        if isinstance(job, Job) and job.record_id == record.id:
            assert isinstance(deleted[0][1], ConflictError)
            assert now.deleted_at is None
        else:
            assert deleted[0][1] is None
            assert now.deleted_at is not None
            assert not await Job.filter(record_id=record.id, status="PENDING").exists()


async def test_nothing_is_deleted_for_others() -> None:
    record = await made("shot-1")
    before = await everything()
    assert isinstance(dict(await delete_records(OTHER, [record.id], with_files=True))[record.id], NotFoundError)
    assert await everything() == before
