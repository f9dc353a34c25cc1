"""Work source for the jobs of one queue: claims them one by one, fairly between owners, each under its own lease."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from models.enums import JobRole, Queue
from models.jobs import Job
from services.platform.leases import Lease
from services.platform.tracing import job_span
from services.queue.leases import claim, release
from settings import Settings

log = structlog.get_logger(__name__)

RELEASE_SECONDS = 1.0
"Delay between an unexpected failure of a job and its release, so that a database outage may have ended."

JobClaim = tuple[Job, Lease]
Do = Callable[[Job, Lease, Settings], Awaitable[None]]


class JobSource:
    """`do` runs one job. It ends or reschedules the job itself; an exception from it is unexpected and is logged."""

    batch_size = 1

    def __init__(
        self,
        queue: Queue,
        role: JobRole,
        worker: str,
        settings: Settings,
        do: Do,
    ) -> None:
        self._queue = queue
        self._role = role
        self._worker = worker
        self._settings = settings
        self._do = do

    async def claim(self, limit: int, running: Sequence[JobClaim]) -> list[JobClaim]:
        claimed = await claim(self._queue, self._worker, self._settings.lease_seconds, [self._role])
        return [] if claimed is None else [claimed]

    async def do(self, job_claim: JobClaim) -> None:
        job, lease = job_claim
        span = job_span(f"job {job.role.value.lower()}", job.trace_parent, job=job.global_id, type=job.type.value)
        with structlog.contextvars.bound_contextvars(job=job.global_id):
            try:
                with span:
                    await self._do(job, lease, self._settings)
            except Exception:
                log.exception("job.crashed")
                await asyncio.sleep(RELEASE_SECONDS)
                await self.release([job_claim])

    async def extend(self, claims: Sequence[JobClaim]) -> None:
        """Does nothing: jobs extend their leases with their progress (services/queue/heartbeat)."""

    async def release(self, claims: Sequence[JobClaim]) -> None:
        for _, lease in claims:
            await release(lease)

    async def next_due_seconds(self) -> float | None:
        """Returns None: the worker's tick finds due jobs of all queues in one query and sends the messages."""
        return None
