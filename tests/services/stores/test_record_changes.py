"""A record shows its newest job's state and error, so whatever changes those changes the record."""

from datetime import UTC, datetime

import pytest

from errors import JobErrorCode
from models.database import transaction
from models.enums import JobStatus
from models.generation import GenerationRecord
from models.job_errors import JobError
from models.jobs import Job
from services.film.jobs import cancel_job, retry_job
from services.generation.outcomes import fail_generation, requeue
from services.generation.records.showing import choose_record_file, restore_version
from services.stores.jobs.moves import start_generations
from tests.factories import OWNER
from tests.record_factories import finish, made, record_of, start
from tests.resolvers.asking import ask

pytestmark = pytest.mark.usefixtures("either_database")

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ERROR = JobError(JobErrorCode.CONTENT_REJECTED, "It was rejected.", is_retryable=False)


async def age(job: Job) -> int:
    """Sets the record's time back; returns its version."""
    await GenerationRecord.filter(id=job.record_id).update(updated_at=LONG_AGO)
    return (await record_of(job)).version


async def has_changed(job: Job, version: int) -> bool:
    record = await record_of(job)
    assert (record.updated_at > LONG_AGO) is (record.version > version)
    return record.updated_at > LONG_AGO


@pytest.mark.parametrize("step", ["start", "requeue", "fail", "cancel", "retry"])
async def test_each_step_of_its_job_changes_the_record(step: str) -> None:
    job = await start("shot-1")
    if step in ("requeue", "fail"):
        await transaction(lambda: start_generations([job.id], group="0", is_paused="FALSE"))
    if step == "retry":
        await transaction(lambda: fail_generation(job, ERROR))
    version = await age(job)
    match step:
        case "start":
            await transaction(lambda: start_generations([job.id], group="0", is_paused="FALSE"))
        case "requeue":
            await transaction(lambda: requeue(job, "Switching."))
        case "fail":
            await transaction(lambda: fail_generation(job, ERROR))
        case "cancel":
            await cancel_job(OWNER, job.id)
        case _:
            await retry_job(OWNER, job.id)
    assert await has_changed(job, version)


async def test_a_failure_is_told_by_the_api_and_sorts_the_record_to_the_top() -> None:
    first, second = await start("shot-1"), await start("shot-2")
    for job in (first, second):
        await age(job)
    await transaction(lambda: fail_generation(first, ERROR))
    document = """{ records(orderBy: {field: UPDATED_AT, direction: DESC}) {
      nodes { storyboardId updatedAt error { code } } } }"""
    nodes = (await ask(document))["records"]["nodes"]
    assert [node["storyboardId"] for node in nodes] == ["shot-1", "shot-2"]
    assert nodes[0]["error"] == {"code": "CONTENT_REJECTED"}
    assert nodes[0]["updatedAt"] > "2025" > nodes[1]["updatedAt"]


async def test_the_end_of_a_job_that_another_has_replaced_changes_no_record() -> None:
    former = await start("shot-1")
    await transaction(lambda: fail_generation(former, ERROR))
    newest = await start("shot-1")
    await transaction(lambda: fail_generation(newest, ERROR))
    version = await age(former)
    await Job.filter(id=former.id).update(status=JobStatus.RUNNING)
    await transaction(lambda: fail_generation(former, ERROR))
    assert not await has_changed(former, version)


async def test_another_choice_is_told_to_those_who_follow_the_job() -> None:
    record = await made("shot-1")
    job = await Job.get(id=record.current_job_id)
    files = await ask("query ($id: ID!) { record(id: $id) { files { sha256 } } }", id=record.global_id)
    before = job.version
    await choose_record_file(OWNER, record.id, files["record"]["files"][1]["sha256"])
    assert (await Job.get(id=job.id)).version == before + 1
    await choose_record_file(OWNER, record.id, files["record"]["files"][1]["sha256"])
    assert (await Job.get(id=job.id)).version == before + 1


async def test_a_restored_version_is_told_to_those_who_follow_either_job() -> None:
    record = await made("shot-1")
    first = await Job.get(id=record.current_job_id)
    second = await start("shot-1", prompt="another street")
    await finish(second)
    document = "query ($id: ID!) { record(id: $id) { versions { nodes { id } } } }"
    version = (await ask(document, id=record.global_id))["record"]["versions"]["nodes"][0]["id"]
    before = [(await Job.get(id=job.id)).version for job in (first, second)]
    await restore_version(OWNER, int(version.split("_")[1]))
    assert [(await Job.get(id=job.id)).version for job in (first, second)] == [number + 1 for number in before]
