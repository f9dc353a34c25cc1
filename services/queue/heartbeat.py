"""Runs work under a lease: extends the lease while the work runs, and cancels the work when the lease is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.platform.leases import Lease
from services.queue.leases import extend

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 0.7
"Also the longest delay until running work notices that its job was cancelled."

Report = Callable[[float], None]


class LeaseLostError(Exception):
    """Another worker holds the job now, or the job was cancelled. The caller stops without reporting a failure."""


class _Progress:
    def __init__(self) -> None:
        self.value = 0.0

    def report(self, value: float) -> None:
        self.value = max(self.value, min(0.99, value))


async def under_lease(lease: Lease, lease_seconds: float, work: Callable[[Report], Awaitable[None]]) -> None:
    """Runs `work(report)` to completion. `report` takes the progress from 0 to 1, which the next heartbeat writes.

    Raises what the work raises. Raises LeaseLostError if the lease was lost; the work has been cancelled and has ended
    by then. If it is cancelled itself, it cancels the work and leaves the job unchanged.
    """
    progress = _Progress()
    lost = asyncio.Event()
    working = asyncio.ensure_future(work(progress.report))
    heart = asyncio.create_task(_beat(lease, lease_seconds, progress, working, lost))
    try:
        await working
    except asyncio.CancelledError:
        if lost.is_set():
            raise LeaseLostError from None
        working.cancel()
        await asyncio.wait([working])
        raise
    finally:
        heart.cancel()
        await asyncio.wait([heart])


async def _beat(
    lease: Lease, lease_seconds: float, progress: _Progress, working: "asyncio.Future[None]", lost: asyncio.Event
) -> None:
    written = 0.0
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            has_changed = progress.value > written
            written = progress.value
            if await extend(lease, lease_seconds, progress.value if has_changed else None):
                continue
        except Exception:
            log.exception("heartbeat.failed", job=lease.id)
            continue
        lost.set()
        working.cancel()
        return
