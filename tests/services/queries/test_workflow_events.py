import dataclasses
from typing import Any

import pytest

from models.enums import STAGES, Stage, WorkflowStatus
from services.queries.workflow_events import (
    RETRIED_ERROR,
    UNKNOWN_ERROR,
    Event,
    Failed,
    Progressed,
    StageDone,
    StageFailed,
    StageState,
    WorkflowCompleted,
    WorkflowState,
    events_between,
    first_events,
)

RUNNING, FAILED, CANCELED = WorkflowStatus.RUNNING, WorkflowStatus.FAILED, WorkflowStatus.CANCELED
PAUSED, SUCCEEDED, PENDING = WorkflowStatus.PAUSED, WorkflowStatus.SUCCEEDED, WorkflowStatus.PENDING
ERROR = {"code": "TIMEOUT", "message": "Too slow.", "retryable": True, "upstreamCode": None}


def state(status: WorkflowStatus = RUNNING, run: int = 1, error: Any = None, **stages: StageState) -> WorkflowState:
    return WorkflowState(status, run, 0.5, Stage.VIDEO, {Stage(name): value for name, value in stages.items()}, error)


def stage(
    status: WorkflowStatus, completions: int = 0, job: int = 1, retries: int = 0, error: Any = None
) -> StageState:
    return StageState(status, 0.5, completions, job, retries, error)


def discrete(events: list[Event]) -> list[Event]:
    return [event for event in events if not isinstance(event, Progressed)]


ALL_DONE = {name: stage(SUCCEEDED, 1) for name in STAGES}

CASES: dict[str, tuple[WorkflowState, WorkflowState, list[Event]]] = {
    "nothing has changed": (state(), state(), []),
    "a stage has completed": (
        state(SCRIPT=stage(RUNNING)),
        state(SCRIPT=stage(SUCCEEDED, 1)),
        [StageDone(Stage.SCRIPT)],
    ),
    "three stages have completed unseen": (
        state(SCRIPT=stage(RUNNING)),
        state(SCRIPT=stage(SUCCEEDED, 1), ASSETS=stage(SUCCEEDED, 1, 2), STORYBOARD=stage(SUCCEEDED, 1, 3)),
        [StageDone(Stage.SCRIPT), StageDone(Stage.ASSETS), StageDone(Stage.STORYBOARD)],
    ),
    "the last stage and with it the workflow": (
        state(EDIT=stage(RUNNING)),
        state(SUCCEEDED, EDIT=stage(SUCCEEDED, 1)),
        [StageDone(Stage.EDIT), WorkflowCompleted()],
    ),
    "a stage has failed and with it the workflow": (
        state(VIDEO=stage(RUNNING)),
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, error=ERROR)),
        [StageFailed(Stage.VIDEO, ERROR), Failed(ERROR)],
    ),
    "a failure is told once": (
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, error=ERROR)),
        dataclasses.replace(state(FAILED, error=ERROR, VIDEO=stage(FAILED, error=ERROR)), progress=0.6),
        [],
    ),
    "a failure without a reason": (
        state(VIDEO=stage(RUNNING)),
        state(FAILED, VIDEO=stage(FAILED)),
        [StageFailed(Stage.VIDEO, UNKNOWN_ERROR), Failed(UNKNOWN_ERROR)],
    ),
    "a failure that was retried unseen": (
        state(VIDEO=stage(RUNNING)),
        state(VIDEO=stage(RUNNING, retries=1)),
        [StageFailed(Stage.VIDEO, RETRIED_ERROR), Failed(RETRIED_ERROR)],
    ),
    "a failure that was seen and then retried": (
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, error=ERROR)),
        state(VIDEO=stage(RUNNING, retries=1)),
        [],
    ),
    "failed, retried and failed again, the first seen": (
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, error=ERROR)),
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, retries=1, error=ERROR)),
        [StageFailed(Stage.VIDEO, ERROR), Failed(ERROR)],
    ),
    "failed, retried and failed again, both unseen": (
        state(VIDEO=stage(RUNNING)),
        state(FAILED, error=ERROR, VIDEO=stage(FAILED, retries=1, error=ERROR)),
        [
            StageFailed(Stage.VIDEO, RETRIED_ERROR),
            Failed(RETRIED_ERROR),
            StageFailed(Stage.VIDEO, ERROR),
            Failed(ERROR),
        ],
    ),
    "failed, retried and done, all unseen": (
        state(EDIT=stage(RUNNING)),
        state(SUCCEEDED, EDIT=stage(SUCCEEDED, 1, retries=1)),
        [StageFailed(Stage.EDIT, RETRIED_ERROR), Failed(RETRIED_ERROR), StageDone(Stage.EDIT), WorkflowCompleted()],
    ),
    "canceled": (state(VIDEO=stage(RUNNING)), state(CANCELED, VIDEO=stage(CANCELED)), [Failed(None)]),
    "canceled, seen and retried": (
        state(CANCELED, VIDEO=stage(CANCELED)),
        state(VIDEO=stage(RUNNING, retries=1)),
        [],
    ),
    "paused": (state(), state(PAUSED), []),
    "completed and begun anew, unseen": (
        state(EDIT=stage(RUNNING)),
        state(run=2, EDIT=stage(PENDING, 1)),
        [StageDone(Stage.EDIT), WorkflowCompleted()],
    ),
    "completed, seen, and begun anew": (
        state(SUCCEEDED, EDIT=stage(SUCCEEDED, 1)),
        state(run=2, EDIT=stage(PENDING, 1)),
        [],
    ),
    "completed twice, the first unseen": (
        state(EDIT=stage(RUNNING)),
        state(SUCCEEDED, run=2, EDIT=stage(SUCCEEDED, 2, job=9)),
        [StageDone(Stage.EDIT), StageDone(Stage.EDIT), WorkflowCompleted(), WorkflowCompleted()],
    ),
    "completed, seen, and completed again": (
        state(SUCCEEDED, EDIT=stage(SUCCEEDED, 1)),
        state(SUCCEEDED, run=2, EDIT=stage(SUCCEEDED, 2, job=9)),
        [StageDone(Stage.EDIT), WorkflowCompleted()],
    ),
}


@pytest.mark.parametrize(("seen", "now", "expected"), CASES.values(), ids=CASES)
def test_events_between(seen: WorkflowState, now: WorkflowState, expected: list[Event]) -> None:
    assert discrete(events_between(seen, now)) == expected


def test_progress_is_sent_when_something_changed_and_before_the_end() -> None:
    seen, now = state(EDIT=stage(RUNNING)), state(SUCCEEDED, EDIT=stage(SUCCEEDED, 1))
    assert events_between(seen, seen) == []
    assert events_between(seen, now) == [StageDone(Stage.EDIT), Progressed(now), WorkflowCompleted()]


@pytest.mark.parametrize(
    ("now", "end"),
    [
        (state(PENDING), []),
        (state(PAUSED), []),
        (state(SUCCEEDED, **ALL_DONE), [WorkflowCompleted()]),
        (state(FAILED, error=ERROR), [Failed(ERROR)]),
        (state(CANCELED), [Failed(None)]),
    ],
)
def test_a_new_follower_gets_the_current_state_and_then_its_end(now: WorkflowState, end: list[Event]) -> None:
    assert first_events(now) == [Progressed(now), *end]
