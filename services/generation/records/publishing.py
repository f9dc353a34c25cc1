"""How results come to stand in records, and how earlier ones are kept. All in the caller's transaction.

Versions are never removed: the one that is shown at the moment is only left out where versions are listed.
"""

from collections.abc import Sequence

from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.records.holding import lock_record
from services.generation.similarity.indexing import replace_keys
from services.stores import records
from services.stores.records import Kept

KEPT_BATCH_SIZE = 200
"Of one statement: making its rows ready takes no longer than others may wait."


async def publish_result(job: Job, file_ids: Sequence[int]) -> bool:
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
    await records.write(record.id, shown_job_id=job.id, chosen_file_id=None, is_reused=False, similarity_keys=keys)
    return True


async def keep_shown(*held: GenerationRecord) -> None:
    """Keeps what locked records show as versions, before they show something else."""
    shown = [record for record in held if record.shown_job_id is not None]
    for start in range(0, len(shown), KEPT_BATCH_SIZE):
        part = shown[start : start + KEPT_BATCH_SIZE]
        await _keep([Kept(record, record.shown_job_id, record.chosen_file_id) for record in part])


async def keep_version(record: GenerationRecord, job_id: int, chosen_file_id: int | None) -> None:
    """Keeps a job's result as a version of a locked record, once; the file that was chosen of it is remembered."""
    await _keep([Kept(record, job_id, chosen_file_id)])


async def _keep(results: Sequence[Kept]) -> None:
    """Results of different records; five statements at most."""
    versions = RecordVersion.filter(
        record_id__in=[kept.record.id for kept in results], job_id__in=[kept.job_id for kept in results]
    )
    known = set(await versions.values_list("record_id", "job_id"))
    await records.choose_version_files(
        [kept for kept in results if kept.chosen_file_id is not None and (kept.record.id, kept.job_id) in known]
    )
    fresh = [kept for kept in results if (kept.record.id, kept.job_id) not in known]
    if fresh:
        params = dict(await Job.filter(id__in=[kept.job_id for kept in fresh]).values_list("id", "params"))
        await records.add_versions(fresh, params)
