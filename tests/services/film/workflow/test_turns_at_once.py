"""Turns of stage jobs raced with each other and with people, on both databases."""

import asyncio
from typing import Any

import pytest

from models.artifacts import Artifact
from models.database import transaction
from models.enums import ArtifactKind, JobRole, JobStatus, JobType, Queue, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.film.jobs import cancel_job
from services.film.workflow import planning
from services.film.workflow.planning import end_stage_job, plan_stage
from services.film.workflows import cancel_workflow, pause_workflow
from services.platform.leases import Lease
from services.queue.creation import create_stage_job
from services.queue.leases import claim
from tests.factories import OWNER, Film, make_film


@pytest.fixture
async def film(either_database: str) -> Film:
    """A workflow whose storyboard stage is about to draw all its shots."""
    film = await make_film()
    await Artifact.filter(kind=ArtifactKind.PICTURE).delete()
    await Job.filter(role=JobRole.BUILD).delete()
    await Workflow.filter(id=film.workflow.id).update(status=WorkflowStatus.RUNNING)
    return film


async def stage_job(film: Film) -> Job:
    job = await transaction(
        lambda: create_stage_job(
            OWNER,
            JobType.STORYBOARD,
            film.storyboard.id,
            stage=Stage.STORYBOARD,
            workflow_id=film.workflow.id,
            params={"run": 1},
        )
    )
    await WorkflowStage.filter(workflow_id=film.workflow.id, stage=Stage.STORYBOARD).update(
        job_id=job.id, status=WorkflowStatus.RUNNING
    )
    return job


async def claimed() -> tuple[Job, Lease]:
    found = await claim(Queue.PLANNING, "worker", 30)
    assert found is not None
    return found


def slow_nodes(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Turns that wait a moment between looking and writing; the event is set when the first one has looked."""
    work, looked = planning.STAGE_WORK[Stage.STORYBOARD], asyncio.Event()
    look = work.nodes

    async def nodes(target_id: int) -> object:
        found = await look(target_id)
        looked.set()
        await asyncio.sleep(0.2)
        return found

    monkeypatch.setattr(work, "nodes", nodes)
    return looked


async def live_builds() -> int:
    return await Job.filter(role=JobRole.BUILD, status__in=["PENDING", "RUNNING"]).count()


async def test_two_stage_jobs_of_one_target_plan_each_build_once(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [await stage_job(film), await stage_job(film)]
    slow_nodes(monkeypatch)
    turns = [await claimed(), await claimed()]
    await asyncio.gather(*(plan_stage(job, lease) for job, lease in turns))
    assert [(await Job.get(id=job.id)).status for job in jobs] == [JobStatus.RUNNING, JobStatus.RUNNING]
    assert await live_builds() == len(film.shots)


@pytest.mark.parametrize("stop", [cancel_workflow, cancel_job])
async def test_a_stage_canceled_while_it_plans_leaves_no_build(
    film: Film, monkeypatch: pytest.MonkeyPatch, stop: object
) -> None:
    job = await stage_job(film)
    looked = slow_nodes(monkeypatch)
    turn = asyncio.create_task(plan_stage(*(await claimed())))
    await looked.wait()
    await stop(OWNER, job.id if stop is cancel_job else film.workflow.id)  # type: ignore[operator]
    await turn
    assert (await Job.get(id=job.id)).status is JobStatus.CANCELED
    assert (await Workflow.get(id=film.workflow.id)).status is WorkflowStatus.CANCELED
    assert await live_builds() == 0


async def test_a_pause_while_a_stage_plans_holds_what_it_plans(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage_job(film)
    begun, create = asyncio.Event(), planning.create_build_job

    async def create_slowly(*arguments: Any, **values: Any) -> Job:
        begun.set()
        await asyncio.sleep(0.1)
        return await create(*arguments, **values)

    monkeypatch.setattr(planning, "create_build_job", create_slowly)
    turn = asyncio.create_task(plan_stage(*(await claimed())))
    await begun.wait()
    await pause_workflow(OWNER, film.workflow.id)
    await turn
    assert await Job.filter(role=JobRole.BUILD, due_at_ms__isnull=False).count() == 0


async def test_a_stage_job_that_has_ended_is_not_ended_again(film: Film) -> None:
    stale = await stage_job(film)
    await claimed()
    await transaction(lambda: end_stage_job(stale, JobStatus.SUCCEEDED, None))
    await Workflow.filter(id=film.workflow.id).update(status=WorkflowStatus.RUNNING)
    await transaction(lambda: end_stage_job(stale, JobStatus.CANCELED, None))
    assert (await Job.get(id=stale.id)).status is JobStatus.SUCCEEDED
    assert (await Workflow.get(id=film.workflow.id)).status is WorkflowStatus.RUNNING
