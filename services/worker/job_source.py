"""Jobs of one queue as work: claimed one by one in turns of their owners, each done under its lease."""

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
"Between a job's unexpected failure and its release: the database may have come back by then."

JobClaim = tuple[Job, Lease]
Do = Callable[[Job, Lease, Settings], Awaitable[None]]


class JobSource:
    """`do` makes one job; it ends or reschedules the job itself, and raises only what nobody expected."""

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

    async def claim(self, most: int, running: Sequence[JobClaim]) -> list[JobClaim]:
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
                log.exception("job.broke")
                await asyncio.sleep(RELEASE_SECONDS)
                await self.release([job_claim])

    async def extend(self, claims: Sequence[JobClaim]) -> None:
        """Nothing: jobs extend their leases with their progress (services/queue/heartbeat)."""

    async def release(self, claims: Sequence[JobClaim]) -> None:
        for _, lease in claims:
            await release(lease)

    async def next_due_seconds(self) -> float | None:
        """None: the worker's tick counts due jobs of all queues at once, and sends the messages."""
        return None
