"""Builds that a pool generates: asked for once, and never for a build that is over."""

import pytest

from models.enums import ArtifactKind, JobRole, JobStatus, MediaKind
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.generations import WaitingForGenerationError, generated
from services.queue.heartbeat import LeaseLostError
from services.stores.jobs.which import Jobs
from tests.factories import make_build, make_job
from tests.pool_factories import FakeUpstream, upstream  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_database", "upstream")

REQUEST = GenerationRequest(
    kind=MediaKind.IMAGE, provider="fake", model="fake-picture", prompt="a lamp", storyboard_id="shot_1"
)


async def running_build(parent: Job, **values: object) -> Job:
    return await make_build(
        parent, ArtifactKind.PICTURE, 7, status=JobStatus.RUNNING, worker="w", lease_epoch=1, **values
    )


async def asked(build: Job) -> Job:
    with pytest.raises(WaitingForGenerationError) as waiting:
        await generated(build, REQUEST)
    return await Job.get(id=waiting.value.job_id)


async def test_a_build_asks_once_and_finds_its_generation_again() -> None:
    build = await running_build(await make_job())
    first = await asked(build)
    assert (await asked(build)).id == first.id
    assert (first.parent_id, first.role, first.status) == (build.id, JobRole.GENERATE, JobStatus.PENDING)


async def test_a_build_that_was_canceled_meanwhile_asks_for_nothing() -> None:
    build = await running_build(await make_job())
    await cancel_builds(Jobs(ids=[build.id]))
    with pytest.raises(LeaseLostError):
        await generated(build, REQUEST)
    assert await Job.filter(role=JobRole.GENERATE).count() == 0


async def test_canceling_a_build_cancels_its_generation() -> None:
    build = await running_build(await make_job())
    child = await asked(build)
    await cancel_builds(Jobs(ids=[build.id]))
    assert (await Job.get(id=child.id)).status is JobStatus.CANCELED


async def detached(child: Job) -> None:
    """As after a time-out: the job has failed, and its task is still upstream."""
    await Attempt.create(
        owner=child.owner,
        job_id=child.id,
        number=1,
        provider="fake",
        kind=MediaKind.IMAGE,
        model="fake-picture",
        submit_id="s",
        history_id="h",
        state="ACCEPTED",
        is_detached=True,
        accepted_at_ms=1,
    )
    await Job.filter(id=child.id).update(status=JobStatus.FAILED, due_at_ms=None)


async def test_a_retried_build_waits_on_for_the_task_that_is_still_upstream() -> None:
    build = await running_build(await make_job())
    child = await asked(build)
    await detached(child)
    await Job.filter(id=build.id).update(retry_count=1)
    again = await asked(await Job.get(id=build.id))
    assert (again.id, again.status) == (child.id, JobStatus.RUNNING)
    (attempt,) = await Attempt.filter(job_id=child.id)
    assert attempt.is_detached is False


async def test_so_does_a_new_build_of_the_same_picture() -> None:
    parent = await make_job()
    former = await running_build(parent)
    child = await asked(former)
    await detached(child)
    await Job.filter(id=former.id).update(status=JobStatus.FAILED)
    build = await running_build(parent)
    again = await asked(build)
    assert (again.id, again.parent_id, again.status) == (child.id, build.id, JobStatus.RUNNING)
