"""Removing a workflow with all that hangs on it, also what was made from its parts outside of it."""

from dataclasses import dataclass
from typing import Any

from models.database import execute
from models.enums import LIVE_JOB_STATUSES, ArtifactKind, JobRole, JobStatus
from models.films import Animatic, Edit, Video
from models.jobs import Job
from models.scripts import Script
from models.storyboards import Storyboard
from services.film.artifacts.canceling import cancel_builds
from services.film.artifacts.planning import end_stage_job
from services.generation.similarity.indexing import forget_keys
from services.platform.files import release_files
from services.stores import records
from services.stores.jobs.deletions import delete_links_of_workflow, delete_stages_and_builds
from services.stores.jobs.which import Jobs
from services.stores.updates import Sql


@dataclass(frozen=True)
class _Family:
    """Ids of a workflow's scripts and of everything that hangs on them, whoever it belongs to as a workflow."""

    scripts: str
    storyboards: str
    animatics: str
    videos: str
    edits: str

    @property
    def targets(self) -> str:
        return ", ".join((self.scripts, self.storyboards, self.animatics, self.videos, self.edits))

    @property
    def target_ids(self) -> list[int]:
        return [int(number) for number in self.targets.split(", ")]


def _listed(ids: list[int]) -> str:
    """Ids for an IN clause; numbers of our own, so that a statement's limit of values does not matter."""
    return ", ".join(str(int(number)) for number in ids) or "0"


async def _family(workflow_id: int) -> _Family:
    async def ids(table: Any, parent: str, parents: list[int]) -> list[int]:
        own = await table.filter(workflow_id=workflow_id).values_list("id", flat=True)
        hanging = await table.filter(**{f"{parent}__in": parents}).values_list("id", flat=True) if parent else []
        return sorted({int(number) for number in (*own, *hanging)})

    scripts = await ids(Script, "", [])
    storyboards = await ids(Storyboard, "script_id", scripts)
    animatics = await ids(Animatic, "storyboard_id", storyboards)
    videos = await ids(Video, "animatic_id", animatics)
    edits = await ids(Edit, "video_id", videos)
    return _Family(*(_listed(group) for group in (scripts, storyboards, animatics, videos, edits)))


async def delete_rows(workflow_id: int) -> None:
    """Stops what still runs and removes all rows but the workflow's own. In a transaction.

    Files that nothing else refers to can no longer be fetched, and house-keeping takes them away; uploads stay.
    """
    family = await _family(workflow_id)
    await _stop(workflow_id, family)
    assets = f"SELECT id FROM asset WHERE script_id IN ({family.scripts})"
    shots = f"SELECT id FROM shot WHERE storyboard_id IN ({family.storyboards})"
    parts = f"SELECT id FROM animatic_part WHERE animatic_id IN ({family.animatics})"
    segments = f"SELECT id FROM video_segment WHERE video_id IN ({family.videos})"
    subjects = {
        ArtifactKind.SCRIPT: family.scripts,
        ArtifactKind.DESIGN: assets,
        ArtifactKind.GRID: family.storyboards,
        ArtifactKind.PICTURE: shots,
        ArtifactKind.SPEECH: parts,
        ArtifactKind.MOTION: parts,
        ArtifactKind.ANIMATIC: family.animatics,
        ArtifactKind.CLIP: segments,
        ArtifactKind.MUSIC: family.edits,
        ArtifactKind.FILM: family.edits,
    }
    used = await _files_of(workflow_id, family, subjects)
    for kind, ids in subjects.items():
        made = f"SELECT id FROM artifact WHERE kind = '{kind.value}' AND subject_id IN ({ids})"
        await _delete(f"artifact_file WHERE artifact_id IN ({made})")
        await _delete(f"artifact WHERE kind = '{kind.value}' AND subject_id IN ({ids})")
    jobs = f"job WHERE (workflow_id = {int(workflow_id)} OR target_id IN ({family.targets}))"
    await delete_links_of_workflow(workflow_id, family.target_ids)
    # Pictures and clips of the pool may still be under way upstream: their records are deleted as any record is, and
    # what is known about them goes when deleted rows do.
    of_builds = Sql(f"role = 'GENERATE' AND parent_id IN (SELECT id FROM {jobs})")
    await forget_keys(await records.mark_deleted_with_jobs(of_builds))
    await delete_stages_and_builds(workflow_id, family.target_ids)
    await _delete(f"video_segment WHERE video_id IN ({family.videos})")
    await _delete(f"animatic_part WHERE animatic_id IN ({family.animatics})")
    await _delete(f"shot WHERE storyboard_id IN ({family.storyboards})")
    for table in ("asset", "script_shot", "script_scene"):
        await _delete(f"{table} WHERE script_id IN ({family.scripts})")
    for table, ids in (
        ("edit", family.edits),
        ("video", family.videos),
        ("animatic", family.animatics),
        ("storyboard", family.storyboards),
        ("script", family.scripts),
    ):
        await _delete(f"{table} WHERE id IN ({ids})")
    await release_files(used)


async def _files_of(workflow_id: int, family: _Family, subjects: dict[ArtifactKind, str]) -> list[int]:
    """Ids of all files that the workflow's rows refer to."""
    artifacts = " OR ".join(f"(kind = '{kind.value}' AND subject_id IN ({ids}))" for kind, ids in subjects.items())
    rows = await execute(
        f"SELECT file_id FROM artifact_file WHERE artifact_id IN (SELECT id FROM artifact WHERE {artifacts})"
        " UNION SELECT file_id FROM job_file WHERE job_id IN"
        f" (SELECT id FROM job WHERE workflow_id = ? OR target_id IN ({family.targets}))"
        " UNION SELECT file_id FROM job_input WHERE job_id IN"
        f" (SELECT id FROM job WHERE workflow_id = ? OR target_id IN ({family.targets}))"
        f" UNION SELECT source_file_id FROM script WHERE id IN ({family.scripts})",
        workflow_id,
        workflow_id,
    )
    return [int(row["file_id"]) for row in rows]


async def _delete(what: str) -> None:
    await execute(f"DELETE FROM {what} RETURNING id")


async def _stop(workflow_id: int, family: _Family) -> None:
    await cancel_builds(Jobs(workflow_id=workflow_id, target_ids=family.target_ids))
    live = await execute(
        f"SELECT id FROM job WHERE role = '{JobRole.STAGE.value}' AND status IN ('PENDING', 'RUNNING')"
        f" AND (workflow_id = ? OR target_id IN ({family.targets}))",
        workflow_id,
    )
    for job in await Job.filter(id__in=[row["id"] for row in live], status__in=list(LIVE_JOB_STATUSES)):
        await end_stage_job(job, JobStatus.CANCELED, None)
