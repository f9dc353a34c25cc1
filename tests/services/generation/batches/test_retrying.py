"""Retries of succeeded items: the requests and the queues of their new jobs."""

from typing import Any

import pytest

from models.artifacts import JobFile
from models.batches import Batch
from models.enums import FileState, JobStatus, MediaKind, Queue, Reuse
from models.files import StoredFile
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest
from models.jobs import Job, JobInput
from services.generation.batches.admission import create_batch
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.batches.retrying import retry_batch
from tests.factories import OWNER, make_file
from tests.record_factories import asked, finish, made, record_of, start

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
