"""A worker's next job by the statement that weighs lines, against a plain reading of the rules, job by job."""

import random
from collections.abc import Sequence

import pytest

from models.batches import Batch
from models.database import execute, now_ms, now_ms_sql
from models.enums import BatchStatus, JobRole, JobStatus, JobType, Queue
from models.jobs import Job
from services.platform.runtime import runtime
from services.queue import leases
from services.queue.leases import claim
from services.queue.priority import aged_rank
from settings import get_settings
from tests.batch_factories import make_batch

pytestmark = pytest.mark.usefixtures("either_database")

OWNERS = ("ann", "ben", "cleo")
HOUR_MS = 3_600_000


async def fill(drawn: random.Random, fronts: Sequence[int]) -> list[Batch]:
    batches = [
        await make_batch(
            owner=drawn.choice(OWNERS),
            max_parallel=drawn.choice((None, 1, 3)),
            status=drawn.choice((BatchStatus.RUNNING, BatchStatus.RUNNING, BatchStatus.PAUSED)),
        )
        for _ in range(4)
    ]
    moment_ms = await now_ms()
    jobs = []
    for number in range(60):
        batch = drawn.choice((*batches, None))
        # Of batches with a limit nothing is begun yet: with more begun than may be, a claim would put jobs back.
        is_begun = drawn.random() < 0.2 and (batch is None or batch.max_parallel is None)
        # What was begun and is due has lost its worker; what was handed back has none.
        holder = drawn.choice((None, "gone")) if is_begun else None
        jobs.append(
            Job(
                owner=batch.owner if batch else drawn.choice(OWNERS),
                type=JobType.TEXT_TO_VIDEO,
                role=JobRole.GENERATE,
                queue=drawn.choice((Queue.VIDEOS, Queue.VIDEOS, Queue.VIDEOS, Queue.IMAGES)),
                status=JobStatus.RUNNING if is_begun else JobStatus.PENDING,
                worker=holder,
                target_id=number,
                record_id=number,
                batch_id=batch.id if batch else None,
                workflow_id=drawn.choice((None, 71, 72)) if batch is None else None,
                priority_rank=drawn.randrange(4),
                front_order=fronts[number % len(fronts)],
                # Half an hour off any whole ageing time, so that a slow test reads the same ranks as the database.
                waiting_since_ms=moment_ms - drawn.randrange(4) * HOUR_MS - HOUR_MS // 2,
                due_at_ms=moment_ms + drawn.choice((-1000, -1000, HOUR_MS)),
            )
        )
    await Job.bulk_create(jobs)
    return batches


def group_of(job: Job) -> int:
    return int(job.batch_id or job.workflow_id or 0)


def turn_of(turns: Sequence[object], whose: object) -> int:
    return turns.index(whose) + 1 if whose in turns else 0


async def next_by_the_rules(owners: list[str], groups: list[int]) -> Job | None:
    """owners, groups: whose turn was when, the latest last."""
    moment_ms = await now_ms()
    ageing_ms = int(get_settings().priority_ageing_seconds * 1000)
    batches = {batch.id: batch for batch in await Batch.all()}
    jobs = [job for job in await Job.filter(queue=Queue.VIDEOS) if job.status in (JobStatus.PENDING, JobStatus.RUNNING)]
    going = [job for job in jobs if job.status is JobStatus.RUNNING and job.worker is not None]

    def of_owner(job: Job) -> int:
        return sum(1 for other in going if other.owner == job.owner)

    def of_group(job: Job) -> int:
        return sum(1 for other in going if (other.owner, group_of(other)) == (job.owner, group_of(job)))

    def may_begin(job: Job) -> bool:
        if job.due_at_ms is None or job.due_at_ms > moment_ms:
            return False
        batch = batches.get(job.batch_id)
        if job.status is JobStatus.RUNNING or batch is None:
            return True
        return batch.status is not BatchStatus.PAUSED and (
            batch.max_parallel is None or of_group(job) < batch.max_parallel
        )

    def rank_of(job: Job) -> int:
        assert job.waiting_since_ms is not None
        return aged_rank(job.priority_rank, moment_ms - job.waiting_since_ms, ageing_ms)

    due = [job for job in jobs if job.due_at_ms is not None and job.due_at_ms <= moment_ms]
    is_any_moved = any(job.front_order < 0 for job in due)

    def oldest_of_owner(job: Job) -> int:
        """Decides between owners only where something was moved."""
        same = [other.id for other in due if (other.owner, rank_of(other)) == (job.owner, rank_of(job))]
        return min(same) if is_any_moved else 0

    def order(job: Job) -> tuple[int, ...]:
        turn = turn_of(owners, job.owner)
        of_lines = (job.front_order, of_group(job), turn_of(groups, group_of(job)), job.id)
        return (rank_of(job), of_owner(job), turn, oldest_of_owner(job), *of_lines)

    return min(filter(may_begin, jobs), key=order, default=None)


@pytest.mark.parametrize("seed", range(12))
async def test_a_worker_takes_the_job_that_the_rules_name(seed: int) -> None:
    drawn = random.Random(seed)
    await fill(drawn, (0,) if seed < 8 else (0, 0, 0, 0, -7, -9))
    runtime().state(leases.TurnsByQueue).clear()
    owners: list[str] = []
    groups: list[int] = []
    taken = 0
    while (wanted := await next_by_the_rules(owners, groups)) is not None:
        found = await claim(Queue.VIDEOS, "worker", 7200)
        assert found is not None
        job = found[0]
        assert job.id == wanted.id, taken
        taken += 1
        owners = [*(each for each in owners if each != job.owner), job.owner]
        groups = [*(each for each in groups if each != group_of(job)), group_of(job)]
        if drawn.random() < 0.4:
            await execute(
                f"UPDATE job SET status = 'SUCCEEDED', worker = NULL, due_at_ms = {now_ms_sql()}"
                " WHERE id = ? RETURNING id",
                job.id,
            )
    assert await claim(Queue.VIDEOS, "worker", 7200) is None
    assert taken > 5
