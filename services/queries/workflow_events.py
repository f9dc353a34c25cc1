"""What a follower of a workflow is told: the discrete events between the state it saw last and the present one.

States may be skipped, events may not. What happened unseen is read off numbers that only grow: a stage's
`completions` over all runs, the retries of its job (each follows a failure or cancellation), and the workflow's `run`
(each new one follows a completed one). The error of a failure that was retried unseen is gone, and its event says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from errors import JobErrorCode
from models.enums import ENDED_WORKFLOW_STATUSES, STAGES, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage


@dataclass(frozen=True)
class StageState:
    """`retries`: how often the job, by its id, was run again."""

    status: WorkflowStatus = WorkflowStatus.PENDING
    progress: float = 0.0
    completions: int = 0
    job_id: int | None = None
    retries: int = 0
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class WorkflowState:
    """The present state of a workflow as far as followers are told of it."""

    status: WorkflowStatus
    run: int
    progress: float
    current_stage: Stage | None
    stages: Mapping[Stage, StageState]
    error: Mapping[str, Any] | None = None

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED_WORKFLOW_STATUSES

    @property
    def stage_progress(self) -> float:
        """Of the current stage; of the whole where none is current."""
        return self.progress if self.current_stage is None else self.stage(self.current_stage).progress

    def stage(self, stage: Stage) -> StageState:
        return self.stages.get(stage, StageState())


@dataclass(frozen=True)
class Progressed:
    state: WorkflowState


@dataclass(frozen=True)
class StageDone:
    stage: Stage


@dataclass(frozen=True)
class StageFailed:
    stage: Stage
    error: Mapping[str, Any]


@dataclass(frozen=True)
class WorkflowCompleted:
    pass


@dataclass(frozen=True)
class Failed:
    """Failed or canceled; without an error where somebody canceled it."""

    error: Mapping[str, Any] | None


Event = Progressed | StageDone | StageFailed | WorkflowCompleted | Failed


def _internal(message: str) -> Mapping[str, Any]:
    return {"code": JobErrorCode.INTERNAL.value, "message": message, "retryable": True, "upstreamCode": None}


RETRIED_ERROR = _internal("It failed and was run again before this could be told; the reason is no longer there.")
UNKNOWN_ERROR = _internal("It failed, and no reason was stored.")


def state_of(workflow: Workflow, stages: tuple[WorkflowStage, ...], jobs: Mapping[int, Job]) -> WorkflowState:
    """The state out of a workflow's rows; `jobs` are those of its stages by id."""
    return WorkflowState(
        status=workflow.status,
        run=workflow.run,
        progress=workflow.progress,
        current_stage=workflow.current_stage,
        error=workflow.error,
        stages={
            row.stage: StageState(
                status=row.status,
                progress=row.progress,
                completions=row.completions,
                job_id=row.job_id,
                retries=jobs[row.job_id].retry_count if row.job_id in jobs else 0,
                error=row.error,
            )
            for row in stages
        },
    )


def first_events(now: WorkflowState) -> list[Event]:
    """What a new follower is told: the present state, and its end where it has ended."""
    return [Progressed(now), *_end_of(now)]


def events_between(seen: WorkflowState, now: WorkflowState) -> list[Event]:
    """In order: failures that were retried unseen, completed stages and runs, present failures, progress, the end."""
    events: list[Event] = []
    for stage, before, after in _stages(seen, now):
        for _ in range(_retried_unseen(before, after)):
            events += [StageFailed(stage, RETRIED_ERROR), Failed(RETRIED_ERROR)]
    for stage, before, after in _stages(seen, now):
        events += [StageDone(stage)] * max(0, after.completions - before.completions)
    completed_unseen = now.run - seen.run - (1 if seen.status is WorkflowStatus.SUCCEEDED else 0)
    events += [WorkflowCompleted()] * max(0, completed_unseen)
    for stage, before, after in _stages(seen, now):
        is_told = before.status is WorkflowStatus.FAILED and _is_same_try(before, after)
        if after.status is WorkflowStatus.FAILED and not is_told:
            events.append(StageFailed(stage, after.error or UNKNOWN_ERROR))
    if now != seen:
        events.append(Progressed(now))
    is_same_end = seen.is_ended and seen.run == now.run
    if not (is_same_end and all(_is_same_try(before, after) for _, before, after in _stages(seen, now))):
        events += _end_of(now)
    return events


def _stages(seen: WorkflowState, now: WorkflowState) -> Iterator[tuple[Stage, StageState, StageState]]:
    for stage in STAGES:
        yield stage, seen.stage(stage), now.stage(stage)


def _is_same_try(before: StageState, after: StageState) -> bool:
    return (before.job_id, before.retries) == (after.job_id, after.retries)


def _retried_unseen(before: StageState, after: StageState) -> int:
    """How often the stage's job broke and was run again without the follower having been told."""
    if before.job_id != after.job_id:
        return after.retries
    is_told = before.status in (WorkflowStatus.FAILED, WorkflowStatus.CANCELED)
    return max(0, after.retries - before.retries - (1 if is_told else 0))


def _end_of(now: WorkflowState) -> list[Event]:
    if now.status is WorkflowStatus.SUCCEEDED:
        return [WorkflowCompleted()]
    if now.status is WorkflowStatus.FAILED:
        return [Failed(now.error or UNKNOWN_ERROR)]
    if now.status is WorkflowStatus.CANCELED:
        return [Failed(now.error)]
    return []
