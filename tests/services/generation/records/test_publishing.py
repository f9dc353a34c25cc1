"""Publishing results in records, and keeping earlier ones as versions."""

import asyncio
from datetime import UTC, datetime

import pytest

from models.database import transaction
from models.enums import JobStatus
from models.generation import GenerationRecord, RecordVersion
from models.jobs import Job
from services.generation.records.publishing import publish_result
from services.generation.records.showing import choose_record_file
from tests.factories import OWNER
from tests.record_factories import everything, fail, finish, made, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def publish(job: Job, file_ids: list[int]) -> bool:
    return await transaction(lambda: publish_result(job, file_ids))


async def versions(record: GenerationRecord) -> list[tuple[int, int]]:
    rows = await RecordVersion.filter(record_id=record.id).order_by("number")
    return [(row.number, row.job_id) for row in rows]


async def test_a_first_result_is_shown_and_there_is_no_version() -> None:
    job = await start("shot-1")
    await finish(job)
    record = await record_of(job)
    assert (record.shown_job_id, record.chosen_file_id, record.version_count) == (job.id, None, 0)
    assert await versions(record) == []


async def test_each_former_result_becomes_a_version_with_its_request_and_its_choice() -> None:
    first = await start("shot-1", prompt="one", seed=1)
    chosen = (await finish(first))[1]
    record = await choose_record_file(OWNER, (await record_of(first)).id, chosen.sha256)
    second = await start("shot-1", prompt="two")
    await finish(second)
    third = await start("shot-1", prompt="three")
    await finish(third)
    now = await record_of(third)
    assert (now.id, now.shown_job_id, now.chosen_file_id, now.version_count) == (record.id, third.id, None, 2)
    assert now.version > record.version
    assert await versions(now) == [(1, first.id), (2, second.id)]
    version = await RecordVersion.get(number=1)
    assert (version.prompt, version.model, version.chosen_file_id) == ("one", "offline-drawing", chosen.id)
    assert (version.params, version.owner) == (first.params, OWNER)


async def test_publishing_twice_changes_nothing() -> None:
    await made("shot-1")
    job = await start("shot-1", prompt="two")
    files = [file.id for file in await finish(job)]
    before = await everything()
    assert await publish(job, files)
    assert await everything() == before
    assert await RecordVersion.all().count() == 1


async def test_a_late_result_becomes_a_version_once_and_what_is_shown_stays() -> None:
    late = await start("shot-1", prompt="late")
    await fail(late)
    newer = await start("shot-1", prompt="newer")
    assert not await publish(late, [1])
    assert not await publish(late, [1])
    record = await record_of(newer)
    assert (record.shown_job_id, record.current_job_id, record.prompt) == (None, newer.id, "newer")
    assert await versions(record) == [(1, late.id)]
    await finish(newer)
    assert (await record_of(newer)).shown_job_id == newer.id
    assert await versions(record) == [(1, late.id)]


async def test_a_late_result_is_shown_where_nothing_newer_was_asked_for() -> None:
    late = await start("shot-1")
    await fail(late)
    assert await publish(late, [1])
    assert (await record_of(late)).shown_job_id == late.id


async def test_nothing_is_published_without_files_or_for_a_deleted_record() -> None:
    job = await start("shot-1")
    assert not await publish(job, [])
    await GenerationRecord.filter(id=job.record_id).update(deleted_at=NOW)
    assert not await publish(job, [1])
    assert (await record_of(job)).shown_job_id is None
    assert await RecordVersion.all().count() == 0


async def test_ends_of_a_late_and_a_new_job_at_once_leave_one_shown_and_one_version() -> None:
    late = await start("shot-1", prompt="late")
    await fail(late)
    newer = await start("shot-1", prompt="newer")
    await Job.filter(id=late.id).update(status=JobStatus.FAILED)
    await asyncio.gather(publish(late, [1]), publish(newer, [2]))
    record = await record_of(newer)
    assert record.shown_job_id == newer.id
    assert await versions(record) == [(1, late.id)]
