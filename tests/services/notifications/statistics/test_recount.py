"""Statistics against a recount, after random changes by the services themselves, on both databases."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from errors import JobErrorCode
from models.accounts import Account
from models.database import is_sqlite, transaction
from models.enums import AttemptState, JobStatus, MediaKind, Site
from models.generation import Attempt, GenerationRecord
from models.job_errors import JobError
from models.jobs import Job
from providers.pooled import Accepted
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation
from services.generation.retrying import retry_generation
from services.generation.stopping import cancel_generation
from services.generation.submitting import record_acceptance
from services.notifications.statistics import rollup as rolling
from services.notifications.statistics.rollup import roll_up
from tests.factories import OWNER
from tests.pool_factories import attempts_of, make_account, make_generation
from tests.services.notifications.statistics.recount import wrong_sums

WORKS = ("film", "short", "trailer")
PROJECTS = ("north", "south")
STEPS = 120


class Studio:
    """Does one random thing after the other, as people and workers do."""

    def __init__(self, random_: random.Random, monkeypatch: pytest.MonkeyPatch, accounts: list[Account]) -> None:
        self._random = random_
        self._monkeypatch = monkeypatch
        self._accounts = accounts
        self._job_ids: list[int] = []

    async def do_something(self) -> None:
        doing: list[Callable[[], Awaitable[None]]] = [
            self.ask, self.ask, self.place, self.place, self.charge, self.succeed, self.succeed, self.fail,
            self.cancel, self.retry, self.succeed_late, self.ask_again,
        ]  # fmt: skip
        await self._random.choice(doing)()

    async def _any(self, *statuses: JobStatus) -> Job | None:
        jobs = await Job.filter(id__in=self._job_ids, status__in=list(statuses)).order_by("id")
        return self._random.choice(jobs) if jobs else None

    def _end_at_a_random_time(self) -> None:
        """What ends now has ended within the last 40 days."""
        moment = datetime.now(UTC) - timedelta(seconds=self._random.uniform(0, 40 * 86400))
        text = f"'{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}+00:00'"
        literal = text if is_sqlite() else f"TIMESTAMPTZ {text}"
        self._monkeypatch.setattr("services.stores.updates.timestamp_sql", lambda: literal)
        self.moment = moment

    async def ask(self) -> None:
        job = await make_generation(kind=self._random.choice(list(MediaKind)))
        place = {"project_id": self._random.choice(PROJECTS), "work_id": self._random.choice(WORKS)}
        await GenerationRecord.filter(id=job.record_id).update(**place)
        await Job.filter(id=job.id).update(params=job.params | place)
        self._job_ids.append(job.id)

    async def ask_again(self) -> None:
        """A record is made again: a second job for it."""
        former = await self._any(JobStatus.SUCCEEDED, JobStatus.FAILED)
        if former is None or await Job.exists(record_id=former.record_id, status__in=["PENDING", "RUNNING"]):
            return
        job = await Job.create(
            owner=OWNER, type=former.type, role=former.role, queue=former.queue, target_id=former.target_id,
            record_id=former.record_id, params=former.params,
        )  # fmt: skip
        await GenerationRecord.filter(id=former.record_id).update(current_job_id=job.id)
        self._job_ids.append(job.id)

    async def place(self) -> None:
        job = await self._any(JobStatus.PENDING, JobStatus.RUNNING)
        if job is None:
            return
        account = self._random.choice(self._accounts)
        known = await attempts_of(job)
        await Attempt.filter(job_id=job.id).update(state=AttemptState.ENDED)
        ago = timedelta(days=40, seconds=self._random.uniform(1, 600))
        await Attempt.create(
            owner=OWNER, job_id=job.id, run=job.retry_count, number=len(known) + 1, account_id=account.id,
            provider="fake", site=account.site, kind=job.params["kind"], model="fake", submit_id=str(len(known)),
            state=AttemptState.SENT, credits_expected=self._random.choice((None, 0, 4, 20)),
            placed_at_ms=int((datetime.now(UTC) - ago).timestamp() * 1000),
        )  # fmt: skip
        await Job.filter(id=job.id).update(status=JobStatus.RUNNING)

    async def charge(self) -> None:
        sent = await Attempt.filter(job_id__in=self._job_ids, state=AttemptState.SENT).order_by("id")
        if sent:
            attempt = self._random.choice(sent)
            assert await record_acceptance(attempt, await Job.get(id=attempt.job_id), Accepted(f"history-{attempt.id}"))

    async def succeed(self) -> None:
        job = await self._any(JobStatus.RUNNING)
        if job is not None:
            self._end_at_a_random_time()
            await _succeed(job, is_late=False)

    async def succeed_late(self) -> None:
        job = await self._any(JobStatus.FAILED)
        if job is not None and not await Job.exists(record_id=job.record_id, id__gt=job.id):
            self._end_at_a_random_time()
            await _succeed(job, is_late=True)

    async def fail(self) -> None:
        job = await self._any(JobStatus.PENDING, JobStatus.RUNNING)
        if job is not None:
            self._end_at_a_random_time()
            error = JobError(self._random.choice(list(JobErrorCode)[:4]), "It broke.", is_retryable=True)
            await transaction(lambda: fail_generation(job, error))

    async def cancel(self) -> None:
        job = await self._any(JobStatus.PENDING, JobStatus.RUNNING)
        if job is not None:
            self._end_at_a_random_time()
            await transaction(lambda: cancel_generation(job))

    async def retry(self) -> None:
        job = await self._any(JobStatus.FAILED, JobStatus.CANCELED)
        if job is not None and not await Job.exists(record_id=job.record_id, id__gt=job.id):
            await transaction(lambda: retry_generation(job))


async def _succeed(job: Job, *, is_late: bool) -> None:
    async def body() -> None:
        if await succeed_generation(job, is_late=is_late):
            await on_ended([job.id])

    await transaction(body)


@pytest.mark.parametrize("seed", [1, 2])
async def test_sums_are_those_of_a_recount_whatever_has_happened(
    either_database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(rolling, "DELTA_BATCH_SIZE", 7)
    random_ = random.Random(seed)
    accounts = [await make_account(site=site) for site in (Site.US, Site.US, Site.HK)]
    studio = Studio(random_, monkeypatch, accounts)
    for step in range(STEPS):
        rollers = [roll_up(60) for _ in range(random_.choice((0, 0, 0, 1, 3)))]
        await asyncio.gather(studio.do_something(), *rollers)
        if step == STEPS // 2:
            assert await wrong_sums(OWNER, WORKS, PROJECTS) == []
    await roll_up(60)
    assert await wrong_sums(OWNER, WORKS, PROJECTS) == []
    assert await Job.filter(status=JobStatus.SUCCEEDED, retry_count__gt=0).exists()
