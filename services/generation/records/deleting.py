"""Deleting generation records."""

from collections.abc import Sequence

from errors import EkonteError, not_found
from models.database import transaction
from models.enums import AttemptState
from models.generation import Attempt
from models.jobs import Job
from services.generation.records.holding import lock_record, refuse_live_job
from services.generation.similarity.indexing import replace_keys
from services.generation.stopping import drain_attempts
from services.platform.file_removal import release_files
from services.stores import records
from services.stores.jobs.files import remove_file_links


async def delete_records(
    owner: str, record_ids: Sequence[int], *, with_files: bool
) -> list[tuple[int, EkonteError | None]]:
    """Deletes records, each independently; returns (id, error or None). Their rows are kept, for statistics and costs.

    Running attempts drain. with_files: also deletes their files that nothing else refers to, but not uploads.
    """
    outcomes: list[tuple[int, EkonteError | None]] = []
    for record_id in record_ids:
        try:
            await transaction(lambda record_id=record_id: _delete(owner, record_id, with_files))  # type: ignore[misc]
            outcomes.append((record_id, None))
        except EkonteError as error:
            outcomes.append((record_id, error))
    return outcomes


async def _delete(owner: str, record_id: int, with_files: bool) -> None:
    record = await lock_record(owner, record_id)
    if record is None:
        raise not_found("record")
    await refuse_live_job(record_id, "The record is being generated. Cancel its job first.")
    await records.mark_deleted(record_id, await replace_keys(record, None))
    job_ids = [job.id for job in await Job.filter(record_id=record_id).only("id")]
    pending = await Attempt.filter(job_id__in=job_ids).exclude(state=AttemptState.ENDED).only("id", "job_id")
    await drain_attempts(sorted({attempt.job_id for attempt in pending}))
    if with_files:
        await _release(job_ids)


async def _release(job_ids: Sequence[int]) -> None:
    """Releases results and fetched inputs. Files that other jobs refer to are kept."""
    await release_files(sorted(await remove_file_links(job_ids)))
