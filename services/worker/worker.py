"""A worker process's loops, one for each kind of work. Actors run the loops (tasks/)."""

from collections.abc import Callable, Collection
from functools import partial

import structlog

from models.enums import JobRole, MediaKind, Queue
from models.jobs import Job
from services.accounts.health_checks import MAX_CHECKS
from services.accounts.looking import MAX_LOOKS
from services.accounts.pool.scheduling import release_kinds
from services.accounts.settling import MAX_SETTLING
from services.film.stages.building import run_build
from services.film.workflow.planning import plan_stage
from services.generation.direct import run_direct
from services.generation.inputs import prepare_inputs
from services.notifications.delivery.source import MAX_CALLBACKS, CallbackSource
from services.platform.leases import Lease
from services.worker.account_sources import CheckSource, CreditSource, LookSource, SettlementSource
from services.worker.alert_checks import check_alerts
from services.worker.attempt_sources import PollSource, finishes, submits
from services.worker.job_source import Do, JobClaim, JobSource
from services.worker.kinds import BUILD_QUEUES, GENERATE_QUEUES, Work
from services.worker.pass_loop import PassLoop
from services.worker.scheduling import Scheduler
from services.worker.sweeper import apply_retention, roll_up_statistics, sweep
from services.worker.work_loop import Capacity, Claim, WorkLoop, WorkSource
from settings import Settings

log = structlog.get_logger(__name__)

KIND_OF_POOL_QUEUE = {Queue.POOL_IMAGES: MediaKind.IMAGE, Queue.POOL_VIDEOS: MediaKind.VIDEO}

MAX_POLLS = 200
MIN_FINISHES = 16
MAX_RECEIVING = 8

Send = Callable[[Work], None]


class Worker:
    """Belongs to one event loop. Does nothing by itself: each loop works only while an actor runs it."""

    def __init__(self, settings: Settings, name: str, queues: Collection[Queue], send: Send) -> None:
        """queues: those whose messages this process consumes. send: sends the message of a kind of work that may have
        become due through work done here.
        """
        self.name = name
        self.queues = tuple(queues)
        self._settings = settings
        max_submits = settings.max_submits
        capacities = _job_capacities(settings)

        self.plans = self._jobs(Queue.PLANNING, JobRole.STAGE, _plan, capacities)
        self.builds = {queue: self._jobs(queue, JobRole.BUILD, run_build, capacities) for queue in BUILD_QUEUES}
        self.generations = {
            queue: self._jobs(queue, JobRole.GENERATE, run_direct, capacities) for queue in GENERATE_QUEUES
        }
        self.inputs = self._jobs(Queue.INPUTS, JobRole.GENERATE, prepare_inputs, capacities)

        kinds = [kind for queue, kind in KIND_OF_POOL_QUEUE.items() if queue in self.queues]
        self.schedulers = {
            queue: PassLoop("schedule", Scheduler(kind, name, send).make_pass)
            for queue, kind in KIND_OF_POOL_QUEUE.items()
        }
        # After a submit, a refused job is scheduled again and an accepted task is polled; a poll releases slots and
        # finds results.
        self.submits = self._loop(
            "submit", submits(settings, kinds, lambda: _send_all(send, Work.SCHEDULE, Work.POLL)), Capacity(max_submits)
        )
        self.polls = self._loop(
            "poll",
            PollSource(settings, kinds, lambda: _send_all(send, Work.SCHEDULE, Work.FINISH)),
            Capacity(MAX_POLLS),
        )
        self.finishes = self._loop("finish", finishes(settings, kinds), Capacity(max(MIN_FINISHES, max_submits // 4)))

        self._callbacks = CallbackSource(settings)
        self.callbacks = self._loop("deliver", self._callbacks, Capacity(MAX_CALLBACKS))
        self.checks = self._loop("check", CheckSource(settings), Capacity(MAX_CHECKS))
        self.looks = self._loop("look", LookSource(lambda: send(Work.SCHEDULE)), Capacity(MAX_LOOKS))
        self.credits = self._loop(
            "receive", CreditSource(settings, lambda: send(Work.SCHEDULE)), Capacity(MAX_RECEIVING)
        )
        self.settlements = self._loop(
            "settle", SettlementSource(settings, lambda: send(Work.SCHEDULE)), Capacity(MAX_SETTLING)
        )

        self.sweeps = PassLoop("sweep", sweep)
        self.rollups = PassLoop("roll up statistics", roll_up_statistics)
        self.alert_checks = PassLoop("check alerts", partial(check_alerts, settings))
        self.retention = PassLoop("apply retention", partial(apply_retention, settings))

    async def stop(self) -> None:
        """Cancels all running work and releases it, due at once for other workers; actors that run loops return."""
        work_loops = [
            self.submits,
            self.polls,
            self.finishes,
            self.callbacks,
            self.checks,
            self.looks,
            self.credits,
            self.settlements,
        ]
        job_loops = [self.plans, *self.builds.values(), *self.generations.values(), self.inputs]
        passes = [*self.schedulers.values(), self.sweeps, self.rollups, self.alert_checks, self.retention]
        for loop in (*passes, *job_loops, *work_loops):
            await loop.stop()  # type: ignore[attr-defined]
        await self._callbacks.close()
        try:
            await release_kinds(self.name)
        except Exception as error:  # the database may be unavailable: the lease expires
            log.warning("worker.release_failed", error=type(error).__name__)

    def _jobs(self, queue: Queue, role: JobRole, do: Do, capacities: dict[Queue, Capacity]) -> WorkLoop[JobClaim]:
        return self._loop(queue.value, JobSource(queue, role, self.name, self._settings, do), capacities[queue])

    def _loop(self, name: str, source: WorkSource[Claim], capacity: Capacity) -> WorkLoop[Claim]:
        return WorkLoop(name, source, capacity, extend_seconds=self._settings.lease_seconds / 3)


async def _plan(job: Job, lease: Lease, settings: Settings) -> None:
    await plan_stage(job, lease)


def _job_capacities(settings: Settings) -> dict[Queue, Capacity]:
    """The number of jobs of each queue that one process runs at once. Renderers also wait for a slot of the machine."""
    cores = settings.render_concurrency
    limits = {Queue.PLANNING: 2, **dict.fromkeys(BUILD_QUEUES, cores), Queue.INPUTS: 8}
    return {queue: Capacity(limit) for queue, limit in limits.items()}


def _send_all(send: Send, *works: Work) -> None:
    for work in works:
        send(work)
