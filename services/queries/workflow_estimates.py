"""When workflows will have ended: by what their stages took so far, and what such stages of the owner took before."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from models.enums import STAGES, Stage, WorkflowStatus
from models.workflows import Workflow, WorkflowStage
from services.platform.owned import owned_rows_sql, rows_by_id
from services.queries.parts import stages_by_workflow_id
from services.queue.leases import STAGE_WEIGHTS

MEASURED = 20
"The newest completed stages of each kind whose durations are taken."
MIN_PROGRESS = 0.05
"Below this a stage's own speed says too little."


@dataclass(frozen=True)
class StageTimes:
    """What a stage has done in this run. seconds: since it was started, or what it took; None: not started."""

    stage: Stage
    is_done: bool
    progress: float
    seconds: float | None


def seconds_left(stages: Sequence[StageTimes], usual_seconds: Mapping[Stage, float]) -> float | None:
    """Returns the estimated seconds until all stages are done; None where nothing is known to estimate by.

    A running stage goes on at its own speed once there is one. A stage without one takes what such stages usually took
    (usual_seconds), else its share of the work (STAGE_WEIGHTS) at the speed of the stages before it.
    """
    known = [(STAGE_WEIGHTS[each.stage] * _share(each), each.seconds) for each in stages if _is_measured(each)]
    work, spent = sum(weight for weight, _ in known), sum(seconds or 0.0 for _, seconds in known)
    left = 0.0
    for each in stages:
        if each.is_done:
            continue
        if _is_measured(each):
            left += (each.seconds or 0.0) * (1 - each.progress) / each.progress
            continue
        whole = usual_seconds.get(each.stage)
        if whole is None and work:
            whole = STAGE_WEIGHTS[each.stage] * spent / work
        if whole is None:
            return None
        left += max(0.0, whole - (each.seconds or 0.0))
    return left


def _is_measured(times: StageTimes) -> bool:
    return times.seconds is not None and (times.is_done or times.progress >= MIN_PROGRESS)


def _share(times: StageTimes) -> float:
    return 1.0 if times.is_done else times.progress


async def seconds_left_by_workflow_id(owner: str, workflow_ids: Sequence[int]) -> list[float | None]:
    """Returns for each workflow the estimated seconds until it ends; None if it has ended, is paused, or if nothing is
    known. Four statements, for any number of workflows.
    """
    rows = await rows_by_id(Workflow, owner, workflow_ids)
    live = [row.id for row in rows.values() if row.status in (WorkflowStatus.PENDING, WorkflowStatus.RUNNING)]
    if not live:
        return [None] * len(workflow_ids)
    usual, now = await usual_stage_seconds(owner), datetime.now(UTC)
    stages = dict(zip(live, await stages_by_workflow_id(owner, live), strict=True))
    found = {
        workflow_id: seconds_left([_times(row, now) for row in of_workflow], usual)
        for workflow_id, of_workflow in stages.items()
    }
    return [found.get(workflow_id) for workflow_id in workflow_ids]


def _times(row: WorkflowStage, now: datetime) -> StageTimes:
    seconds = None if row.started_at is None else ((row.finished_at or now) - row.started_at).total_seconds()
    is_done = row.status is WorkflowStatus.SUCCEEDED
    return StageTimes(row.stage, is_done, row.progress, None if seconds is None else max(0.0, seconds))


async def usual_stage_seconds(owner: str) -> dict[Stage, float]:
    """Returns the median seconds of the owner's newest completed stages of each kind; those that started and ended in
    the same second are left out, because they had nothing to make. Two statements.
    """
    found = await owned_rows_sql(
        "SELECT id FROM (SELECT s.id AS id, ROW_NUMBER() OVER (PARTITION BY s.stage ORDER BY s.id DESC) AS place"
        " FROM (SELECT id FROM workflow WHERE owner = ? ORDER BY id DESC LIMIT 100) AS mine"
        " JOIN workflow_stage s ON s.workflow_id = mine.id"
        f" WHERE s.status = 'SUCCEEDED' AND s.started_at IS NOT NULL) AS ended WHERE place <= {MEASURED}",
        owner,
    )
    seconds: dict[Stage, list[float]] = defaultdict(list)
    for row in await WorkflowStage.filter(id__in=[row["id"] for row in found]):
        taken = (row.finished_at - row.started_at).total_seconds() if row.finished_at and row.started_at else 0.0
        if taken >= 1.0:
            seconds[row.stage].append(taken)
    return {stage: statistics.median(seconds[stage]) for stage in STAGES if stage in seconds}
