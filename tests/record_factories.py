"""Records as requests and results make them, with models of the offline provider and of jimeng."""

import itertools
from datetime import UTC, datetime
from typing import Any

from models.artifacts import JobFile
from models.database import transaction
from models.enums import FileRole, JobStatus, MediaKind, Priority
from models.files import StoredFile
from models.generation import GenerationRecord
from models.jobs import Job
from services.generation.admission import generate
from services.generation.generation_input import GenerationInput
from services.generation.outcomes import succeed_generation
from services.generation.records.publishing import publish_result
from tests.factories import OWNER, make_file

_numbers = itertools.count(1)


def asked(storyboard_id: str | None = None, **values: Any) -> GenerationInput:
    """A picture that the offline provider is to draw."""
    return GenerationInput(
        **{
            "kind": MediaKind.IMAGE,
            "prompt": "a street at night",
            "storyboard_id": storyboard_id or f"shot-{next(_numbers)}",
            "model": "offline-drawing",
            **values,
        }
    )


async def start(storyboard_id: str | None = None, owner: str = OWNER, key: str | None = None, **values: Any) -> Job:
    return await generate(owner, asked(storyboard_id, **values), key, Priority.NORMAL)


async def finish(job: Job, count: int = 2, files: list[StoredFile] | None = None) -> list[StoredFile]:
    """Ends a job well, as a worker does, with new files or the given ones."""
    made = [await make_file(job.owner) for _ in range(count)] if files is None else files

    async def body() -> None:
        await Job.filter(id=job.id, status=JobStatus.PENDING).update(status=JobStatus.RUNNING)
        assert await succeed_generation(job)
        for position, file in enumerate(made):
            await JobFile.create(job_id=job.id, position=position, role=FileRole.CANDIDATE, file_id=file.id)
        await publish_result(await Job.get(id=job.id), [file.id for file in made])

    await transaction(body)
    return made


async def fail(job: Job, **error: Any) -> None:
    stored = {"code": "API_ERROR", "message": "It broke.", "retryable": True, "upstreamCode": None, **error}
    await Job.filter(id=job.id).update(status=JobStatus.FAILED, error=stored, finished_at=datetime.now(UTC))


async def made(storyboard_id: str | None = None, owner: str = OWNER, **values: Any) -> GenerationRecord:
    """A record with a result of two files."""
    job = await start(storyboard_id, owner, **values)
    await finish(job)
    return await record_of(job)


async def record_of(job: Job) -> GenerationRecord:
    return await GenerationRecord.get(id=job.record_id)


async def everything() -> list[object]:
    """All rows of the tables that a refusal must not have changed."""
    rows: list[object] = []
    for table in (GenerationRecord, Job, JobFile):
        rows += [tuple(row.values()) for row in await table.all().order_by("id").values()]
    return [str(row) for row in rows]
