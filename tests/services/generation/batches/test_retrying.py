"""Retries of succeeded items: the requests and the queues of their new jobs."""

from typing import Any

import pytest

from errors import NotFoundError
from models.artifacts import JobFile
from models.batches import Batch
from models.callbacks import CallbackDelivery
from models.enums import BatchStatus, FileState, JobStatus, MediaKind, Queue, Reuse
from models.files import StoredFile
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest
from models.jobs import Job, JobInput
from services.generation.batches.admission import create_batch
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.batches.retrying import retry_batch
from tests.batch_factories import end, make_batch_of, storyboard_of
from tests.factories import OWNER, make_file
from tests.record_factories import asked, finish, made, record_of, start
from tests.resolvers.asking import ask

pytestmark = pytest.mark.usefixtures("either_database")

NIGHT = "a street at night, rain on the stones, a woman in a red coat, cinematic"
NEAR = NIGHT.replace("red", "blue")
LINK = "https://pictures.example/1.png"


async def answered(storyboard_id: str, **values: Any) -> Batch:
    """A batch of one item, which a cached result answers."""
    item = BatchItem(asked(storyboard_id, **values))
    batch = (await create_batch(OWNER, BatchInput(MediaKind.IMAGE, "default", "default", [item]), None)).batch
    assert batch is not None
    assert (await Job.get(batch_id=batch.id)).status is JobStatus.SUCCEEDED
    return batch


async def made_again(batch: Batch) -> Job:
    """The new job of its item."""
    assert (await retry_batch(OWNER, batch.id, [], forces=True)).retried_count == 1
    return await Job.get(batch_id=batch.id, status=JobStatus.PENDING)


async def files_of(job: Job) -> list[int]:
    return [link.file_id for link in await JobFile.filter(job_id=job.id).order_by("position")]


async def test_what_a_like_prompts_result_answered_is_made_and_found_as_what_it_asked_for() -> None:
    former = await made("shot-1", prompt=NIGHT)
    job = await made_again(await answered("shot-2", prompt=NEAR, reuse=Reuse.SIMILAR, reuse_threshold=0.9))
    assert (await record_of(job)).request_sha256 == GenerationRequest.from_json(job.params).sha256()
    files = [file.id for file in await finish(job)]
    record = await record_of(job)
    assert record.request_sha256 != former.request_sha256
    near = await start("shot-3", prompt=NEAR, reuse=Reuse.EXACT)
    night = await start("shot-4", prompt=NIGHT, reuse=Reuse.EXACT)
    assert (near.status, await files_of(near)) == (JobStatus.SUCCEEDED, files)
    assert await files_of(night) == await files_of(await Job.get(id=former.shown_job_id))
    nearest = await start("shot-5", prompt=f"{NEAR}!", reuse=Reuse.SIMILAR, reuse_threshold=0.9)
    assert await files_of(nearest) == files


async def test_a_picture_from_a_link_is_taken_where_it_is_still_there() -> None:
    picture = await make_file(source_url=LINK)
    await made("shot-1", inputs=(InputImage(picture.global_id),))
    job = await made_again(await answered("shot-2", inputs=(InputImage(LINK),), reuse=Reuse.EXACT))
    assert job.queue is Queue.IMAGES
    assert [(image.position, image.file_id) for image in await JobInput.filter(job_id=job.id)] == [(0, picture.id)]


async def test_a_picture_from_a_link_that_is_gone_is_fetched_again() -> None:
    picture = await make_file(source_url=LINK)
    await made("shot-1", inputs=(InputImage(picture.global_id),))
    batch = await answered("shot-2", inputs=(InputImage(LINK),), reuse=Reuse.EXACT)
    await StoredFile.filter(id=picture.id).update(state=FileState.REMOVING)
    job = await made_again(batch)
    assert (job.queue, job.params["inputs"]) == (Queue.INPUTS, [{"given": LINK, "sha256": None}])
    assert not await JobInput.exists(job_id=job.id)
    assert (await record_of(job)).request_sha256 == GenerationRequest.from_json(job.params).sha256()


FOR_GOOD = {"code": "CONTENT_REJECTED", "message": "The prompt was rejected.", "retryable": False}


async def three() -> tuple[Batch, list[Job]]:
    """A batch whose items failed for a while, failed for good, and succeeded."""
    batch, jobs = await make_batch_of([JobStatus.FAILED, JobStatus.FAILED, JobStatus.SUCCEEDED])
    await Job.filter(id=jobs[1].id).update(error=FOR_GOOD)
    await Batch.filter(id=batch.id).update(status=BatchStatus.PARTIALLY_FAILED)
    return batch, jobs


async def test_what_failed_for_good_is_not_retried_and_named_with_its_reason() -> None:
    batch, jobs = await three()
    done = await retry_batch(OWNER, batch.id, [], forces=False)
    assert done.retried_count == 1
    (skipped,) = done.skipped
    assert (skipped.storyboard_id, skipped.job_id) == (storyboard_of(jobs[1]), jobs[1].id)
    assert "CONTENT_REJECTED: The prompt was rejected" in skipped.reason
    assert [(await Job.get(id=job.id)).status for job in jobs] == [
        JobStatus.PENDING,
        JobStatus.FAILED,
        JobStatus.SUCCEEDED,
    ]


async def test_where_all_failed_for_good_nothing_changes() -> None:
    batch, jobs = await make_batch_of([JobStatus.FAILED, JobStatus.FAILED])
    await Job.filter(batch_id=batch.id).update(error=FOR_GOOD)
    await Batch.filter(id=batch.id).update(status=BatchStatus.FAILED)
    before = [dict(row) for row in await Job.all().order_by("id").values()]
    done = await retry_batch(OWNER, batch.id, [], forces=False)
    assert (done.retried_count, [item.job_id for item in done.skipped]) == (0, [job.id for job in jobs])
    assert [dict(row) for row in await Job.all().order_by("id").values()] == before
    assert done.batch.status is BatchStatus.FAILED


@pytest.mark.parametrize("forces", [True, False])
async def test_a_named_item_is_retried_whatever_it_failed_with(forces: bool) -> None:
    batch, jobs = await three()
    done = await retry_batch(OWNER, batch.id, [storyboard_of(jobs[1])], forces=forces)
    assert (done.retried_count, done.skipped) == (1, [])
    assert (await Job.get(id=jobs[1].id)).status is JobStatus.PENDING


async def test_force_retries_all() -> None:
    batch, _ = await three()
    assert (await retry_batch(OWNER, batch.id, [], forces=True)).retried_count == 3


async def test_the_items_keep_their_order_through_retries() -> None:
    batch, jobs = await make_batch_of([JobStatus.SUCCEEDED] * 4)
    await Batch.filter(id=batch.id).update(status=BatchStatus.SUCCEEDED, callback_url="https://studio.example/hook")
    order = [storyboard_of(job) for job in jobs]
    for name in (order[1], order[3], order[1]):
        await retry_batch(OWNER, batch.id, [name], forces=True)
        for job in await Job.filter(batch_id=batch.id, status=JobStatus.PENDING):
            await end(job, JobStatus.SUCCEEDED)
    page = f'{{ batch(id: "{batch.global_id}") {{ jobs {{ nodes {{ storyboardId }} }} first: jobs(first: 2) {{'
    page += " nodes { storyboardId } pageInfo { endCursor } } } }"
    shown = (await ask(page))["batch"]
    assert [node["storyboardId"] for node in shown["jobs"]["nodes"]] == order
    rest = "query ($id: ID!, $after: String) { batch(id: $id) { jobs(after: $after) { nodes { storyboardId } } } }"
    after = shown["first"]["pageInfo"]["endCursor"]
    later = (await ask(rest, id=batch.global_id, after=after))["batch"]["jobs"]["nodes"]
    assert [node["storyboardId"] for node in later] == order[2:]
    bodies = [delivery.body for delivery in await CallbackDelivery.filter(subject_id=batch.id)]
    assert [[result["storyboard_id"] for result in body["results"]] for body in bodies] == [order] * 3


async def test_unknown_storyboards_are_not_found_with_the_place_of_each() -> None:
    batch, jobs = await three()
    before = [dict(row) for row in await Job.all().order_by("id").values()]
    with pytest.raises(NotFoundError) as refused:
        await retry_batch(OWNER, batch.id, ["x", storyboard_of(jobs[0]), "y"], forces=False)
    assert [list(fault.path)[-1] for fault in refused.value.faults] == ["0", "2"]
    assert [dict(row) for row in await Job.all().order_by("id").values()] == before
