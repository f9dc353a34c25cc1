"""Fetching input pictures: from a real server on this machine, into a real storage."""

import asyncio
import dataclasses
import io
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from errors import JobErrorCode, JobFailure
from models.database import execute, now_ms, now_ms_sql
from models.enums import JobRole, JobStatus, JobType, MediaKind, Queue
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_parameters import InputImage
from models.generation_requests import GenerationRequest
from models.jobs import Job, JobInput
from services.generation import inputs
from services.generation.inputs import input_name, prepare_inputs, queue_of
from services.platform.events import bus, job_topic
from services.platform.files import local_copy, use_storage
from services.platform.leases import Lease
from services.queue import heartbeat
from services.queue.leases import MAX_TRIES, claim
from settings import Settings, get_settings
from tests.factories import OWNER, make_file, make_job
from tests.media.conftest import own_slots  # noqa: F401
from tests.services.platform.test_links import Server, answer, server  # noqa: F401

_storyboards = itertools.count(1)


def picture(color: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def asked(*given: str | InputImage, **changes: object) -> GenerationRequest:
    images = tuple(image if isinstance(image, InputImage) else InputImage(image) for image in given)
    request = GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="offline",
        model="offline-drawing",
        prompt="a street",
        storyboard_id=f"s{next(_storyboards)}",
        inputs=images,
    )
    return dataclasses.replace(request, **changes)  # type: ignore[arg-type]


async def waiting(request: GenerationRequest, **values: object) -> Job:
    """A job that waits for its inputs, with its record."""
    record = await GenerationRecord.create(
        owner=OWNER, kind=request.kind, project_id="default", work_id="default", storyboard_id=request.storyboard_id,
        provider=request.provider, model=request.model, prompt=request.prompt, params=request.to_json(),
        request_sha256=request.sha256(),
    )  # fmt: skip
    job = await make_job(
        type=JobType.IMAGE_TO_IMAGE, role=JobRole.GENERATE, queue=Queue.INPUTS, stage=None, target_id=record.id,
        record_id=record.id, params=request.to_json(), **values,
    )  # fmt: skip
    await GenerationRecord.filter(id=record.id).update(current_job_id=job.id)
    return await due(job)


async def due(job: Job) -> Job:
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job.id)
    return job


async def claimed(job: Job) -> tuple[Job, Lease]:
    found = await claim(Queue.INPUTS, "worker", 30)
    assert found is not None
    assert found[0].id == job.id
    return found


async def prepared(job: Job, settings: Settings) -> Job:
    await prepare_inputs(*await claimed(job), settings)
    return await Job.get(id=job.id)


@pytest.fixture
def settings(server: Server, data_dir: Path, either_database: str) -> Settings:  # noqa: F811
    use_storage(None, data_dir)
    return get_settings().model_copy(update={"allowed_private_hosts": server.allowed, "render_concurrency": 2})


@pytest.fixture(autouse=True)
async def nothing_is_left_in_scratch(data_dir: Path) -> AsyncIterator[None]:
    yield
    assert list((data_dir / "scratch").glob("*")) == []


async def test_links_are_stored_and_the_job_moves_on(server: Server, settings: Settings) -> None:  # noqa: F811
    content = [picture("red"), picture("blue", (30, 20))]
    kept = await make_file()
    for number, data in enumerate(content):
        server.answers[f"/{number}.png?token=x"] = answer(data)
    links = [f"{server.address}/{number}.png?token=x" for number in (0, 1)]
    request = asked(links[0], InputImage("upload", kept.sha256), links[1])
    job = await waiting(request)
    await JobInput.create(job_id=job.id, position=1, file_id=kept.id)
    before = await Job.get(id=job.id)
    with bus().listen([job_topic(job.id)]) as listener:
        after = await prepared(job, settings)
        assert job_topic(job.id) in await listener.next()

    assert (after.queue, after.status, after.worker) == (Queue.IMAGES, JobStatus.PENDING, None)
    assert (after.failures, after.tries, after.error, after.message) == (0, 0, None, None)
    assert after.due_at_ms is not None
    assert after.due_at_ms <= await now_ms()
    assert after.version > before.version
    ready = GenerationRequest.from_json(after.params)
    assert [image.given for image in ready.inputs] == [links[0], "upload", links[1]]
    rows = {row.position: row.file_id for row in await JobInput.filter(job_id=job.id)}
    assert sorted(rows) == [0, 1, 2]
    for position, data, size in ((0, content[0], (64, 48)), (2, content[1], (30, 20))):
        file = await StoredFile.get(id=rows[position])
        assert file.sha256 == ready.inputs[position].sha256
        assert (file.owner, file.content_type, (file.width, file.height)) == (OWNER, "image/png", size)
        assert file.source_url == request.inputs[position].given
        assert (await local_copy(file)).read_bytes() == data
    assert (rows[1], ready.inputs[1].sha256) == (kept.id, kept.sha256)
    record = await GenerationRecord.get(id=job.record_id)
    assert (record.params, record.request_sha256) == (after.params, ready.sha256())
    assert ready.sha256() != request.sha256()


async def test_a_link_that_is_given_twice_is_fetched_once(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/a.png"] = answer(picture())
    job = await waiting(asked(f"{server.address}/a.png", f"{server.address}/a.png"))
    after = await prepared(job, settings)
    assert len(server.requests) == 1
    assert len({image["sha256"] for image in after.params["inputs"]}) == 1
    assert await JobInput.filter(job_id=job.id).count() == 2


async def test_at_most_four_links_are_fetched_at_once(
    server: Server,  # noqa: F811
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(9):
        server.answers[f"/{number}.png"] = answer(picture())
    running, most = 0, 0
    fetch = inputs.fetch_link

    async def counted(*args: object, **options: object) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await fetch(*args, **options)  # type: ignore[arg-type]
        finally:
            running -= 1

    monkeypatch.setattr(inputs, "fetch_link", counted)
    job = await waiting(asked(*(f"{server.address}/{number}.png" for number in range(9))))
    after = await prepared(job, settings)
    assert after.queue is Queue.IMAGES
    assert most == 4


async def test_an_input_that_cannot_be_used_fails_the_job_and_is_named(
    server: Server,  # noqa: F811
    settings: Settings,
) -> None:
    server.answers |= {"/a.png": answer(picture()), "/page": answer(b"<html>no</html>"), "/cut": answer(picture()[:60])}
    large = settings.model_copy(update={"max_upload_bytes": 100})
    cases = [
        ("/missing?key=secret", settings, "The link cannot be fetched. The server responded with status 404."),
        ("/page", settings, "The file is a web page, not a PNG, JPEG, WebP, GIF, BMP, AVIF or HEIC picture."),
        ("/cut", settings, "The PNG picture is broken or incomplete."),
        ("/a.png", large, "The linked file has more than 100 bytes."),
        ("/a.png", settings.model_copy(update={"allowed_private_hosts": ()}), "or is not on the public internet"),
    ]
    for path, chosen, reason in cases:
        request = asked(InputImage("upload", "f" * 64), f"{server.address}{path}")
        job = await waiting(request)
        after = await prepared(job, chosen)
        assert (after.status, after.queue, after.worker, after.due_at_ms) == (
            JobStatus.FAILED, Queue.INPUTS, None, None,
        )  # fmt: skip
        assert (after.error["code"], after.error["retryable"]) == (JobErrorCode.INVALID_INPUT, False)
        assert after.error["message"].startswith("Input picture 2 (from 127.0.0.1) cannot be used. ")
        assert reason in after.error["message"]
        assert "secret" not in after.error["message"]
        assert after.finished_at is not None
        assert after.params == request.to_json()
        record = await GenerationRecord.get(id=job.record_id)
        assert (record.params, record.request_sha256) == (request.to_json(), request.sha256())
    assert await StoredFile.all().count() == 0
    assert await JobInput.all().count() == 0


def test_a_link_is_named_without_what_is_secret_in_it() -> None:
    assert (
        input_name("https://ann:pass@cdn.example.com:8443/a.png?key=x", 2) == "Input picture 3 (from cdn.example.com)"
    )
    assert input_name("http://a:port/", 0) == "Input picture 1"
    assert input_name("nothing", 0) == "Input picture 1"


async def test_a_fault_that_may_pass_is_tried_three_times(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/a.png"] = answer(b"busy", status="503 Service Unavailable")
    job = await waiting(asked(f"{server.address}/a.png"))
    for failures, seconds in ((1, 2), (2, 4)):
        before_ms = await now_ms()
        after = await prepared(job, settings)
        assert (after.status, after.queue, after.worker) == (JobStatus.PENDING, Queue.INPUTS, None)
        assert (after.failures, after.error["retryable"]) == (failures, True)
        assert after.due_at_ms is not None
        assert before_ms + seconds * 1000 <= after.due_at_ms <= await now_ms() + seconds * 1000
        assert await claim(Queue.INPUTS, "worker", 30) is None
        await due(job)
    after = await prepared(job, settings)
    assert (after.status, after.failures) == (JobStatus.FAILED, 3)
    assert after.error["code"] == JobErrorCode.INVALID_INPUT
    assert "status 503" in after.error["message"]
    assert len(server.requests) == 3


async def test_a_fault_that_passed_leaves_no_trace(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/a.png"] = b""  # the connection ends without an answer
    job = await waiting(asked(f"{server.address}/a.png"))
    assert (await prepared(job, settings)).error["retryable"]
    server.answers["/a.png"] = answer(picture())
    after = await prepared(await due(job), settings)
    assert (after.queue, after.status, after.failures, after.error) == (Queue.IMAGES, JobStatus.PENDING, 0, None)


async def test_a_lasting_fault_counts_before_one_that_may_pass(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/busy"] = answer(b"", status="503 Busy")
    lasting = JobFailure(JobErrorCode.INVALID_INPUT, "no", is_retryable=False)
    passing = JobFailure(JobErrorCode.INVALID_INPUT, "not now", is_retryable=True)
    assert inputs._most_severe([passing, lasting]) is lasting
    assert inputs._most_severe([passing, OSError()]) is passing


async def test_a_storage_without_room_puts_the_job_back(
    server: Server,  # noqa: F811
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers["/a.png"] = answer(picture())
    from services.platform.files import storage

    async def full(key: str, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage(), "put", full)
    job = await waiting(asked(f"{server.address}/a.png"))
    after = await prepared(job, settings)
    assert (after.status, after.queue, after.error["code"]) == (
        JobStatus.PENDING, Queue.INPUTS, JobErrorCode.STORAGE_ERROR,
    )  # fmt: skip
    assert await StoredFile.all().count() == 0


async def test_whoever_lost_the_lease_changes_nothing(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/a.png"] = answer(picture())
    server.answers["/none"] = answer(b"no picture")
    for path in ("/a.png", "/none"):
        job = await waiting(asked(f"{server.address}{path}"))
        found, lease = await claimed(job)
        await execute("UPDATE job SET lease_epoch = lease_epoch + 1 WHERE id = ? RETURNING id", job.id)
        before = dict(await Job.get(id=job.id))
        await prepare_inputs(found, lease, settings)
        assert dict(await Job.get(id=job.id)) == before
        assert await JobInput.all().count() == 0
        await Job.filter(id=job.id).update(status=JobStatus.CANCELED, due_at_ms=None)


async def test_a_canceled_job_stops_fetching(
    server: Server,  # noqa: F811
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.05)
    server.delay_seconds = 120
    job = await waiting(asked(f"{server.address}/a.png"))
    found, lease = await claimed(job)
    working = asyncio.create_task(prepare_inputs(found, lease, settings))
    while not server.requests:
        await asyncio.sleep(0.01)
    await Job.filter(id=job.id).update(status=JobStatus.CANCELED, lease_epoch=lease.epoch + 1)
    async with asyncio.timeout(60):
        await working
    assert (await Job.get(id=job.id)).status is JobStatus.CANCELED


async def test_a_worker_that_stops_leaves_the_job_as_it_is(server: Server, settings: Settings) -> None:  # noqa: F811
    server.delay_seconds = 120
    job = await waiting(asked(f"{server.address}/a.png"))
    found, lease = await claimed(job)
    working = asyncio.create_task(prepare_inputs(found, lease, settings))
    while not server.requests:
        await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    after = await Job.get(id=job.id)
    assert (after.status, after.lease_epoch, after.failures) == (JobStatus.RUNNING, lease.epoch, 0)


async def test_two_at_once_move_the_job_on_once(server: Server, settings: Settings) -> None:  # noqa: F811
    server.answers["/a.png"] = answer(picture())
    job = await waiting(asked(f"{server.address}/a.png"))
    first = await claimed(job)
    second = await claimed(await due(job))  # the first one's lease ran out
    await asyncio.gather(prepare_inputs(*first, settings), prepare_inputs(*second, settings))
    after = await Job.get(id=job.id)
    assert (after.queue, after.status) == (Queue.IMAGES, JobStatus.PENDING)
    assert await JobInput.filter(job_id=job.id).count() == 1
    assert await StoredFile.all().count() == 1


async def test_an_older_job_leaves_the_record_of_a_newer_one_alone(
    server: Server,  # noqa: F811
    settings: Settings,
) -> None:
    server.answers["/a.png"] = answer(picture())
    request = asked(f"{server.address}/a.png")
    job = await waiting(request)
    await GenerationRecord.filter(id=job.record_id).update(current_job_id=job.id + 1)
    assert (await prepared(job, settings)).queue is Queue.IMAGES
    record = await GenerationRecord.get(id=job.record_id)
    assert (record.params, record.request_sha256, record.version) == (request.to_json(), request.sha256(), 1)


async def test_a_job_that_ends_its_workers_fails(server: Server, settings: Settings) -> None:  # noqa: F811
    job = await waiting(asked(f"{server.address}/a.png"), tries=MAX_TRIES)
    after = await prepared(job, settings)
    assert (after.status, after.error["code"]) == (JobStatus.FAILED, JobErrorCode.INTERNAL)
    assert server.requests == []


def test_a_job_waits_for_an_account_where_its_provider_has_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "is_pooled", lambda name: name == "jimeng")
    queues = [
        queue_of(asked(kind=kind, provider=provider))
        for provider in ("jimeng", "offline")
        for kind in (MediaKind.IMAGE, MediaKind.VIDEO)
    ]
    assert queues == [Queue.POOL_IMAGES, Queue.POOL_VIDEOS, Queue.IMAGES, Queue.VIDEOS]
