"""Work under a lease: the lease is kept while the work runs, and the work is stopped once the lease is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from services.platform.leases import Lease
from services.queue.leases import extend

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 0.7
"Also the longest time until running work notices that it was cancelled."

Report = Callable[[float], None]


class LeaseLostError(Exception):
    """Somebody else has the job now, or it was cancelled: stop quietly."""


class _Progress:
    def __init__(self) -> None:
        self.value = 0.0

    def report(self, value: float) -> None:
        self.value = max(self.value, min(0.99, value))


async def under_lease(lease: Lease, lease_seconds: float, work: Callable[[Report], Awaitable[None]]) -> None:
    """Runs `work(report)` to its end; `report` takes progress from 0 to 1, which goes out with the heartbeats.

    Raises what the work raises, and LeaseLostError where the lease was lost (the work is cancelled then and has ended).
    Cancelled from outside, it cancels the work and leaves the job as it is.
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
            has_news = progress.value > written
            written = progress.value
            if await extend(lease, lease_seconds, progress.value if has_news else None):
                continue
        except Exception:
            log.exception("heartbeat.failed", job=lease.id)
            continue
        lost.set()
        working.cancel()
        return
