"""Planning of stage jobs: compares what the target has with what it needs, starts the missing builds, ends the job."""

from typing import Any

import structlog
from tortoise.exceptions import IntegrityError

from errors import EkonteError, JobErrorCode, JobFailure
from models.database import after_commit, is_away, transaction
from models.enums import LIVE_JOB_STATUSES, JobRole, JobStatus, Stage, WorkflowStatus
from models.job_errors import JobError
from models.jobs import Job
from models.workflows import Workflow
from services.film.artifacts.graph import Decision, Node, decide
from services.film.stages.registry import STAGE_WORK
from services.film.workflow.steps import stage_ended, yield_to_earlier_stage
from services.platform.leases import Lease
from services.platform.locking import lock_rows
from services.platform.metrics.recording import record_job_ended
from services.queue.creation import create_build_job
from services.queue.leases import roll_up_progress
from services.stores import scripts
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.transitions import transition
from services.stores.jobs.waits import sleep_job
from services.stores.jobs.which import Jobs

log = structlog.get_logger(__name__)

MAX_PLAN_TRIES = 5
_STAGE_ENDS_FROM = {
    JobStatus.SUCCEEDED: (JobStatus.RUNNING,),
    JobStatus.FAILED: LIVE_JOB_STATUSES,
    JobStatus.CANCELED: LIVE_JOB_STATUSES,
}


async def plan_stage(job: Job, lease: Lease) -> None:
    """Plans a stage job once: starts builds, ends the job, or puts it to sleep. An error ends the job as FAILED.

    Concurrent calls are safe: the one without the lease changes nothing. Raises only if the database is unreachable.
    """
    try:
        await _plan_with_retries(lease)
    except JobFailure as failure:
        error = JobError(failure.code, failure.message, is_retryable=failure.is_retryable)
        await _fail_in_transaction(lease, error)
    except EkonteError as refusal:
        await _fail_in_transaction(lease, JobError(JobErrorCode.INVALID_INPUT, refusal.message, is_retryable=False))
    except Exception as error:
        if is_away(error):
            raise  # the stage itself is sound: it is planned again later
        log.exception("stage.plan_failed", job=job.global_id, type=job.type.value)
        message = "Internal server error. The server log has the details."
        await _fail_in_transaction(lease, JobError(JobErrorCode.INTERNAL, message, is_retryable=True))


async def _plan_with_retries(lease: Lease) -> None:
    """Plans again when another stage job of the same target wrote the same rows at the same time."""
    for _ in range(MAX_PLAN_TRIES - 1):
        try:
            await transaction(lambda: _plan(lease))
        except IntegrityError:
            log.info("stage.plan_retried", job=lease.id)
        else:
            return
    await transaction(lambda: _plan(lease))


async def _fail_in_transaction(lease: Lease, error: JobError) -> None:
    async def body() -> None:
        if await is_held_by(lease):
            await end_stage_job(await Job.get(id=lease.id), JobStatus.FAILED, error)

    await transaction(body)


async def _plan(lease: Lease) -> None:
    if not await is_held_by(lease):
        return
    job = await Job.get(id=lease.id)
    assert job.stage is not None
    work = STAGE_WORK[job.stage]
    await work.prepare(job)
    nodes = requested_nodes(await work.nodes(job.target_id), job.params)
    rows = await Job.filter(
        role=JobRole.BUILD, target_id=job.target_id, status__in=list(LIVE_JOB_STATUSES)
    ).values_list("artifact_kind", "artifact_subject_id", "artifact_slot")
    live = {(str(kind), int(subject), int(slot)) for kind, subject, slot in rows}
    decision = decide(nodes, live)
    if decision.is_complete:
        await work.finish(job)
        await end_stage_job(job, JobStatus.SUCCEEDED, None)
        return
    if decision.is_stuck and not live:
        if not decision.failed and await yield_to_earlier_stage(job):
            message = (
                "The inputs of this stage have changed. Earlier stages run first, then a new job continues this one."
            )
            await end_stage_job(
                job, JobStatus.CANCELED, JobError(JobErrorCode.INVALID_INPUT, message, is_retryable=True)
            )
            return
        await end_stage_job(job, JobStatus.FAILED, stuck_error(decision))
        return
    if decision.build and not await _is_paused(job):
        for node in decision.build:
            assert node.inputs is not None
            assert node.fingerprint is not None
            await create_build_job(
                job,
                node.job_type,
                node.queue,
                kind=node.kind,
                subject_id=node.subject_id,
                slot=node.slot,
                inputs=node.inputs,
                fingerprint=node.fingerprint,
                weight=node.weight,
            )
    await _wait(job, lease, decision)


def requested_nodes(nodes: list[Node], params: dict[str, Any]) -> list[Node]:
    """The nodes that a job covers: all, or those of the subjects named by its mutation ({"only": {kind: ids}})."""
    only = params.get("only")
    if only is None:
        return nodes
    return [node for node in nodes if node.subject_id in only.get(node.kind.value, ())]


def stuck_error(decision: Decision) -> JobError:
    """The error of a stage that cannot go on: the first failure and the number of failed parts."""
    if not decision.failed:
        message = "An input of this stage is missing. Run the earlier stages first."
        return JobError(JobErrorCode.INVALID_INPUT, message, is_retryable=True)
    errors = [JobError.from_json(node.error) for node in decision.failed]
    first = errors[0] or JobError(JobErrorCode.INTERNAL, "No error was stored.", is_retryable=True)
    count = len(errors)
    message = first.message if count == 1 else f"{count} parts failed. First error: {first.message}"
    is_retryable = any(error is None or error.is_retryable for error in errors)
    return JobError(first.code, message, is_retryable, first.upstream_code)


async def _is_paused(job: Job) -> bool:
    """Whether the job's workflow is paused and must not start builds. Locks the workflow's row, so that a concurrent
    pause sees the new builds.
    """
    if job.workflow_id is None or "run" not in job.params:
        return False  # jobs that a user starts also run while the workflow is paused: users pause to make corrections
    rows = await lock_rows(Workflow, [job.workflow_id], columns=["status"])
    return bool(rows) and rows[0]["status"] == WorkflowStatus.PAUSED


async def _wait(job: Job, lease: Lease, decision: Decision) -> None:
    """Puts the job to sleep until a build ends or an input changes. The lease's row lock delays wakes until then."""
    done = sum(build.weight for build in await Job.filter(parent_id=job.id, status=JobStatus.SUCCEEDED).only("weight"))
    await sleep_job(
        lease,
        is_due=False,
        expected_weight=done + decision.missing_weight,
        message=_message(job, decision),
    )
    await roll_up_progress(job.id)


_NOUNS = {
    Stage.SCRIPT: "scripts",
    Stage.ASSETS: "designs",
    Stage.STORYBOARD: "pictures",
    Stage.ANIMATIC: "parts",
    Stage.VIDEO: "clips",
    Stage.EDIT: "parts",
}


def _message(job: Job, decision: Decision) -> str:
    missing = len(decision.build) + len(decision.waiting)
    total = missing + len(decision.current) + len(decision.failed)
    assert job.stage is not None
    return f"{len(decision.current)} of {total} {_NOUNS[job.stage]} done"


async def end_stage_job(job: Job, status: JobStatus, error: JobError | None) -> None:
    """Ends a stage job and advances its workflow, in the caller's transaction. Changes nothing if it has ended."""
    if not await transition(Jobs(ids=[job.id]), to=status, expected=_STAGE_ENDS_FROM[status], error=error):
        return
    after_commit(lambda: record_job_ended(job, status, None if error is None else error.code.value))
    await mark_target(job, status)
    if job.workflow_id is not None:
        await stage_ended(job, status, None if error is None else error.to_json())


async def mark_target(job: Job, status: JobStatus) -> None:
    """Stores the status in a script's row; the states of all other targets are read from their jobs."""
    if job.stage is Stage.SCRIPT and status is not JobStatus.SUCCEEDED:
        unwritten = {JobStatus.PENDING, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED} - {status}
        await scripts.transition(job.target_id, to=status, expected=unwritten)
