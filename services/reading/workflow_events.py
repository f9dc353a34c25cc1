"""What a follower of a workflow is told: the discrete events between the state it saw last and the present one.

States may be skipped, events may not. A stage's `completions` counts over all runs, so a stage that completed again
while nobody looked is still told; an end that was missed shows in the run's number, which rises only when an ended
workflow is started anew. The error of a missed failure is gone with the run, and the event says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from errors import JobErrorCode
from models.enums import ENDED_WORKFLOW_STATUSES, STAGES, Stage, WorkflowStatus
from models.workflows import Workflow, WorkflowStage


@dataclass(frozen=True)
class StageState:
    status: WorkflowStatus = WorkflowStatus.PENDING
    progress: float = 0.0
    run: int = 1
    completions: int = 0
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
        if self.current_stage is None:
            return self.progress
        return self.stages.get(self.current_stage, StageState()).progress


@dataclass(frozen=True)
class Progressed:
    state: WorkflowState


@dataclass(frozen=True)
class StageDone:
    stage: Stage


@dataclass(frozen=True)
class StageBroke:
    stage: Stage
    error: Mapping[str, Any]


@dataclass(frozen=True)
class Completed:
    pass


@dataclass(frozen=True)
class Broke:
    """Failed or canceled."""

    error: Mapping[str, Any]


Event = Progressed | StageDone | StageBroke | Completed | Broke

MISSED_ERROR: Mapping[str, Any] = {
    "code": JobErrorCode.INTERNAL.value,
    "message": "It failed and was started again before this could be told; the reason is no longer there.",
    "retryable": True,
    "upstreamCode": None,
}
CANCELED_ERROR: Mapping[str, Any] = {
    "code": JobErrorCode.INTERNAL.value,
    "message": "The workflow was canceled.",
    "retryable": True,
    "upstreamCode": None,
}
UNKNOWN_ERROR: Mapping[str, Any] = {
    "code": JobErrorCode.INTERNAL.value,
    "message": "It failed without a reason that could be stored.",
    "retryable": True,
    "upstreamCode": None,
}


def state_of(workflow: Workflow, stages: tuple[WorkflowStage, ...]) -> WorkflowState:
    return WorkflowState(
        status=workflow.status,
        run=workflow.run,
        progress=workflow.progress,
        current_stage=workflow.current_stage,
        error=workflow.error,
        stages={row.stage: StageState(row.status, row.progress, row.run, row.completions, row.error) for row in stages},
    )


def first_events(now: WorkflowState) -> list[Event]:
    """What a new follower is told: the present state, and its end where it has ended."""
    return [Progressed(now), *_end_of(now)]


def events_between(seen: WorkflowState, now: WorkflowState) -> list[Event]:
    """In order: stages that completed, runs that ended unseen, stages that failed, progress, the end.

    The end comes last, and progress is told even beside it, so that a follower's bar reaches its place.
    """
    events: list[Event] = []
    for stage in STAGES:
        before, after = seen.stages.get(stage, StageState()), now.stages.get(stage, StageState())
        events += [StageDone(stage)] * max(0, after.completions - before.completions)
    events += _missed_ends(seen, now)
    for stage in STAGES:
        before, after = seen.stages.get(stage, StageState()), now.stages.get(stage, StageState())
        is_told = before.status is WorkflowStatus.FAILED and before.run == after.run
        if after.status is WorkflowStatus.FAILED and not is_told:
            events.append(StageBroke(stage, after.error or UNKNOWN_ERROR))
    if _shown(now) != _shown(seen):
        events.append(Progressed(now))
    if not seen.is_ended or now.run > seen.run:
        events += _end_of(now)
    return events


def _shown(state: WorkflowState) -> tuple[object, ...]:
    stages = tuple((stage, part.status, part.progress, part.run) for stage, part in sorted(state.stages.items()))
    return state.status, state.run, state.progress, state.current_stage, stages


def _end_of(now: WorkflowState) -> list[Event]:
    if now.status is WorkflowStatus.SUCCEEDED:
        return [Completed()]
    if now.status is WorkflowStatus.FAILED:
        return [Broke(now.error or UNKNOWN_ERROR)]
    if now.status is WorkflowStatus.CANCELED:
        return [Broke(now.error or CANCELED_ERROR)]
    return []


def _missed_ends(seen: WorkflowState, now: WorkflowState) -> list[Event]:
    """Ends of runs between the two states: each completed run has completed the last stage, the others broke."""
    missed = now.run - seen.run - (1 if seen.is_ended else 0)
    if missed <= 0:
        return []
    last = STAGES[-1]
    completed = now.stages.get(last, StageState()).completions - seen.stages.get(last, StageState()).completions
    if now.status is WorkflowStatus.SUCCEEDED:
        completed -= 1  # that one is told as the present end
    completed = min(missed, max(0, completed))
    events: list[Event] = []
    for _ in range(missed - completed):
        if (stage := _stage_that_broke(seen, now)) is not None:
            events.append(StageBroke(stage, MISSED_ERROR))
        events.append(Broke(MISSED_ERROR))
    return [*events, *[Completed()] * completed]


def _stage_that_broke(seen: WorkflowState, now: WorkflowState) -> Stage | None:
    """The first stage that was begun anew without having completed in between."""
    for stage in STAGES:
        before, after = seen.stages.get(stage, StageState()), now.stages.get(stage, StageState())
        if after.run > before.run and after.completions == before.completions:
            return stage
    return None
