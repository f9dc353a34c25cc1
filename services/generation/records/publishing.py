"""Publishing results in records, and keeping earlier results as versions. All in the caller's transaction.

Versions are never removed; lists of versions only omit the one that the record shows.
"""

from collections.abc import Sequence

from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.records.holding import lock_record
from services.generation.similarity.indexing import replace_keys
from services.stores import records
from services.stores.records import Kept

VERSION_BATCH_SIZE = 200
"Rows of one statement: preparing more would block the event loop for too long."


async def publish_result(job: Job, file_ids: Sequence[int]) -> bool:
    """Shows the result of a generation in its record; returns whether the record shows it now. A second call changes
    nothing.

    The previous result becomes a version. If the record has a newer job, the late result becomes a version instead. If
    the record was deleted, or there are no files, nothing is changed.
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
    await records.write(record.id, shown_job_id=job.id, chosen_file_id=None, is_reused=False, similarity_keys=keys)
    return True


async def keep_shown(*locked: GenerationRecord) -> None:
    """Keeps the results that locked records show as versions, before the records show others."""
    shown = [record for record in locked if record.shown_job_id is not None]
    for start in range(0, len(shown), VERSION_BATCH_SIZE):
        part = shown[start : start + VERSION_BATCH_SIZE]
        await _keep([Kept(record, record.shown_job_id, record.chosen_file_id) for record in part])


async def keep_version(record: GenerationRecord, job_id: int, chosen_file_id: int | None) -> None:
    """Keeps a job's result, with its chosen file, as a version of a locked record. A second call adds no version."""
    await _keep([Kept(record, job_id, chosen_file_id)])


async def _keep(results: Sequence[Kept]) -> None:
    """Keeps results of different records, in at most five statements."""
    versions = RecordVersion.filter(
        record_id__in=[kept.record.id for kept in results], job_id__in=[kept.job_id for kept in results]
    )
    known = set(await versions.values_list("record_id", "job_id"))
    await records.choose_version_files(
        [kept for kept in results if kept.chosen_file_id is not None and (kept.record.id, kept.job_id) in known]
    )
    new = [kept for kept in results if (kept.record.id, kept.job_id) not in known]
    if new:
        params = dict(await Job.filter(id__in=[kept.job_id for kept in new]).values_list("id", "params"))
        await records.add_versions(new, params)
