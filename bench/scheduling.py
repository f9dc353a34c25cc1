"""Benchmark of a scheduling pass: `python -m bench.scheduling`, on SQLite and on PostgreSQL.

10,000 jobs wait (ten batches of one owner, single jobs, three other owners) and 200 accounts have 600 slots. Measured:
a pass without free slots, one with a hundred free slots (a tenth of all is reserved for URGENT), and one with all 600
slots free that places the most jobs of a pass, including its writes. Also the choice alone (without database), the
former algorithm that checked every account for each job, and a worker's claim of its next job among 10,000.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bench.databases import NAMES, opened
from models.accounts import Account
from models.batches import Batch
from models.database import execute, now_ms, now_ms_sql
from models.enums import AttemptState, BatchStatus, BatchType, JobRole, JobStatus, JobType, MediaKind, Queue, Site
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.accounts.pool.choosing import Candidate, Demand, check_eligibility, rank, with_one_more
from services.accounts.pool.demands import demand_key
from services.accounts.pool.fairness import Group, WaitingJob
from services.accounts.pool.placing import place
from services.queue.leases import claim
from services.worker.scheduling import schedule
from tests.statements import counted_with_transactions

ACCOUNTS, SLOTS, JOBS, OWNERS, BATCHES = 200, 3, 10_000, 6, 10
ROUNDS = 9


def request(number: int) -> GenerationRequest:
    return GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="jimeng",
        model="jimeng-4.5",
        prompt=f"shot {number}: a lighthouse in the rain, seen from the sea, evening light",
        storyboard_id=f"shot-{number}",
        ratio="16:9",
        resolution="2k",
    )


async def fill() -> None:
    """Inserts accounts, batches and jobs, without records."""
    await Account.bulk_create(
        [
            Account(
                owner=_owner(number),
                name=f"account {number}",
                provider="jimeng",
                site=Site.CN,
                session_sealed="-",
                session_hash=f"{number:064}",
                session_hint="0000",
                max_concurrent=SLOTS,
                credit_balance=100_000,
            )
            for number in range(ACCOUNTS)
        ]
    )
    batches = [
        Batch(
            id=new_id(),
            owner=_owner(0),
            kind=MediaKind.IMAGE,
            type=BatchType.IMAGE_GENERATE,
            status=BatchStatus.RUNNING,
            project_id="p",
            work_id="w",
            total_count=JOBS // BATCHES,
        )
        for _ in range(BATCHES)
    ]
    await Batch.bulk_create(batches)
    moment_ms = await now_ms()
    for start in range(0, JOBS, 500):
        await Job.bulk_create([_job(number, batches, moment_ms) for number in range(start, start + 500)])


def _owner(number: int) -> str:
    """Half of all accounts and jobs belong to one owner."""
    return "studio" if number % 2 == 0 else f"owner-{number % OWNERS}"


def _job(number: int, batches: Sequence[Batch], moment_ms: int) -> Job:
    wanted = request(number)
    owner = _owner(number)
    record_id = new_id()
    return Job(
        id=new_id(),
        owner=owner,
        type=JobType.TEXT_TO_IMAGE,
        role=JobRole.GENERATE,
        queue=Queue.POOL_IMAGES,
        status=JobStatus.PENDING,
        priority_rank=2 if number % 10 else 1,
        params=wanted.to_json(),
        target_id=record_id,
        record_id=record_id,
        batch_id=batches[number // 2 % BATCHES].id if owner == "studio" else None,
        demand_key=demand_key(wanted),
        waiting_since_ms=moment_ms,
        due_at_ms=moment_ms,
    )


async def take_slots(free: int) -> None:
    """Occupies all slots but `free` with accepted attempts."""
    await execute("DELETE FROM attempt RETURNING id")
    await execute(
        f"UPDATE job SET status = 'PENDING', due_at_ms = {now_ms_sql()} WHERE status = 'RUNNING' RETURNING id"
    )
    accounts = await Account.all().order_by("id")
    places = [account for _ in range(SLOTS) for account in accounts][free:]
    moment_ms = await now_ms()
    await Attempt.bulk_create(
        [
            Attempt(
                owner=account.owner,
                job_id=number + 1,
                number=1,
                account_id=account.id,
                provider="jimeng",
                kind=MediaKind.IMAGE,
                model="jimeng-4.5",
                submit_id="-",
                state=AttemptState.ACCEPTED,
                placed_at_ms=moment_ms,
            )
            for number, account in enumerate(places)
        ]
    )
    await execute("ANALYZE")


async def measured(prepare: Callable[[], Awaitable[None]], rounds: int) -> tuple[list[float], int, int]:
    """Milliseconds of each pass, placements of the last one, and its SQL statements."""
    times: list[float] = []
    placed = statements = 0
    for _ in range(rounds):
        await prepare()
        with counted_with_transactions() as seen:
            began = time.perf_counter()
            placed = (await schedule(MediaKind.IMAGE)).placed
            times.append((time.perf_counter() - began) * 1000)
        statements = len(seen)
    return times, placed, statements


async def run(name: str, rounds: int) -> None:
    async with opened(name):
        await fill()
        for free in (0, 100, ACCOUNTS * SLOTS):
            times, placed, statements = await measured(lambda free=free: take_slots(free), rounds)  # type: ignore[misc]
            print(
                f"{name:<11} {free:>4} slots free: {placed:>4} placed  median {statistics.median(times):6.1f} ms"
                f"  worst {max(times):6.1f} ms  {statements} statements"
            )
        await take_slots(0)
        await execute("UPDATE job SET queue = 'images' WHERE status = 'PENDING' RETURNING id")
        times = []
        for _ in range(30):
            began = time.perf_counter()
            assert await claim(Queue.IMAGES, "bench", 30) is not None
            times.append((time.perf_counter() - began) * 1000)
        median, worst = statistics.median(times), max(times)
        print(f"{name:<11} a worker's claim among {JOBS}: median {median:.1f} ms  worst {worst:.1f} ms")


def choice_alone() -> None:
    """Compares the pure choice with checking all accounts for each job, on the same values."""
    accounts = [Candidate(id=number, site="CN", slot_limit=SLOTS, credit_balance=10_000) for number in range(ACCOUNTS)]
    demand = Demand(kind=MediaKind.IMAGE, model="jimeng-4.5", sites=("CN",), cost=4)
    jobs = [WaitingJob(number, 2, group=number % BATCHES) for number in range(JOBS)]
    began = time.perf_counter()
    groups = {number: Group() for number in range(BATCHES)}
    choice = place(jobs, {"": demand}, accounts, groups, now_ms=0, urgent_percent=10)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    pool = {account.id: replace(account) for account in accounts}
    for job in jobs[: len(choice.placements)]:
        free = [account for account in pool.values() if check_eligibility(account, demand, 0).is_free]
        best = min(free, key=lambda account: rank(account, demand))
        pool[best.id] = with_one_more(best, demand, 0, job.job_id, is_urgent=False)
    plainly = time.perf_counter() - began
    print(
        f"choice alone: {len(choice.placements)} of {JOBS} jobs on {ACCOUNTS} accounts in {seconds * 1000:.1f} ms;"
        f" checking all accounts for each job: {plainly * 1000:.1f} ms; ratio {plainly / seconds:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="*", default=list(NAMES), choices=NAMES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    choice_alone()
    for name in options.databases:
        asyncio.run(run(name, options.rounds))


if __name__ == "__main__":
    main()
