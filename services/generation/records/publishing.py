"""How results come to stand in records, and how earlier ones are kept. All in the caller's transaction.

Versions are never removed: the one that is shown at the moment is only left out where versions are listed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import execute, execute_many
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.records.holding import lock_record, write_record
from services.generation.similarity.indexing import replace_keys
from services.platform.owned import places

KEPT_AT_ONCE = 200
"Of one statement: making its rows ready takes no longer than others may wait."


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


async def keep_shown(*records: GenerationRecord) -> None:
    """Keeps what locked records show as versions, before they show something else."""
    shown = [record for record in records if record.shown_job_id is not None]
    for start in range(0, len(shown), KEPT_AT_ONCE):
        part = shown[start : start + KEPT_AT_ONCE]
        await _keep([_Kept(record, record.shown_job_id, record.chosen_file_id) for record in part])


async def keep_version(record: GenerationRecord, job_id: int, chosen_file_id: int | None) -> None:
    """Keeps a job's result as a version of a locked record, once; the file that was chosen of it is remembered."""
    await _keep([_Kept(record, job_id, chosen_file_id)])


@dataclass(frozen=True)
class _Kept:
    """A result of a locked record, with the file that was chosen of it."""

    record: GenerationRecord
    job_id: int
    chosen_file_id: int | None


async def _keep(results: Sequence[_Kept]) -> None:
    """Results of different records; five statements at most."""
    versions = RecordVersion.filter(
        record_id__in=[kept.record.id for kept in results], job_id__in=[kept.job_id for kept in results]
    )
    known = set(await versions.values_list("record_id", "job_id"))
    chosen = [
        (kept.chosen_file_id, kept.record.id, kept.job_id)
        for kept in results
        if kept.chosen_file_id is not None and (kept.record.id, kept.job_id) in known
    ]
    await execute_many("UPDATE record_version SET chosen_file_id = ? WHERE record_id = ? AND job_id = ?", chosen)
    fresh = [kept for kept in results if (kept.record.id, kept.job_id) not in known]
    if not fresh:
        return
    params = dict(await Job.filter(id__in=[kept.job_id for kept in fresh]).values_list("id", "params"))
    rows = await execute(
        "UPDATE generation_record SET version_count = version_count + 1"
        f" WHERE id IN ({places(fresh)}) RETURNING id, version_count",
        *(kept.record.id for kept in fresh),
    )
    numbers = {row["id"]: row["version_count"] for row in rows}
    await RecordVersion.bulk_create(
        [
            RecordVersion(
                owner=kept.record.owner,
                record_id=kept.record.id,
                number=numbers[kept.record.id],
                job_id=kept.job_id,
                model=params[kept.job_id]["model"],
                prompt=params[kept.job_id]["prompt"],
                params=params[kept.job_id],
                chosen_file_id=kept.chosen_file_id,
            )
            for kept in fresh
        ]
    )
