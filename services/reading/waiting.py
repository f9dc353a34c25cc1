"""What jobs without an account wait for, and until when: worked out when somebody reads it, not written into rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from models.database import now_ms
from models.enums import JobRole, JobStatus, MediaKind, Queue
from models.jobs import Job
from services.generation.requests import GenerationRequest
from services.pool.choosing import Demand, Verdict, judge, waiting_reason
from services.pool.roster import rosters
from services.pool.scheduling import demand_of
from services.providers import pooled_models
from services.reading.owned import rows_by_id
from settings import get_settings

POOL_QUEUES = (Queue.POOL_IMAGES, Queue.POOL_VIDEOS)


def is_waiting(job: Job) -> bool:
    """Whether the job waits for an account of a pool."""
    return job.role is JobRole.GENERATE and job.status is JobStatus.PENDING and job.queue in POOL_QUEUES


async def waiting_words(owner: str, jobs: Sequence[Job]) -> list[str | None]:
    """For each of the owner's jobs a sentence, or None where it does not wait for an account. Six statements for each
    provider and kind, however many jobs.
    """
    demands: dict[tuple[str, MediaKind], dict[int, Demand]] = defaultdict(dict)
    models = pooled_models()
    for job in jobs:
        if is_waiting(job):
            request = GenerationRequest.from_json(job.params)
            demands[request.provider, request.kind][job.id] = demand_of(job, request, models, frozenset())
    words: dict[int, str] = {}
    moment_ms = await now_ms() if demands else 0
    for (provider, kind), wanted in demands.items():
        pools = await rosters([owner], provider, kind, now_ms=moment_ms, zone=get_settings().timezone)
        known: dict[tuple[object, ...], str] = {}
        for job_id, demand in wanted.items():
            key = (demand.model, demand.cost, demand.max_concurrent_per_account, demand.account_ids)
            if key not in known:
                known[key] = _sentence([judge(account, demand, moment_ms) for account in pools.get(owner, ())])
            words[job_id] = known[key]
    return [words.get(job.id) for job in jobs]


async def waiting_by_job_id(owner: str, job_ids: Sequence[int]) -> list[str | None]:
    """As waiting_words, for jobs by their ids."""
    jobs = await rows_by_id(Job, owner, job_ids)
    words = dict(zip(jobs, await waiting_words(owner, list(jobs.values())), strict=True))
    return [words.get(job_id) for job_id in job_ids]


def _sentence(verdicts: Sequence[Verdict]) -> str:
    reason, until_ms = waiting_reason(verdicts)
    if until_ms is None:
        return reason
    until = datetime.fromtimestamp(until_ms / 1000, UTC).replace(microsecond=0)
    return f"{reason.rstrip('.')} (until {until.isoformat().removesuffix('+00:00')}Z)."
