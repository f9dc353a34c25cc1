"""A worker process's floor: claims what is due, sets it going, and keeps no more going than there is room for.

Claimed jobs run as tasks of the process's event loop; whoever says "look" (a message, a job that has ended, the tick)
never waits for them. What is asked while a look is under way is looked for once more, so no wake-up is lost.
"""

import asyncio
from collections.abc import Collection

import structlog

from errors import JobErrorCode
from models.enums import ArtifactKind, JobRole, MediaKind, Queue
from models.jobs import Job
from services.film.artifacts.planning import plan_stage
from services.film.artifacts.running import run_build
from services.film.stages.registry import MAKERS
from services.generation.direct import run_direct
from services.generation.inputs import prepare_inputs
from services.notifications.callbacks.delivering import Deliverer
from services.platform.leases import Lease
from services.platform.tracing import job_span
from services.queue.leases import claim, due_queues, hand_back
from services.queue.outcomes import fail_build
from services.worker.engine import Engine
from services.worker.sweeper import sweep
from settings import Settings

log = structlog.get_logger(__name__)

TICK_SECONDS = 1.0
SWEEP_SECONDS = 10.0
GIVE_BACK_SECONDS = 1.0


def capacities(settings: Settings) -> dict[Queue, int]:
    """How many jobs of each queue one process keeps going. Renderers also wait for a slot of the machine."""
    cores = settings.render_concurrency
    return {
        Queue.PLANNING: 2,
        Queue.TEXT: cores,
        Queue.IMAGES: cores,
        Queue.VIDEOS: cores,
        Queue.RENDERING: cores,
        Queue.INPUTS: 8,
    }


POOL_KINDS = {Queue.POOL_IMAGES: MediaKind.IMAGE, Queue.POOL_VIDEOS: MediaKind.VIDEO}


class Floor:
    """Belongs to one event loop. `queues`: those that this process serves."""

    def __init__(self, settings: Settings, worker: str, queues: Collection[Queue] = tuple(Queue)) -> None:
        self._settings = settings
        self._worker = worker
        self._room = {queue: limit for queue, limit in capacities(settings).items() if queue in queues}
        self._going: dict[Queue, dict[asyncio.Task[None], Lease]] = {queue: {} for queue in self._room}
        self._asked: dict[Queue, int] = dict.fromkeys(self._room, 0)
        self._looking: set[Queue] = set()
        self._is_stopping = False
        self._engine = Engine(settings, worker, [kind for queue, kind in POOL_KINDS.items() if queue in queues])
        self._deliverer = Deliverer(settings) if Queue.CALLBACKS in queues else None

    @property
    def queues(self) -> tuple[Queue, ...]:
        """Those whose jobs are claimed here; the pools' have no claims, and callbacks are no jobs."""
        return tuple(self._room)

    def start(self) -> None:
        """Sets the pool's own loops going; all else begins with a look."""
        self._engine.start()

    async def look(self, queue: Queue) -> None:
        """Claims due jobs of the queue and sets them going, until there is no more room or nothing is due."""
        if queue in POOL_KINDS:
            self._engine.wake()
            return
        if queue is Queue.CALLBACKS and self._deliverer is not None:
            await self._deliverer.look()
            return
        if queue not in self._room:
            return
        self._asked[queue] += 1
        if queue in self._looking:
            return
        self._looking.add(queue)
        try:
            while not self._is_stopping and len(self._going[queue]) < self._room[queue]:
                asked = self._asked[queue]
                claimed = await self._claim(queue)
                if claimed is None:
                    if asked == self._asked[queue]:
                        return
                    continue
                task = asyncio.create_task(self._do(queue, *claimed))
                self._going[queue][task] = claimed[1]
                task.add_done_callback(lambda done: self._going[queue].pop(done, None))
        finally:
            self._looking.discard(queue)

    async def _claim(self, queue: Queue) -> tuple[Job, Lease] | None:
        """A claim that is never lost: one that comes through while the floor closes is handed back."""
        claiming = asyncio.ensure_future(claim(queue, self._worker, self._settings.lease_seconds))
        try:
            claimed = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            if claiming.exception() is None and (late := claiming.result()) is not None:
                await hand_back(late[1])
            raise
        if claimed is not None and self._is_stopping:
            await hand_back(claimed[1])
            return None
        return claimed

    async def _do(self, queue: Queue, job: Job, lease: Lease) -> None:
        with structlog.contextvars.bound_contextvars(job=job.global_id):
            try:
                with job_span(
                    f"job {job.role.value.lower()}", job.trace_parent, job=job.global_id, type=job.type.value
                ):
                    await self._do_job(queue, job, lease)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("job.broke")
                await self._give_back_later(lease)
        if not self._is_stopping:
            task = asyncio.current_task()
            if task is not None:
                self._going[queue].pop(task, None)
            try:
                await self.look(queue)
            except Exception as error:  # the tick looks again
                log.warning("worker.look_failed", error=type(error).__name__)

    async def _do_job(self, queue: Queue, job: Job, lease: Lease) -> None:
        if job.role is JobRole.STAGE:
            await plan_stage(job, lease)
        elif job.role is JobRole.GENERATE:
            await (prepare_inputs if queue is Queue.INPUTS else run_direct)(job, lease, self._settings)
        else:
            await self._build(job, lease)

    async def _give_back_later(self, lease: Lease) -> None:
        """After a moment in which the database may have come back; else the lease runs out by itself."""
        await asyncio.sleep(GIVE_BACK_SECONDS)
        try:
            await hand_back(lease)
        except Exception as error:
            log.warning("job.not_given_back", error=type(error).__name__)

    async def _build(self, job: Job, lease: Lease) -> None:
        make = MAKERS.get(ArtifactKind(job.artifact_kind or ""))
        if make is None:
            await fail_build(job, lease, JobErrorCode.INTERNAL, "Nobody knows how to make this.", retry=False)
            return
        await run_build(job, lease, make, self._settings)

    async def tick(self) -> None:
        """Looks for due work every second, whatever messages were lost, and sweeps beside that, until cancelled."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            while True:
                try:
                    for queue in (*await due_queues(), Queue.CALLBACKS):
                        await self.look(queue)
                except Exception:
                    log.exception("worker.tick_failed")
                await asyncio.sleep(TICK_SECONDS)
        finally:
            sweeping.cancel()
            await asyncio.wait([sweeping])

    async def _sweep(self) -> None:
        """By itself: clearing away may take long, and no look waits for it."""
        while True:
            try:
                await sweep(self._settings)
            except Exception:
                log.exception("worker.sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def stop(self) -> None:
        """Stops everything that is going and hands it back, due at once."""
        self._is_stopping = True
        await self._engine.stop()
        if self._deliverer is not None:
            await self._deliverer.stop()
        going = {task: lease for group in self._going.values() for task, lease in group.items()}
        for task in going:
            task.cancel()
        if going:
            await asyncio.wait(going)
        for lease in going.values():  # also of those that had not begun yet; for an ended job it changes nothing
            await hand_back(lease)
        while self._looking:  # noqa: ASYNC110 - looks end by themselves, one by one
            await asyncio.sleep(0.01)
