"""What jobs without an account wait for, and until when: worked out when somebody reads it, not written into rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from models.batches import Batch
from models.database import execute, now_ms
from models.enums import BatchStatus, JobRole, JobStatus, MediaKind, Queue
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.accounts.pool.account_snapshots import account_snapshots
from services.accounts.pool.choosing import Candidate, Demand, check_eligibility, waiting_reason
from services.accounts.pool.demands import demand_of
from services.accounts.pool.placing import is_kept
from services.platform.owned import places, rows_by_id
from services.platform.providers import pooled_models
from settings import get_settings

POOL_QUEUES = (Queue.POOL_IMAGES, Queue.POOL_VIDEOS)


def is_waiting(job: Job) -> bool:
    """Whether the job waits for an account of a pool."""
    return job.role is JobRole.GENERATE and job.status is JobStatus.PENDING and job.queue in POOL_QUEUES


async def waiting_words(owner: str, jobs: Sequence[Job]) -> list[str | None]:
    """For each of the owner's jobs a sentence, or None where it does not wait for an account. Eight statements for each
    kind, however many jobs.
    """
    waiting = [job for job in jobs if is_waiting(job)]
    held = await _held(waiting)
    demands: dict[MediaKind, list[tuple[Job, str, Demand]]] = defaultdict(list)
    models = pooled_models() if waiting else {}
    for job in waiting:
        if job.id not in held:
            request = GenerationRequest.from_json(job.params)
            demands[request.kind].append((job, request.provider, demand_of(request, models)))
    words: dict[int, str] = dict(held)
    moment_ms = await now_ms() if demands else 0
    for kind, wanted in demands.items():
        pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
        known: dict[tuple[str, Demand, bool], str] = {}
        for job, provider, demand in wanted:
            key = (provider, demand, job.priority_rank == 0)
            if key not in known:
                accounts = pools.get((owner, provider), ())
                known[key] = _sentence(accounts, demand, moment_ms, is_urgent=job.priority_rank == 0)
            words[job.id] = known[key]
    return [words.get(job.id) for job in jobs]


async def _held(jobs: Sequence[Job]) -> dict[int, str]:
    """By job why nothing more of its batch is begun now, where that is so."""
    batch_ids = {job.batch_id for job in jobs if job.batch_id is not None}
    if not batch_ids:
        return {}
    found: dict[int, str] = {}
    counts = await execute(
        "SELECT batch_id, COUNT(*) AS going FROM job WHERE status = 'RUNNING'"
        f" AND batch_id IN ({places(list(batch_ids))}) GROUP BY batch_id",
        *batch_ids,
    )
    going = {row["batch_id"]: row["going"] for row in counts}
    for batch in await Batch.filter(id__in=list(batch_ids)):
        if batch.status is BatchStatus.PAUSED:
            found[batch.id] = f"Its batch is paused. {batch.pause_reason or 'resumeBatch goes on.'}"
        elif batch.max_parallel is not None and going.get(batch.id, 0) >= batch.max_parallel:
            found[batch.id] = f"Its batch has {batch.max_parallel} under way, as many as it may."
    return {job.id: found[job.batch_id] for job in jobs if job.batch_id in found}


async def waiting_by_job_id(owner: str, job_ids: Sequence[int]) -> list[str | None]:
    """As waiting_words, for jobs by their ids."""
    jobs = await rows_by_id(Job, owner, job_ids)
    words = dict(zip(jobs, await waiting_words(owner, list(jobs.values())), strict=True))
    return [words.get(job_id) for job_id in job_ids]


def _sentence(accounts: Sequence[Candidate], demand: Demand, moment_ms: int, *, is_urgent: bool) -> str:
    verdicts = [check_eligibility(account, demand, moment_ms) for account in accounts]
    if not is_urgent and is_kept(accounts, demand, verdicts, get_settings().urgent_slot_percent):
        return "It waits for a free slot of an account; the last ones are kept for URGENT."
    reason, until_ms = waiting_reason(verdicts)
    if until_ms is None:
        return reason
    until = datetime.fromtimestamp(until_ms / 1000, UTC).replace(microsecond=0)
    return f"{reason.rstrip('.')} (until {until.isoformat().removesuffix('+00:00')}Z)."
