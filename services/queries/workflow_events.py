"""Discrete events for followers of a workflow, computed from the state seen last and the current state.

A follower may skip states but no events. Skipped events are derived from numbers that only grow: a stage's
`completions` over all runs, the retries of its job (each follows a failure or cancellation), and the workflow's `run`
(each new run follows a completed one). The error of a failure that was retried before it was seen is no longer stored;
its event says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from errors import JobErrorCode
from models.enums import ENDED_WORKFLOW_STATUSES, STAGES, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage


@dataclass(frozen=True)
class StageState:
    """`retries`: how often the stage's job (`job_id`) was retried."""

    status: WorkflowStatus = WorkflowStatus.PENDING
    progress: float = 0.0
    completions: int = 0
    job_id: int | None = None
    retries: int = 0
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class WorkflowState:
    """The part of a workflow's state that its followers see."""

    status: WorkflowStatus
    run: int
    progress: float
    current_stage: Stage | None
    stages: Mapping[Stage, StageState]
    error: Mapping[str, Any] | None = None
    updated_at: datetime | None = None
    "When the workflow, or something that was made in it, was last changed other than by progress."

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED_WORKFLOW_STATUSES

    @property
    def stage_progress(self) -> float:
        """The progress of the current stage; of the workflow if there is none."""
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
class Deleted:
    """The workflow was deleted, with everything made in it. Always the last event."""


@dataclass(frozen=True)
class Failed:
    """The workflow failed or was canceled; error is None if a user canceled it."""

    error: Mapping[str, Any] | None


Event = Progressed | StageDone | StageFailed | WorkflowCompleted | Failed | Deleted


def _internal(message: str) -> Mapping[str, Any]:
    return {"code": JobErrorCode.INTERNAL.value, "message": message, "retryable": True, "upstreamCode": None}


RETRIED_ERROR = _internal("The stage failed and was retried before this event was sent. Its error is no longer stored.")
UNKNOWN_ERROR = _internal("The run failed without a stored error.")


def state_of(workflow: Workflow, stages: tuple[WorkflowStage, ...], jobs: Mapping[int, Job]) -> WorkflowState:
    """Builds the state from a workflow's rows; `jobs`: the jobs of its stages by id."""
    return WorkflowState(
        status=workflow.status,
        run=workflow.run,
        progress=workflow.progress,
        current_stage=workflow.current_stage,
        error=workflow.error,
        updated_at=workflow.updated_at,
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
    """The events for a new follower: the current state, and the end if the workflow has ended."""
    return [Progressed(now), *_end_of(now)]


def due_events(seen: WorkflowState | None, now: WorkflowState) -> list[Event]:
    """The events for a follower that has seen that state last; None: for a new follower."""
    return first_events(now) if seen is None else events_between(seen, now)


def events_between(seen: WorkflowState, now: WorkflowState) -> list[Event]:
    """Returns, in order: failures that were retried unseen, completed stages and runs, current failures, progress, and
    the end.
    """
    events: list[Event] = []
    for stage, before, after in _stages(seen, now):
        for _ in range(_retried_unseen(before, after)):
            events += [StageFailed(stage, RETRIED_ERROR), Failed(RETRIED_ERROR)]
    for stage, before, after in _stages(seen, now):
        events += [StageDone(stage)] * max(0, after.completions - before.completions)
    completed_unseen = now.run - seen.run - (1 if seen.status is WorkflowStatus.SUCCEEDED else 0)
    events += [WorkflowCompleted()] * max(0, completed_unseen)
    for stage, before, after in _stages(seen, now):
        is_seen = before.status is WorkflowStatus.FAILED and _is_same_try(before, after)
        if after.status is WorkflowStatus.FAILED and not is_seen:
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
    """How often the stage's job failed and was retried without the follower having seen it."""
    if before.job_id != after.job_id:
        return after.retries
    is_seen = before.status in (WorkflowStatus.FAILED, WorkflowStatus.CANCELED)
    return max(0, after.retries - before.retries - (1 if is_seen else 0))


def _end_of(now: WorkflowState) -> list[Event]:
    if now.status is WorkflowStatus.SUCCEEDED:
        return [WorkflowCompleted()]
    if now.status is WorkflowStatus.FAILED:
        return [Failed(now.error or UNKNOWN_ERROR)]
    if now.status is WorkflowStatus.CANCELED:
        return [Failed(now.error)]
    return []
