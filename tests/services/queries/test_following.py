"""A follower and a database that is away for a moment."""

import contextlib
from collections.abc import Sequence

import asyncpg
import pytest

from models.jobs import Job
from services.platform.events import job_topic
from services.queries import following
from services.queries.following import follow
from services.queries.present import JobState, Present
from tests.factories import OWNER, make_job

pytestmark = pytest.mark.usefixtures("database")


class Cut:
    """Loads ended jobs, after these errors."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def __call__(self, ids: Sequence[int]) -> list[JobState]:
        if self.errors:
            raise self.errors.pop(0)
        return [JobState(job.id, job.version, job.owner, True, job) for job in await Job.filter(id__in=list(ids))]


async def followed(job: Job, load: Cut) -> list[int]:
    async with contextlib.aclosing(follow(Present("job", load), OWNER, [job.id], job_topic)) as states:
        return [state.id async for state in states]


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RETRY_SECONDS", (0.0, 0.01, 0.01))


@pytest.mark.usefixtures("_quick")
async def test_a_follower_outlives_connections_that_are_cut() -> None:
    job = await make_job()
    load = Cut(
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    )
    assert await followed(job, load) == [job.id]


@pytest.mark.usefixtures("_quick")
async def test_a_follower_gives_up_on_a_database_that_stays_away() -> None:
    job = await make_job()
    load = Cut(*[asyncpg.InterfaceError("connection is closed")] * 9)
    with pytest.raises(asyncpg.InterfaceError):
        await followed(job, load)
    assert len(load.errors) == 9 - (len(following.RETRY_SECONDS) + 1)


async def test_any_other_fault_ends_following_at_once() -> None:
    job = await make_job()
    load = Cut(*[ZeroDivisionError()] * 2)
    with pytest.raises(ZeroDivisionError):
        await followed(job, load)
    assert len(load.errors) == 1
