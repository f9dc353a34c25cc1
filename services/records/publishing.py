"""How results come to stand in records, and how earlier ones are kept. All in the caller's transaction.

Versions are never removed: the one that is shown at the moment is only left out where versions are listed.
"""

from collections.abc import Sequence
from datetime import datetime

from models.database import execute
from models.generation import GenerationRecord, RecordVersion
from models.jobs import Job
from services.generation.requests import GenerationRequest
from services.records.holding import lock_record, write_record
from services.similarity.indexing import replace_keys


async def publish_result(job: Job, file_ids: Sequence[int], now: datetime) -> bool:
    """Shows what a generation made in its record; whether it is shown now. Called twice it changes nothing.

    What was shown before becomes a version. Where the record has gone on with a newer job, the late result becomes a
    version itself; where the record was deleted, or there are no files, nothing happens.
    """
    if job.record_id is None or not file_ids:
        return False
    record = await lock_record(job.owner, job.record_id)
    if record is None:
        return False
    if record.shown_job_id == job.id:
        return True
    if record.current_job_id != job.id:
        await keep_version(record, job.id, None)
        return False
    await keep_shown(record)
    keys = await replace_keys(record, GenerationRequest.from_json(job.params))
    await write_record(
        record.id, shown_job_id=job.id, chosen_file_id=None, is_reused=False, similarity_keys=keys, updated_at=now
    )
    return True


async def keep_shown(record: GenerationRecord) -> None:
    """Keeps what a locked record shows as a version, before it shows something else."""
    if record.shown_job_id is not None:
        await keep_version(record, record.shown_job_id, record.chosen_file_id)


async def keep_version(record: GenerationRecord, job_id: int, chosen_file_id: int | None) -> None:
    """Keeps a job's result as a version of a locked record, once; the file that was chosen of it is remembered."""
    known = RecordVersion.filter(record_id=record.id, job_id=job_id)
    if await known.exists():
        if chosen_file_id is not None:
            await known.update(chosen_file_id=chosen_file_id)
        return
    job = await Job.get(id=job_id)
    rows = await execute(
        "UPDATE generation_record SET version_count = version_count + 1 WHERE id = ? RETURNING version_count", record.id
    )
    await RecordVersion.create(
        owner=record.owner,
        record_id=record.id,
        number=rows[0]["version_count"],
        job_id=job_id,
        model=job.params["model"],
        prompt=job.params["prompt"],
        params=job.params,
        chosen_file_id=chosen_file_id,
    )
