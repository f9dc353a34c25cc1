"""Reuse of earlier results."""

import asyncio
from typing import Any

import pytest

from errors import BadInputError, ConflictError
from models.artifacts import JobFile
from models.enums import FileState, JobStatus, Reuse
from models.files import StoredFile
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.generation_parameters import InputImage
from models.jobs import Job
from services.generation.records.showing import choose_record_file, restore_version
from tests.factories import OTHER, OWNER, make_file
from tests.record_factories import everything, fail, made, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")


async def again(storyboard_id: str = "shot-2", owner: str = OWNER, **values: Any) -> Job:
    return await start(storyboard_id, owner, reuse=Reuse.EXACT, **values)


async def files_of(job: Job) -> list[int]:
    return [link.file_id for link in await JobFile.filter(job_id=job.id).order_by("position")]


async def test_the_same_request_gets_the_same_files_without_being_run() -> None:
    former = await made("shot-1")
    second = (await files_of(await Job.get(id=former.shown_job_id)))[1]
    await choose_record_file(OWNER, former.id, (await StoredFile.get(id=second)).sha256)
    job = await again(key="k")
    record = await record_of(job)
    assert (job.status, job.progress, job.due_at_ms) == (JobStatus.SUCCEEDED, 1.0, None)
    assert job.finished_at is not None
    assert await files_of(job) == await files_of(await Job.get(id=former.shown_job_id))
    assert (record.is_reused, record.shown_job_id, record.current_job_id) == (True, job.id, job.id)
    assert (record.id != former.id, record.chosen_file_id) == (True, second)
    assert await Attempt.all().count() == 0
    assert (await again(key="k")).id == job.id


async def test_only_exactly_the_same_is_reused_and_only_where_it_was_asked_for() -> None:
    await made("shot-1", seed=1)
    assert (await start("shot-2", seed=1)).status is JobStatus.PENDING
    for number, changes in enumerate(({"seed": 2}, {"prompt": "a street"}, {"style": "ink"}, {"ratio": "16:9"})):
        assert (await again(f"shot-1{number}", **{"seed": 1, **changes})).status is JobStatus.PENDING
    assert (await again("shot-20", OTHER, seed=1)).status is JobStatus.PENDING
    assert (await again("shot-21", seed=1)).status is JobStatus.SUCCEEDED


async def test_the_storyboards_own_result_is_its_own_job_and_nothing_changes() -> None:
    record = await made("shot-2")
    await made("shot-3")
    before = await everything()
    assert (await again("shot-2")).id == record.shown_job_id
    assert await everything() == before


async def test_what_the_storyboard_showed_before_becomes_a_version() -> None:
    await made("shot-1")
    other = await made("shot-2", prompt="something else")
    record = await record_of(await again("shot-2"))
    assert (record.id, record.prompt) == (other.id, "a street at night")
    version = await RecordVersion.get(record_id=record.id)
    assert (version.job_id, version.prompt) == (other.shown_job_id, "something else")


async def test_a_live_job_of_the_storyboard_is_a_conflict() -> None:
    await made("shot-1")
    await start("shot-2", prompt="something else")
    before = await everything()
    with pytest.raises(ConflictError):
        await again("shot-2")
    assert await everything() == before


async def test_results_that_failed_went_or_belong_to_an_earlier_request_are_not_reused() -> None:
    await fail(await start("shot-1"))
    outdated = await made("shot-3")
    await fail(await start("shot-3", prompt="something else"))
    deleted = await made("shot-4")
    await GenerationRecord.filter(id=deleted.id).update(deleted_at=deleted.created_at)
    lost = await made("shot-5")
    await StoredFile.filter(id__in=await files_of(await Job.get(id=lost.shown_job_id))).update(state=FileState.REMOVING)
    assert (await again()).status is JobStatus.PENDING
    assert (await GenerationRecord.get(id=outdated.id)).shown_job_id == outdated.shown_job_id


async def test_a_link_counts_by_what_came_from_it_last() -> None:
    link = "https://a.example/1.png"
    picture = await make_file(source_url=link)
    await made("shot-1", inputs=(InputImage(picture.global_id),))
    assert (await again(inputs=(InputImage(link),))).status is JobStatus.SUCCEEDED
    assert (await again("shot-3", inputs=(InputImage(link + "?"),))).status is JobStatus.PENDING


async def test_reused_at_once_for_one_storyboard_nothing_is_run() -> None:
    await made("shot-1")
    jobs = await asyncio.gather(*(again() for _ in range(5)))
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    record = await record_of(jobs[0])
    assert record.shown_job_id in {job.id for job in jobs}
    assert await Job.filter(status=JobStatus.PENDING).count() == 0


# ---------------------------------------------------------------- similar prompts

NIGHT = "a street at night, rain on the stones, a woman in a red coat, cinematic"
NEAR = NIGHT.replace("red", "blue")


async def similar(storyboard_id: str, owner: str = OWNER, threshold: float = 0.9, **values: Any) -> Job:
    return await start(storyboard_id, owner, reuse=Reuse.SIMILAR, reuse_threshold=threshold, **values)


async def test_a_similar_prompt_gets_the_same_files_and_a_message_with_the_similarity() -> None:
    former = await made("shot-1", prompt=NIGHT)
    job = await similar("shot-2", prompt=NEAR)
    record = await record_of(job)
    assert job.status is JobStatus.SUCCEEDED
    assert job.message == f"Reused an earlier result of a similar prompt: 96.3 % similar (record {former.global_id})."
    assert await files_of(job) == await files_of(await Job.get(id=former.shown_job_id))
    assert (record.is_reused, record.prompt, record.shown_job_id) == (True, NEAR, job.id)
    assert await Attempt.all().count() == 0


async def test_not_where_it_is_less_alike_or_anything_else_differs_or_is_somebody_elses() -> None:
    await made("shot-1", prompt=NIGHT, seed=1)
    assert (await similar("shot-2", threshold=0.97, prompt=NEAR, seed=1)).status is JobStatus.PENDING
    assert (await similar("shot-3", prompt=NEAR, seed=2)).status is JobStatus.PENDING
    assert (await similar("shot-4", OTHER, prompt=NEAR, seed=1)).status is JobStatus.PENDING
    assert (await again("shot-5", prompt=NEAR, seed=1)).status is JobStatus.PENDING
    assert (await similar("shot-6", prompt=NEAR, seed=1)).status is JobStatus.SUCCEEDED


async def test_the_very_request_comes_before_one_that_is_alike() -> None:
    same = await made("shot-1", prompt=NEAR)
    await made("shot-2", prompt=NIGHT)
    job = await similar("shot-3", prompt=NEAR)
    assert await files_of(job) == await files_of(await Job.get(id=same.shown_job_id))
    assert job.message == "Reused an earlier result of the same request."


async def test_of_several_the_most_alike_whose_files_are_there() -> None:
    near = await made("shot-1", prompt=NIGHT.replace("stones", "stairs"))
    nearest = await made("shot-2", prompt=NIGHT + " film")
    nearest_files = await files_of(await Job.get(id=nearest.shown_job_id))
    assert await files_of(await similar("shot-3", threshold=0.5, prompt=NIGHT)) == nearest_files
    await StoredFile.filter(id__in=nearest_files).update(state=FileState.REMOVING)
    job = await similar("shot-4", threshold=0.5, prompt=NIGHT)
    assert await files_of(job) == await files_of(await Job.get(id=near.shown_job_id))


async def test_what_was_handed_out_for_a_like_prompt_is_no_result_of_that_prompt() -> None:
    """Neither for the same prompt, nor for a similar one that is less similar to the prompt of the result."""
    former = await made("shot-1", prompt=NIGHT)
    handed_out = await record_of(await similar("shot-2", prompt=NEAR))
    assert (await again("shot-3", prompt=NEAR)).status is JobStatus.PENDING
    farther = NEAR.replace("stones", "stairs").replace("coat", "cape")
    assert (await similar("shot-4", threshold=0.93, prompt=farther)).status is JobStatus.PENDING
    assert handed_out.request_sha256 == former.request_sha256
    await made("shot-2", prompt="a lighthouse")
    version = await RecordVersion.get(record_id=handed_out.id)
    await restore_version(OWNER, version.id)
    assert (await again("shot-5", prompt=NEAR)).status is JobStatus.PENDING
    assert (await again("shot-6", prompt=NIGHT)).status is JobStatus.SUCCEEDED


async def test_asked_for_again_the_storyboard_keeps_what_it_was_given() -> None:
    await made("shot-1", prompt=NIGHT)
    first = await similar("shot-2", prompt=NEAR)
    before = await everything()
    assert (await similar("shot-2", prompt=NEAR)).id == first.id
    assert await everything() == before
    other = await similar("shot-2", prompt=NEAR + "!")
    record = await record_of(other)
    assert (other.id != first.id, record.prompt, record.version_count) == (True, NEAR + "!", 1)


async def test_made_anew_it_is_a_result_of_its_own_prompt() -> None:
    await made("shot-1", prompt=NIGHT)
    await similar("shot-2", prompt=NEAR)
    record = await made("shot-2", prompt=NEAR)
    job = await again("shot-3", prompt=NEAR)
    assert (job.status, record.is_reused) == (JobStatus.SUCCEEDED, False)
    assert await files_of(job) == await files_of(await Job.get(id=record.shown_job_id))


@pytest.mark.parametrize("threshold", [-0.01, 1.01])
async def test_a_threshold_beside_0_to_1_is_refused(threshold: float) -> None:
    before = await everything()
    with pytest.raises(BadInputError) as refusal:
        await similar("shot-1", threshold=threshold)
    assert refusal.value.path == ["input", "reuseThreshold"]
    assert await everything() == before
