"""Reasons why jobs wait for an account, and until when; computed when they are read, not stored in rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from models.batches import Batch
from models.database import execute, now_ms
from models.enums import POOL_QUEUES, BatchStatus, JobRole, JobStatus, MediaKind
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.accounts.pool.account_snapshots import account_snapshots
from services.accounts.pool.choosing import Candidate, Demand, check_eligibility, waiting_reason
from services.accounts.pool.demands import demand_of
from services.accounts.pool.placing import is_kept
from services.accounts.pool.pricing import learned_prices
from services.accounts.pool.urgency import reserved_percents
from services.platform.owned import places, rows_by_id
from services.platform.providers import pooled_models
from services.queries.queue_positions import positions_by_job_id
from settings import get_settings

FOR_SLOT = "Waiting for a free account slot"
"Begins the sentences of jobs that only wait for their turn."


def is_waiting(job: Job) -> bool:
    """Whether the job waits for an account of a pool."""
    return job.role is JobRole.GENERATE and job.status is JobStatus.PENDING and job.queue in POOL_QUEUES


async def waiting_reasons(owner: str, jobs: Sequence[Job]) -> list[str | None]:
    """Returns for each of the owner's jobs a sentence, or None if it does not wait for an account. Nine statements per
    media kind, for any number of jobs.
    """
    waiting = [job for job in jobs if is_waiting(job)]
    held_by_batch = await _reasons_of_batches(waiting)
    demands: dict[MediaKind, list[tuple[Job, str, Demand]]] = defaultdict(list)
    models, learned = (pooled_models(), await learned_prices()) if waiting else ({}, {})
    for job in waiting:
        if job.id not in held_by_batch:
            request = GenerationRequest.from_json(job.params)
            demands[request.kind].append((job, request.provider, demand_of(request, models, learned)))
    reasons: dict[int, str] = dict(held_by_batch)
    moment_ms = await now_ms() if demands else 0
    percent = (await reserved_percents([owner]))[owner] if demands else 0.0
    for kind, demands_of_kind in demands.items():
        pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
        known: dict[tuple[str, Demand, bool], str] = {}
        for job, provider, demand in demands_of_kind:
            if (job.due_at_ms or 0) > moment_ms and job.message:
                reasons[job.id] = job.message  # it waits by itself, and says why
                continue
            key = (provider, demand, job.priority_rank == 0)
            if key not in known:
                accounts = pools.get((owner, provider), ())
                share = 0.0 if job.priority_rank == 0 else percent
                known[key] = _sentence(accounts, demand, moment_ms, urgent_percent=share)
            reasons[job.id] = known[key]
    return [reasons.get(job.id) for job in jobs]


async def _reasons_of_batches(jobs: Sequence[Job]) -> dict[int, str]:
    """Returns by job id why its batch starts no more jobs now; jobs of other batches are left out."""
    batch_ids = {job.batch_id for job in jobs if job.batch_id is not None}
    if not batch_ids:
        return {}
    found: dict[int, str] = {}
    counts = await execute(
        "SELECT batch_id, COUNT(*) AS going FROM job WHERE status = 'RUNNING'"
        f" AND batch_id IN ({places(list(batch_ids))}) GROUP BY batch_id",
        *batch_ids,
    )
    running = {row["batch_id"]: row["going"] for row in counts}
    for batch in await Batch.filter(id__in=list(batch_ids)):
        if batch.status is BatchStatus.PAUSED:
            found[batch.id] = f"The batch is paused. {batch.pause_reason or 'Call resumeBatch to continue.'}"
        elif batch.max_parallel is not None and running.get(batch.id, 0) >= batch.max_parallel:
            found[batch.id] = f"The batch has reached its maximum of {batch.max_parallel} running jobs."
    return {job.id: found[job.batch_id] for job in jobs if job.batch_id in found}


async def waiting_by_job_id(owner: str, job_ids: Sequence[int]) -> list[str | None]:
    """As waiting_reasons, for job ids, with the number of jobs ahead where a job waits for a slot; None for an id that
    the owner does not have. Three statements more.
    """
    jobs = await rows_by_id(Job, owner, job_ids)
    reasons = dict(zip(jobs, await waiting_reasons(owner, list(jobs.values())), strict=True))
    for_slots = [job_id for job_id, reason in reasons.items() if reason is not None and reason.startswith(FOR_SLOT)]
    for job_id, position in zip(for_slots, await positions_by_job_id(owner, for_slots), strict=True):
        if position is not None and position > 1:
            ahead = "1 job is" if position == 2 else f"{position - 1} jobs are"
            reasons[job_id] = f"{reasons[job_id]} {ahead} ahead of it."
    return [reasons.get(job_id) for job_id in job_ids]


def _sentence(accounts: Sequence[Candidate], demand: Demand, moment_ms: int, *, urgent_percent: float) -> str:
    checks = [check_eligibility(account, demand, moment_ms) for account in accounts]
    if is_kept(accounts, demand, checks, urgent_percent):
        return "Waiting for a free account slot; the last slots are reserved for URGENT jobs."
    reason, until_ms = waiting_reason(checks)
    if until_ms is None:
        return reason
    until = datetime.fromtimestamp(until_ms / 1000, UTC).replace(microsecond=0)
    return f"{reason.rstrip('.')} (until {until.isoformat().removesuffix('+00:00')}Z)."
