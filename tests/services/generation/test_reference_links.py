"""References that are given as links: fetched, looked at, and refused where they are none, or too long together."""

import pytest

from models.enums import JobStatus, MediaKind, Queue
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_parameters import Reference
from models.generation_requests import GenerationRequest
from models.jobs import JobInput
from settings import Settings
from tests.made_films import made_film
from tests.media.conftest import own_slots  # noqa: F401
from tests.services.generation.test_inputs import asked, picture, prepared, settings, waiting  # noqa: F401
from tests.services.platform.test_links import Server, answer, server  # noqa: F401

MODEL = "jimeng-video-seedance-2.0"


def clip(server: Server, *names: str) -> GenerationRequest:  # noqa: F811
    prompt = " and ".join(f"@{name}" for name in names)
    references = tuple(Reference(f"{server.address}/{name}", name=name) for name in names)
    return asked(kind=MediaKind.VIDEO, provider="jimeng", model=MODEL, prompt=prompt, references=references)


async def test_a_picture_and_a_film_are_stored_with_what_they_are(
    server: Server,  # noqa: F811
    settings: Settings,  # noqa: F811
) -> None:
    server.answers["/hero"], server.answers["/dance"] = answer(picture()), answer(made_film(2))
    request = clip(server, "hero", "dance")
    job = await waiting(request)
    after = await prepared(job, settings)
    assert (after.status, after.queue) == (JobStatus.PENDING, Queue.POOL_VIDEOS)
    ready = GenerationRequest.from_json(after.params)
    hero, dance = ready.references
    assert (hero.name, hero.kind, hero.duration_seconds) == ("hero", MediaKind.IMAGE, None)
    assert (dance.name, dance.kind) == ("dance", MediaKind.VIDEO)
    assert dance.duration_seconds == pytest.approx(2, abs=0.1)
    files = {file.id: file for file in await StoredFile.all()}
    rows = await JobInput.filter(job_id=job.id).order_by("position")
    assert [files[row.file_id].sha256 for row in rows] == [hero.sha256, dance.sha256]
    record = await GenerationRecord.get(id=job.target_id)
    assert (record.params, record.request_sha256) == (after.params, ready.sha256())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"just words", "The reference dance (from 127.0.0.1) cannot be used. A reference must be a picture or a film"),
        (made_film(2)[:600], "The reference dance (from 127.0.0.1) cannot be used."),
        (
            made_film(16, width=32, height=32),
            "16.0 s long together (dance 16.0 s); the model jimeng-video-seed",
        ),
    ],
)
async def test_what_cannot_be_a_reference_ends_the_job(
    server: Server,  # noqa: F811
    settings: Settings,  # noqa: F811
    content: bytes,
    says: str,
) -> None:
    server.answers["/dance"] = answer(content)
    job = await waiting(clip(server, "dance"))
    before = dict(job.params)
    after = await prepared(job, settings)
    assert (after.status, after.error["code"], after.error["retryable"]) == (JobStatus.FAILED, "INVALID_INPUT", False)
    assert says in after.error["message"]
    assert after.params == before
    assert await JobInput.all().count() == 0
