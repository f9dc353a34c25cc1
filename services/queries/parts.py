"""Batched queries for unpaged children of scripts, workflows, jobs and animatics."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from tortoise.expressions import Subquery

from models.artifacts import JobFile
from models.enums import STAGES
from models.files import StoredFile
from models.jobs import Job
from models.scripts import Asset, Script, ScriptScene, ScriptShot
from models.workflows import Workflow, WorkflowStage
from services.platform.files import ready_files
from services.platform.owned import owned, owned_rows_sql, places, rows_by_id

T = TypeVar("T")


async def stages_by_workflow_id(owner: str, workflow_ids: Sequence[int]) -> list[tuple[WorkflowStage, ...]]:
    """Returns for each workflow its stages, in order."""
    mine = owned(Workflow, owner).filter(id__in=list(workflow_ids)).values("id")
    stages: dict[int, list[WorkflowStage]] = defaultdict(list)
    for row in await WorkflowStage.filter(workflow_id__in=Subquery(mine)):
        stages[row.workflow_id].append(row)
    return [tuple(sorted(stages[workflow_id], key=lambda row: STAGES.index(row.stage))) for workflow_id in workflow_ids]


async def stages_in_order(owner: str, ids: Sequence[int]) -> list[WorkflowStage | None]:
    """Returns for each id the stage, or None where it is not one of the owner's workflows' stages."""
    mine = owned(Workflow, owner).values("id")
    rows = {row.id: row for row in await WorkflowStage.filter(id__in=list(ids), workflow_id__in=Subquery(mine))}
    return [rows.get(row_id) for row_id in ids]


async def scenes_in_order(owner: str, ids: Sequence[int]) -> list[ScriptScene | None]:
    """Returns for each id the scene, or None where it is not in a script of the owner's."""
    mine = owned(Script, owner).values("id")
    rows = {row.id: row for row in await ScriptScene.filter(id__in=list(ids), script_id__in=Subquery(mine))}
    return [rows.get(row_id) for row_id in ids]


async def script_shots_in_order(owner: str, ids: Sequence[int]) -> list[ScriptShot | None]:
    """Returns for each id the shot, or None where it is not in a script of the owner's."""
    mine = owned(Script, owner).values("id")
    rows = {row.id: row for row in await ScriptShot.filter(id__in=list(ids), script_id__in=Subquery(mine))}
    return [rows.get(row_id) for row_id in ids]


async def shots_by_scene(owner: str, scenes: Sequence[tuple[int, int]]) -> list[tuple[ScriptShot, ...]]:
    """Returns for each (script id, scene number) its shots, in order."""
    mine = owned(Script, owner).filter(id__in=list({script_id for script_id, _ in scenes})).values("id")
    numbers = {number for _, number in scenes}
    shots: dict[tuple[int, int], list[ScriptShot]] = defaultdict(list)
    rows = ScriptShot.filter(script_id__in=Subquery(mine), scene_number__in=list(numbers)).order_by("number")
    for row in await rows:
        shots[row.script_id, row.scene_number].append(row)
    return [tuple(shots[scene]) for scene in scenes]


async def assets_by_script_id(owner: str, script_ids: Sequence[int]) -> list[tuple[Asset, ...]]:
    """Returns for each script its assets, in the script's order."""
    assets: dict[int, list[Asset]] = defaultdict(list)
    for row in await owned(Asset, owner).filter(script_id__in=list(script_ids)).order_by("position"):
        assets[row.script_id].append(row)
    return [tuple(assets[script_id]) for script_id in script_ids]


async def newest_stage_jobs(owner: str, target_ids: Sequence[int]) -> list[Job | None]:
    """Returns for each target its newest stage job, or None; two statements."""
    found = await owned_rows_sql(
        "SELECT target_id, MAX(id) AS id FROM job WHERE owner = ? AND role = 'STAGE'"
        f" AND target_id IN ({places(target_ids)}) GROUP BY target_id",
        owner,
        *target_ids,
    )
    newest = {row["target_id"]: row["id"] for row in found}
    jobs = await rows_by_id(Job, owner, newest.values())
    return [jobs.get(newest.get(target_id, 0)) for target_id in target_ids]


async def files_by_job_id(owner: str, job_ids: Sequence[int]) -> list[tuple[StoredFile, ...]]:
    """Returns for each job the files of the job and its children, each file once, in the order of the jobs' ids."""
    found = await owned_rows_sql(
        "SELECT j.id AS job_id, j.id AS maker_id FROM job j WHERE j.owner = ?"
        f" AND j.id IN ({places(job_ids)}) UNION ALL"
        " SELECT c.parent_id AS job_id, c.id AS maker_id FROM job c JOIN job p ON p.id = c.parent_id"
        f" AND p.owner = c.owner WHERE p.owner = ? AND c.parent_id IN ({places(job_ids)})",
        owner,
        *job_ids,
        owner,
        *job_ids,
    )
    makers = {row["maker_id"] for row in found}
    links: dict[int, list[JobFile]] = defaultdict(list)
    for link in await JobFile.filter(job_id__in=list(makers)).order_by("job_id", "position"):
        links[link.job_id].append(link)
    stored = await ready_files(owner, [link.file_id for of_job in links.values() for link in of_job])
    file_ids: dict[int, dict[int, None]] = defaultdict(dict)
    for row in sorted(found, key=lambda row: row["maker_id"]):
        file_ids[row["job_id"]].update(dict.fromkeys(link.file_id for link in links[row["maker_id"]]))
    return [tuple(stored[file_id] for file_id in file_ids[job_id] if file_id in stored) for job_id in job_ids]


async def planned_seconds(owner: str, animatic_ids: Sequence[int]) -> list[tuple[tuple[int, float], ...]]:
    """Returns for each animatic (part id, the shot's planned seconds), in order."""
    found = await owned_rows_sql(
        "SELECT p.id AS id, p.animatic_id AS animatic_id, s.duration_seconds AS seconds FROM animatic_part p"
        f" JOIN shot s ON s.id = p.shot_id WHERE p.owner = ? AND p.animatic_id IN ({places(animatic_ids)})"
        " ORDER BY s.sequence, p.id",
        owner,
        *animatic_ids,
    )
    parts: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for row in found:
        parts[row["animatic_id"]].append((row["id"], float(row["seconds"])))
    return [tuple(parts[animatic_id]) for animatic_id in animatic_ids]
