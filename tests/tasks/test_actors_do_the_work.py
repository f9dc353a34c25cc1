"""Nothing is done outside of an actor: with its body replaced by nothing, exactly its kind of work stands still."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from models.alerts import Alert
from models.callbacks import CallbackDelivery
from models.database import execute, now_ms_sql
from models.enums import ArtifactKind, AttemptState, JobRole, JobStatus, JobType, MediaKind, Queue
from models.files import StoredFile
from models.generation import Attempt, GenerationRecord
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.attempts import claim_steps
from services.generation.submitting import submit_step
from services.platform import files
from services.stores.statistics import append_deltas
from services.worker import tick
from services.worker.kinds import QUEUES_OF_WORK, Work
from services.worker.scheduling import schedule
from settings import Settings, get_settings
from tasks.actors import BODIES, Run
from tests.callback_factories import make_delivery
from tests.factories import OWNER, make_build, make_file, make_job
from tests.pool_factories import FakeUpstream, attempts_of, make_account, make_due, make_generation
from tests.workers import worker_at_work

IsDone = Callable[[], Awaitable[bool]]

_numbers = itertools.count(1)


def unlike(row: Any, **then: Any) -> IsDone:
    """Whether a row has other values now than `then`."""

    async def is_done() -> bool:
        present = await type(row).get(id=row.id)
        return any(getattr(present, name) != value for name, value in then.items())

    return is_done


async def due(job: Job) -> Job:
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job.id)
    return job


async def a_stage() -> IsDone:
    return unlike(await due(await make_job()), status=JobStatus.PENDING)


async def a_build() -> IsDone:
    parent = await make_job(status=JobStatus.RUNNING, due_at_ms=None)
    build = await make_build(parent, ArtifactKind.PICTURE, next(_numbers), params={"inputs": {}, "fingerprint": "f"})
    return unlike(await due(build), status=JobStatus.PENDING)


async def a_generation_here(queue: Queue, *inputs: InputImage) -> IsDone:
    request = GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="gone",
        model="gone-1",
        prompt="a street",
        storyboard_id=f"s{next(_numbers)}",
        inputs=inputs,
    )
    record = await GenerationRecord.create(
        owner=OWNER, kind=request.kind, project_id="default", work_id="default", storyboard_id=request.storyboard_id,
        provider=request.provider, model=request.model, prompt=request.prompt, params=request.to_json(),
        request_sha256=request.sha256(),
    )  # fmt: skip
    job = await make_job(
        type=JobType.TEXT_TO_IMAGE, role=JobRole.GENERATE, queue=queue, stage=None, target_id=record.id,
        record_id=record.id, params=request.to_json(),
    )  # fmt: skip
    await GenerationRecord.filter(id=record.id).update(current_job_id=job.id)
    return unlike(await due(job), status=JobStatus.PENDING)


async def a_direct_generation() -> IsDone:
    return await a_generation_here(Queue.IMAGES)


async def an_input() -> IsDone:
    return await a_generation_here(Queue.INPUTS, InputImage("http://127.0.0.1:9/picture.png"))


async def a_waiting_generation() -> IsDone:
    await make_account()
    job = await make_generation()
    return lambda: Attempt.filter(job_id=job.id).exists()


async def an_attempt(state: AttemptState) -> IsDone:
    await make_account()
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    if state is not AttemptState.PLACED:
        for step in await claim_steps(AttemptState.PLACED, 1, 60):
            await submit_step(step)
    (attempt,) = await attempts_of(job)
    await Attempt.filter(id=attempt.id).update(state=state)
    await make_due()
    present = await Attempt.get(id=attempt.id)
    return unlike(present, state=state, due_at_ms=present.due_at_ms)


async def a_placed_attempt() -> IsDone:
    return await an_attempt(AttemptState.PLACED)


async def an_accepted_attempt() -> IsDone:
    return await an_attempt(AttemptState.ACCEPTED)


async def a_result() -> IsDone:
    return await an_attempt(AttemptState.FETCHING)


async def a_delivery() -> IsDone:
    delivery = await make_delivery("http://127.0.0.1:9/hooks")
    return lambda: CallbackDelivery.filter(id=delivery.id, tries__gt=0).exists()


async def a_new_account() -> IsDone:
    return unlike(await make_account(), check_due_at_ms=None)


async def wanted_credits() -> IsDone:
    return unlike(await make_account(credits_due_at_ms=1), credits_due_at_ms=1)


async def an_unknown_charge() -> IsDone:
    await an_accepted_attempt()
    await Attempt.all().update(settle_due_at_ms=1)
    return unlike(await Attempt.all().order_by("-id").first(), settle_due_at_ms=1)


async def a_wanted_look() -> IsDone:
    return unlike(await make_account(look_due_at_ms=1), look_due_at_ms=1)


async def a_forgotten_stage() -> IsDone:
    return unlike(await make_job(status=JobStatus.RUNNING, due_at_ms=None), due_at_ms=None)


async def a_delta() -> IsDone:
    job = await make_generation()
    day = datetime.now(UTC).date().isoformat()
    where = {"owner": OWNER, "project_id": "default", "work_id": "default", "kind": "IMAGE", "day": day}
    await append_deltas([{"job_id": job.id, **where, "succeeded": 1}])

    async def is_rolled() -> bool:
        return not await execute("SELECT id FROM statistics_delta WHERE NOT is_rolled")

    return is_rolled


async def little_space() -> IsDone:
    return lambda: Alert.filter(kind="STORAGE_LOW").exists()


async def a_loose_file() -> IsDone:
    long_ago = datetime.now(UTC) - timedelta(days=9)
    file = await make_file()
    await StoredFile.filter(id=file.id).update(created_at=long_ago, released_at=long_ago)

    async def is_gone() -> bool:
        return not await StoredFile.exists(id=file.id)

    return is_gone


DUE: dict[Work, Callable[[], Awaitable[IsDone]]] = {
    Work.PLAN: a_stage,
    Work.BUILD: a_build,
    Work.GENERATE: a_direct_generation,
    Work.FETCH_INPUTS: an_input,
    Work.SCHEDULE: a_waiting_generation,
    Work.SUBMIT: a_placed_attempt,
    Work.POLL: an_accepted_attempt,
    Work.FINISH: a_result,
    Work.DELIVER: a_delivery,
    Work.CHECK_ACCOUNTS: a_new_account,
    Work.LOOK_AT_ACCOUNTS: a_wanted_look,
    Work.RECEIVE_CREDITS: wanted_credits,
    Work.SETTLE_CHARGES: an_unknown_charge,
    Work.SWEEP: a_forgotten_stage,
    Work.ROLL_UP_STATISTICS: a_delta,
    Work.CHECK_ALERTS: little_space,
    Work.APPLY_RETENTION: a_loose_file,
}


@pytest.fixture
def settings(database: None, data_dir: Path, monkeypatch: pytest.MonkeyPatch, upstream: FakeUpstream) -> Settings:
    files.use_storage(None, data_dir)
    monkeypatch.setattr("services.accounts.health_checks.registry", lambda: {"fake": upstream})
    often = dict.fromkeys(tick.UPKEEP_SECONDS, 0.2)
    monkeypatch.setattr(tick, "UPKEEP_SECONDS", often)
    monkeypatch.setattr("tasks.notifier.UPKEEP_SECONDS", often)
    monkeypatch.setattr("tasks.notifier.TICK_SECONDS", 0.05)
    return get_settings().model_copy(update={"storage_low_bytes": 1 << 60, "allow_http_callbacks": True})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.01)


def test_every_kind_of_work_is_tried() -> None:
    assert set(DUE) == set(Work)


@pytest.mark.parametrize("work", list(Work))
async def test_without_its_actors_body_a_kind_of_work_stands_still(work: Work, settings: Settings) -> None:
    is_done = await DUE[work]()
    runs: list[Queue] = []
    body = BODIES[work]

    async def nothing(run: Run) -> None:
        runs.append(run.queue)

    BODIES[work] = nothing
    try:
        with structlog.testing.capture_logs():
            async with worker_at_work(settings):
                await until(lambda: asyncio.sleep(0, len(runs) > 5))
                assert not await is_done()
                BODIES[work] = body
                await until(is_done)
    finally:
        BODIES[work] = body
    assert set(runs) <= set(QUEUES_OF_WORK[work])


async def test_a_worker_of_one_queue_does_the_work_of_that_queue_only(settings: Settings) -> None:
    stage_is_done, input_is_done = await a_stage(), await an_input()
    with structlog.testing.capture_logs():
        async with worker_at_work(settings, [Queue.INPUTS]):
            await until(input_is_done)
            assert not await stage_is_done()
        async with worker_at_work(settings, [Queue.PLANNING]):
            await until(stage_is_done)


async def test_a_worker_of_one_pool_queue_submits_nothing_of_the_other_kind(settings: Settings) -> None:
    await make_account()
    jobs = [await make_generation(kind=kind) for kind in MediaKind]
    for kind in MediaKind:
        await schedule(kind)
    image, video = [(await attempts_of(job))[0] for job in jobs]
    with structlog.testing.capture_logs():
        async with worker_at_work(settings, [Queue.POOL_VIDEOS]):
            await until(unlike(video, state=AttemptState.PLACED))
            assert (await Attempt.get(id=image.id)).state is AttemptState.PLACED
        async with worker_at_work(settings, [Queue.POOL_IMAGES]):
            await until(unlike(image, state=AttemptState.PLACED))
