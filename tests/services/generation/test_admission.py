"""Admission of requests, with races, on both databases."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from errors import BadInputError, ConflictError, EkonteError, NotFoundError
from models.database import now_ms, transaction
from models.enums import FileState, JobRole, JobStatus, JobType, MediaKind, Priority, Queue, Stage
from models.generation import GenerationRecord
from models.generation_parameters import InputImage
from models.generation_requests import AccountStrategy, GenerationRequest
from models.jobs import IdempotencyKey, Job, JobInput
from services.generation.admission import admit, generate, queue_for
from services.generation.records.showing import choose_record_file
from services.queue.notify import notifying
from tests.account_factories import make_account
from tests.factories import OTHER, OWNER, make_file, make_job
from tests.record_factories import asked, everything, fail, finish, made, record_of, start

pytestmark = pytest.mark.usefixtures("either_database")


async def refusal_of(error: type[EkonteError], **values: Any) -> EkonteError:
    """The refusal of a request, which must have changed nothing."""
    before = await everything()
    with pytest.raises(error) as refusal:
        await start("shot-1", key="k", **values)
    assert await everything() == before
    assert await IdempotencyKey.all().count() == 0
    return refusal.value


async def test_a_request_makes_a_record_and_a_job_that_is_due() -> None:
    notified: list[Queue] = []
    with notifying(lambda *queues: notified.extend(queues)):
        job = await start("shot-1", seed=7, project_name="Film")
    assert notified == [job.queue]
    record = await record_of(job)
    assert (job.role, job.status, job.type, job.queue) == (
        JobRole.GENERATE,
        JobStatus.PENDING,
        JobType.TEXT_TO_IMAGE,
        Queue.IMAGES,
    )
    assert (job.target_id, job.record_id, job.priority_rank) == (record.id, record.id, 2)
    assert job.due_at_ms is not None
    assert abs(job.due_at_ms - await now_ms()) < 60_000
    assert (record.owner, record.current_job_id, record.shown_job_id) == (OWNER, job.id, None)
    assert (record.project_id, record.project_name, record.work_id) == ("default", "Film", "default")
    assert record.params == job.params
    assert record.request_sha256 == GenerationRequest.from_json(record.params).sha256()


async def test_two_at_once_for_one_storyboard_make_one_job_and_one_conflict() -> None:
    outcomes_ = await asyncio.gather(*(start("shot-1", seed=number) for number in range(6)), return_exceptions=True)
    jobs = [outcome for outcome in outcomes_ if isinstance(outcome, Job)]
    assert len(jobs) == 1
    assert all(isinstance(outcome, Job | ConflictError) for outcome in outcomes_)
    assert await Job.all().count() == 1
    record = await GenerationRecord.get()
    assert (record.current_job_id, record.params) == (jobs[0].id, jobs[0].params)


async def test_a_second_job_is_refused_while_one_is_live_and_taken_afterwards() -> None:
    first = await start("shot-1")
    assert isinstance(await refusal_of(ConflictError, prompt="another"), ConflictError)
    await fail(first)
    second = await start("shot-1", prompt="another")
    assert second.record_id == first.record_id
    record = await record_of(second)
    assert (record.current_job_id, record.prompt) == (second.id, "another")


async def test_pictures_clips_works_projects_and_owners_have_records_of_their_own() -> None:
    jobs = [
        await start("shot-1"),
        await start("shot-1", kind=MediaKind.VIDEO, model="offline-motion"),
        await start("shot-1", work_id="w2"),
        await start("shot-1", project_id="p2"),
        await start("shot-1", OTHER),
    ]
    assert len({job.record_id for job in jobs}) == 5


async def test_what_a_record_shows_stays_until_the_new_job_has_succeeded() -> None:
    record = await made("shot-1")
    job = await start("shot-1", prompt="another")
    now = await record_of(job)
    assert (now.shown_job_id, now.prompt) == (record.shown_job_id, "another")
    assert now.version > record.version


async def test_ten_requests_at_once_under_one_key_make_one_job() -> None:
    jobs = await asyncio.gather(*(start("shot-1", key="k") for _ in range(10)))
    assert len({job.id for job in jobs}) == 1
    assert await Job.all().count() == 1


async def test_a_key_answers_before_any_other_check_and_refuses_other_input() -> None:
    file = await make_file()
    job = await start("shot-1", key="k", inputs=(InputImage(file.global_id),))
    await JobInput.all().delete()
    await file.delete()
    assert (await start("shot-1", key="k", inputs=(InputImage(file.global_id),))).id == job.id
    with pytest.raises(ConflictError, match="other input"):
        await start("shot-1", key="k", prompt="another")
    with pytest.raises(ConflictError, match="other input"):
        await generate(OWNER, asked("shot-1", inputs=(InputImage(file.global_id),)), "k", Priority.HIGH)
    assert await Job.all().count() == 1


async def test_a_default_that_was_said_is_the_same_request() -> None:
    job = await start("shot-1", key="k", ratio="1:1", defaulted=frozenset({"ratio"}))
    assert (await start("shot-1", key="k", ratio="1:1")).id == job.id


async def test_what_the_model_does_not_take_changes_nothing() -> None:
    assert (await refusal_of(BadInputError, model="nothing")).path == ["input", "model"]
    assert (await refusal_of(BadInputError, ratio="9:9")).path == ["input", "ratio"]


async def test_jobs_wait_where_they_are_made() -> None:
    def queue(**changes: Any) -> Queue:
        request = GenerationRequest(
            kind=MediaKind.IMAGE, provider="jimeng", model="jimeng-4.5", prompt="a street", storyboard_id="s"
        )
        return queue_for(replace(request, **changes))

    assert queue() is Queue.POOL_IMAGES
    assert queue(kind=MediaKind.VIDEO) is Queue.POOL_VIDEOS
    assert queue(provider="offline") is Queue.IMAGES
    assert queue(provider="offline", kind=MediaKind.VIDEO) is Queue.VIDEOS
    assert queue(inputs=(InputImage("https://a.example/1.png"),)) is Queue.INPUTS
    assert queue(inputs=(InputImage("file_1", "f" * 64),)) is Queue.POOL_IMAGES


async def test_uploads_and_results_become_inputs_and_links_stay_links() -> None:
    upload = await make_file(is_upload=True)
    record = await made("shot-0")
    chosen = (await finish(await start("shot-2")))[1]
    other = await record_of(await Job.filter(record_id__not=record.id).get())
    await choose_record_file(OWNER, other.id, chosen.sha256)
    link = "https://a.example/1.png"
    job = await start("shot-1", inputs=tuple(map(InputImage, (upload.global_id, link, other.global_id))))
    assert (job.type, job.queue) == (JobType.IMAGE_TO_IMAGE, Queue.INPUTS)
    assert [(image["given"], image["sha256"]) for image in job.params["inputs"]] == [
        (upload.global_id, upload.sha256),
        (link, None),
        (other.global_id, chosen.sha256),
    ]
    inputs = await JobInput.filter(job_id=job.id).order_by("position")
    assert [(row.position, row.file_id) for row in inputs] == [(0, upload.id), (2, chosen.id)]
    first = (await start("shot-3", inputs=(InputImage(record.global_id),))).params["inputs"][0]
    assert first["sha256"] is not None


async def test_inputs_that_are_not_there_or_no_pictures_are_refused_with_their_place() -> None:
    theirs, sound = await make_file(OTHER), await make_file(content_type="audio/wav")
    gone = await make_file(state=FileState.REMOVING)
    their_record, unmade = await made("shot-0", OTHER), await record_of(await start("shot-9"))
    good = await make_file()
    for wrong, error in (
        (theirs.global_id, NotFoundError),
        (gone.global_id, NotFoundError),
        (sound.global_id, BadInputError),
        (their_record.global_id, NotFoundError),
        (unmade.global_id, BadInputError),
    ):
        refusal = await refusal_of(error, inputs=(InputImage(good.global_id), InputImage(wrong)))
        assert refusal.path == ["input", "inputImages", "1"]


async def test_a_strategys_accounts_must_be_the_callers_and_live() -> None:
    mine, theirs = await make_account(), await make_account(OTHER)
    gone = await make_account(deleted_at=mine.created_at)
    for account in (theirs, gone):
        strategy = AccountStrategy(account_ids=(mine.id, account.id))
        refusal = await refusal_of(NotFoundError, model="jimeng-4.5", strategy=strategy)
        assert refusal.path == ["input", "strategy", "accountIds", "1"]
    job = await start("shot-1", model="jimeng-4.5", strategy=AccountStrategy(account_ids=(mine.id,)))
    assert (job.queue, job.params["strategy"]["account_ids"]) == (Queue.POOL_IMAGES, [mine.id])


async def test_a_builds_generation_is_part_of_it() -> None:
    build = await make_job(role=JobRole.BUILD, workflow_id=9, stage=Stage.STORYBOARD)
    picture = await make_file()
    request = GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="jimeng",
        model="jimeng-4.5",
        prompt="a street",
        storyboard_id="shot-1",
        inputs=(InputImage(picture.sha256, picture.sha256),),
    )
    job = await transaction(lambda: admit(OWNER, request, parent=build, priority_rank=1))
    assert (job.parent_id, job.workflow_id, job.stage, job.priority_rank) == (build.id, 9, Stage.STORYBOARD, 1)
    assert (await JobInput.get(job_id=job.id)).file_id == picture.id
    lost = replace(request, storyboard_id="shot-2", inputs=(InputImage("f" * 64, "f" * 64),))
    with pytest.raises(NotFoundError):
        await transaction(lambda: admit(OWNER, lost, parent=build))
    assert not await GenerationRecord.exists(storyboard_id="shot-2")


async def test_a_deleted_records_storyboard_gets_a_new_record() -> None:
    record = await made("shot-1")
    await GenerationRecord.filter(id=record.id).update(deleted_at=record.created_at)
    assert (await start("shot-1")).record_id != record.id
