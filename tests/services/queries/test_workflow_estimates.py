from datetime import UTC, datetime, timedelta

import pytest

from models.enums import Stage, WorkflowStatus
from models.workflows import WorkflowStage
from services.queries.workflow_estimates import (
    StageTimes,
    seconds_left,
    seconds_left_by_workflow_id,
    usual_stage_seconds,
)
from tests.factories import OTHER, OWNER, make_workflow

DONE = StageTimes(Stage.SCRIPT, is_done=True, progress=1.0, seconds=10.0)
HALF = StageTimes(Stage.VIDEO, is_done=False, progress=0.25, seconds=30.0)
BEGUN = StageTimes(Stage.VIDEO, is_done=False, progress=0.01, seconds=30.0)
NEXT = StageTimes(Stage.EDIT, is_done=False, progress=0.0, seconds=None)


def test_a_stage_under_way_goes_on_at_its_own_speed() -> None:
    assert seconds_left([DONE, HALF], {}) == pytest.approx(90)
    assert seconds_left([DONE, HALF], {Stage.VIDEO: 1.0}) == pytest.approx(90)


def test_a_stage_to_come_takes_what_such_stages_took() -> None:
    assert seconds_left([HALF, NEXT], {Stage.EDIT: 40.0}) == pytest.approx(130)
    assert seconds_left([BEGUN], {Stage.VIDEO: 100.0}) == pytest.approx(70)
    assert seconds_left([BEGUN], {Stage.VIDEO: 20.0}) == 0


def test_without_earlier_ones_it_takes_its_share_at_the_speed_of_those_before_it() -> None:
    script = StageTimes(Stage.SCRIPT, is_done=True, progress=1.0, seconds=2.0)  # 1 percent of the work
    assert seconds_left([script, NEXT], {}) == pytest.approx(62)  # 31 percent


def test_nothing_is_told_where_nothing_is_known() -> None:
    assert seconds_left([NEXT], {}) is None
    assert seconds_left([BEGUN], {}) is None
    assert seconds_left([DONE], {}) == 0


@pytest.mark.usefixtures("either_database")
async def test_only_live_workflows_are_estimated_by_the_owners_newest_stages() -> None:
    now = datetime.now(UTC)

    async def stage(workflow_id: int, stage: Stage, seconds: float | None, status: WorkflowStatus) -> None:
        ends = None if seconds is None else now + timedelta(seconds=seconds)
        await WorkflowStage.filter(workflow_id=workflow_id, stage=stage).update(
            status=status, started_at=now, finished_at=ends, progress=0.0
        )

    for owner, seconds in ((OWNER, 100.0), (OWNER, 300.0), (OWNER, 0.0), (OTHER, 9000.0)):
        past = await make_workflow(owner, status=WorkflowStatus.SUCCEEDED)
        for each in Stage:
            await stage(past.id, each, seconds, WorkflowStatus.SUCCEEDED)
    assert await usual_stage_seconds(OWNER) == dict.fromkeys(Stage, 200.0)
    running = await make_workflow(status=WorkflowStatus.RUNNING)
    await stage(running.id, Stage.SCRIPT, 100.0, WorkflowStatus.SUCCEEDED)
    paused = await make_workflow(status=WorkflowStatus.PAUSED)
    left = await seconds_left_by_workflow_id(OWNER, [running.id, paused.id, past.id])
    assert left == [pytest.approx(1000.0, abs=5), None, None]
    assert await seconds_left_by_workflow_id(OTHER, [running.id]) == [None]
