"""recordStatistics over GraphQL."""

from datetime import UTC, datetime, timedelta

import pytest

from errors import JobErrorCode
from models.database import transaction
from models.enums import JobStatus, MediaKind
from models.generation import Attempt
from models.job_errors import JobError
from models.jobs import Job
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation
from services.generation.stopping import cancel_generation
from services.notifications.statistics.days import calendar_day
from settings import get_settings
from tests.factories import OTHER, OWNER
from tests.pool_factories import make_generation
from tests.resolvers.asking import ask, execute

pytestmark = pytest.mark.usefixtures("database")

DOCUMENT = """
query ($filter: RecordStatisticsFilter) {
  recordStatistics(filter: $filter) {
    total succeeded failed pending running canceled successRate averageGenerationSeconds p95GenerationSeconds
    creditsSpent switches
    byDay { date imageCount videoCount successRate }
    byWork { workId imageCount videoCount successRate }
    byError { code count }
  }
}
"""


async def succeed(job: Job, seconds: float) -> None:
    await Job.filter(id=job.id).update(status=JobStatus.RUNNING)
    placed_at_ms = int((datetime.now(UTC) - timedelta(seconds=seconds)).timestamp() * 1000)
    await Attempt.create(
        owner=job.owner,
        job_id=job.id,
        number=1,
        provider="fake",
        kind=job.params["kind"],
        model="fake",
        submit_id="1",
        placed_at_ms=placed_at_ms,
    )

    async def body() -> None:
        assert await succeed_generation(job)
        await on_ended([job.id])

    await transaction(body)


async def test_all_statistics_are_returned() -> None:
    await succeed(await make_generation(), 20)
    await succeed(await make_generation(kind=MediaKind.VIDEO), 40)
    broken, unwanted = await make_generation(), await make_generation()
    error = JobError(JobErrorCode.CONTENT_REJECTED, "No.", is_retryable=False)
    await transaction(lambda: fail_generation(broken, error))
    await transaction(lambda: cancel_generation(unwanted))
    await make_generation()
    await succeed(await make_generation(OTHER), 5)
    told = (await ask(DOCUMENT))["recordStatistics"]
    assert told.pop("averageGenerationSeconds") == pytest.approx(30, abs=1)
    assert told.pop("p95GenerationSeconds") == pytest.approx(40, rel=0.07)
    today = calendar_day(datetime.now(UTC), get_settings().timezone).isoformat()
    counts = {"imageCount": 3, "videoCount": 1, "successRate": 0.5}
    assert told == {
        "total": 5,
        "succeeded": 2,
        "failed": 1,
        "pending": 1,
        "running": 0,
        "canceled": 1,
        "successRate": 0.5,
        "creditsSpent": 0,
        "switches": 0,
        "byDay": [{"date": today, **counts}],
        "byWork": [{"workId": "default", **counts}],
        "byError": [{"code": "CONTENT_REJECTED", "count": 1}],
    }


async def test_nothing_is_told_as_nothing() -> None:
    told = (await ask(DOCUMENT))["recordStatistics"]
    assert (told["total"], told["successRate"], told["averageGenerationSeconds"], told["byDay"]) == (0, None, None, [])


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ({}, 2),
        ({"range": "TODAY"}, 2),
        ({"range": None, "kind": None, "workId": None, "projectId": None}, 2),
        ({"kind": "VIDEO"}, 1),
        ({"workId": "default", "projectId": "default", "kind": "IMAGE", "range": "WEEK"}, 1),
        ({"workId": "another"}, 0),
        ({"projectId": "another"}, 0),
    ],
)
async def test_conditions_hold_at_once(wanted: dict[str, str | None], total: int) -> None:
    await succeed(await make_generation(), 20)
    await make_generation(kind=MediaKind.VIDEO)
    assert (await ask(DOCUMENT, filter=wanted))["recordStatistics"]["total"] == total


async def test_a_caller_sees_what_he_has_just_done() -> None:
    job = await make_generation()
    assert (await ask(DOCUMENT))["recordStatistics"]["canceled"] == 0
    await ask("mutation ($id: ID!) { cancelJob(id: $id) { job { id } } }", id=job.global_id)
    told = (await ask(DOCUMENT))["recordStatistics"]
    assert (told["canceled"], told["pending"]) == (1, 0)


async def test_a_range_that_there_is_not_is_refused() -> None:
    result = await execute(DOCUMENT, OWNER, filter={"range": "YEAR"})
    assert result.errors is not None
