"""The store of workflows and their stages: what each change of state writes, and what it leaves."""

from typing import Any

import pytest

from models.database import transaction
from models.enums import (
    ENDED_WORKFLOW_STATUSES,
    LIVE_WORKFLOW_STATUSES,
    STAGES,
    WORKFLOW_STAGE_TRANSITIONS,
    WORKFLOW_TRANSITIONS,
    Stage,
    WorkflowStatus,
)
from models.workflows import Workflow, WorkflowStage
from services.platform.events import bus, workflow_topic
from services.stores import workflows
from services.stores.transitions import ForbiddenTransitionError
from tests.factories import OWNER, make_workflow, stored_options
from tests.statements import counted_with_transactions

PENDING, RUNNING, PAUSED = LIVE_WORKFLOW_STATUSES
SUCCEEDED, FAILED, CANCELED = ENDED_WORKFLOW_STATUSES
PAIRS = [(old, new) for old in WorkflowStatus for new in WorkflowStatus]


def test_the_table_of_workflows_holds_what_they_do_and_nothing_else() -> None:
    does = {(status, PAUSED) for status in (PENDING, RUNNING)}  # by a person, a budget, or after a stage
    does |= {(PAUSED, RUNNING), (PENDING, RUNNING)}
    does |= {(RUNNING, SUCCEEDED)}
    does |= {(status, FAILED) for status in LIVE_WORKFLOW_STATUSES}  # its stage failed, in a pause too
    does |= {(status, CANCELED) for status in LIVE_WORKFLOW_STATUSES}
    does |= {(status, RUNNING) for status in ENDED_WORKFLOW_STATUSES}  # a new run, or a retry
    assert does == {(old, new) for old, allowed in WORKFLOW_TRANSITIONS.items() for new in allowed}


def test_the_table_of_stages_holds_what_they_do_and_nothing_else() -> None:
    does = {(status, RUNNING) for status in WorkflowStatus if status is not PAUSED}  # started, or started anew
    does |= {(RUNNING, status) for status in ENDED_WORKFLOW_STATUSES}
    does |= {(RUNNING, PENDING)}  # it gives way to one before it
    does |= {(SUCCEEDED, PENDING)}  # a new run
    assert does == {(old, new) for old, allowed in WORKFLOW_STAGE_TRANSITIONS.items() for new in allowed}


async def columns(workflow_id: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    stages = WorkflowStage.filter(workflow_id=workflow_id).order_by("id").values()
    return await Workflow.filter(id=workflow_id).values(), await stages


async def test_every_change_of_a_workflow_in_the_table_is_written_and_every_other_refused(
    either_database: str,
) -> None:
    for old, new in PAIRS:
        workflow = await make_workflow(status=old)
        before = await columns(workflow.id)
        if new not in WORKFLOW_TRANSITIONS[old]:
            with pytest.raises(ForbiddenTransitionError):
                await workflows.transition(workflow.id, to=new, expected=[old])
            assert await columns(workflow.id) == before
            continue
        error = {"message": "Why."} if new is FAILED else None
        assert await workflows.transition(workflow.id, to=new, expected=[old], error=error) == OWNER
        after = await Workflow.get(id=workflow.id)
        assert (after.status, after.version, after.error) == (new, workflow.version + 1, error)


async def test_every_change_of_a_stage_in_the_table_is_written_and_every_other_refused(either_database: str) -> None:
    workflow = await make_workflow()
    stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.VIDEO)
    for old, new in PAIRS:
        await WorkflowStage.filter(id=stage.id).update(status=old, finished_at=None)
        before = await columns(workflow.id)
        if new not in WORKFLOW_STAGE_TRANSITIONS[old]:
            with pytest.raises(ForbiddenTransitionError):
                await workflows.transition_stage(stage.id, to=new, expected=[old])
            assert await columns(workflow.id) == before
            continue
        assert await workflows.transition_stage(stage.id, to=new, expected=[old])
        after = await WorkflowStage.get(id=stage.id)
        assert (after.status, after.finished_at is not None) == (new, new in ENDED_WORKFLOW_STATUSES)


async def test_what_is_in_another_state_than_the_expected_one_stays_as_it_is(either_database: str) -> None:
    workflow = await make_workflow(status=SUCCEEDED)
    stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.SCRIPT)
    before = await columns(workflow.id)
    assert await workflows.transition(workflow.id, to=PAUSED, expected=[PENDING, RUNNING]) is None
    assert not await workflows.transition_stage(stage.id, to=FAILED, expected=[RUNNING])
    assert await workflows.clear_pause_reason(workflow.id) is None
    assert await columns(workflow.id) == before


async def test_a_workflow_begins_running_with_its_six_stages(either_database: str) -> None:
    with counted_with_transactions() as statements:
        workflow = await workflows.create(owner=OWNER, name="A film", input_type="NOVEL", options=stored_options())
    assert len(statements) == 2
    stages = await WorkflowStage.filter(workflow_id=workflow.id).order_by("id")
    assert (await Workflow.get(id=workflow.id)).status is RUNNING
    assert [(row.stage, row.status, row.run) for row in stages] == [(stage, PENDING, 1) for stage in STAGES]


async def test_a_started_stage_is_the_workflows_current_one(either_database: str) -> None:
    workflow = await make_workflow(status=RUNNING)
    await workflows.start_stage(workflow.id, Stage.ASSETS, job_id=7, run=2)
    stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.ASSETS)
    assert (stage.status, stage.job_id, stage.run) == (RUNNING, 7, 2)
    assert stage.started_at is not None
    assert (await Workflow.get(id=workflow.id)).current_stage is Stage.ASSETS


async def test_a_new_run_resets_the_stages_that_were_done_from_one_on(either_database: str) -> None:
    workflow = await make_workflow(status=SUCCEEDED)
    await WorkflowStage.filter(workflow_id=workflow.id).update(status=SUCCEEDED, progress=1)
    await workflows.reset_stages(workflow.id, STAGES[3:])
    rows = await WorkflowStage.filter(workflow_id=workflow.id).order_by("id")
    assert [row.status for row in rows] == [SUCCEEDED] * 3 + [PENDING] * 3
    assert [row.progress for row in rows] == [1.0] * 3 + [0.0] * 3


async def test_progress_is_the_stages_share_and_never_goes_back(either_database: str) -> None:
    workflow = await make_workflow(status=RUNNING)
    shares = {stage.value: 20.0 if stage is Stage.SCRIPT else 16.0 for stage in STAGES}
    await workflows.start_stage(workflow.id, Stage.SCRIPT, job_id=7, run=1)
    for told, shown in ((0.5, 0.1), (0.25, 0.1), (1.0, 0.2)):
        await workflows.raise_stage_progress(workflow.id, 7, told)
        await workflows.roll_up_progress(workflow.id, shares)
        assert (await Workflow.get(id=workflow.id)).progress == pytest.approx(shown)


async def test_a_new_budget_leaves_the_other_options(either_database: str) -> None:
    workflow = await make_workflow()
    await workflows.set_credit_budget(workflow, 12)
    assert (await Workflow.get(id=workflow.id)).options == {**workflow.options, "credit_budget": 12}


async def test_followers_are_notified_after_the_commit(database: None) -> None:
    workflow = await make_workflow(status=RUNNING)
    with bus().listen([workflow_topic(workflow.id)]) as listener:

        async def body() -> None:
            await workflows.transition(workflow.id, to=PAUSED, expected=[RUNNING])
            assert await listener.next(0.0) == set()

        await transaction(body)
        assert await listener.next(5) == {workflow_topic(workflow.id)}


async def test_times_of_a_workflow_are_the_databases(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.stores.updates.timestamp_sql", lambda: "'2031-02-03 04:05:06.000+00:00'")
    workflow = await make_workflow(status=RUNNING)
    await workflows.start_stage(workflow.id, Stage.SCRIPT, job_id=7, run=1)
    stage = await WorkflowStage.get(workflow_id=workflow.id, stage=Stage.SCRIPT)
    await workflows.transition_stage(stage.id, to=FAILED, expected=[RUNNING])
    stage = await WorkflowStage.get(id=stage.id)
    times = [stage.started_at, stage.finished_at, (await Workflow.get(id=workflow.id)).updated_at]
    assert [time.year for time in times if time is not None] == [2031] * 3
