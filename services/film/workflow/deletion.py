"""Deletes the rows of a workflow, including those derived from its rows outside the workflow."""

from dataclasses import dataclass
from typing import Any

from models.database import execute
from models.enums import LIVE_JOB_STATUSES, ArtifactKind, JobRole, JobStatus
from models.films import Animatic, Edit, Video
from models.jobs import Job
from models.scripts import Script
from models.storyboards import Storyboard
from services.film.artifacts.canceling import cancel_builds
from services.film.workflow.planning import end_stage_job
from services.generation.similarity.indexing import delete_similarity_keys
from services.platform.file_removal import release_files
from services.stores import artifacts, films, records, scripts, storyboards
from services.stores.jobs.deletions import delete_links_of_workflow, delete_stages_and_builds
from services.stores.jobs.which import Jobs
from services.stores.updates import Sql


@dataclass(frozen=True)
class _Family:
    """Ids of a workflow's scripts and of all rows derived from them, also rows without a workflow or of another one."""

    scripts: list[int]
    storyboards: list[int]
    animatics: list[int]
    videos: list[int]
    edits: list[int]

    @property
    def target_ids(self) -> list[int]:
        return [*self.scripts, *self.storyboards, *self.animatics, *self.videos, *self.edits]

    def subjects(self) -> dict[ArtifactKind, Sql]:
        """The subjects of each artifact kind, as the text of `subject_id IN (…)`."""
        assets = _ids_of("asset", "script_id", self.scripts)
        shots = _ids_of("shot", "storyboard_id", self.storyboards)
        parts = _ids_of("animatic_part", "animatic_id", self.animatics)
        segments = _ids_of("video_segment", "video_id", self.videos)
        return {
            ArtifactKind.SCRIPT: _listed(self.scripts),
            ArtifactKind.DESIGN: assets,
            ArtifactKind.GRID: _listed(self.storyboards),
            ArtifactKind.PICTURE: shots,
            ArtifactKind.SPEECH: parts,
            ArtifactKind.MOTION: parts,
            ArtifactKind.ANIMATIC: _listed(self.animatics),
            ArtifactKind.CLIP: segments,
            ArtifactKind.MUSIC: _listed(self.edits),
            ArtifactKind.FILM: _listed(self.edits),
        }


def _listed(ids: list[int]) -> Sql:
    """Ids for an IN clause as literals, so that the limit of values per statement does not apply."""
    return Sql(", ".join(str(int(number)) for number in ids) or "0")


def _ids_of(table: str, parent: str, parent_ids: list[int]) -> Sql:
    return Sql(f"SELECT id FROM {table} WHERE {parent} IN ({_listed(parent_ids).text})")


async def _family(workflow_id: int) -> _Family:
    async def ids(table: Any, parent: str, parents: list[int]) -> list[int]:
        own = await table.filter(workflow_id=workflow_id).values_list("id", flat=True)
        derived = await table.filter(**{f"{parent}__in": parents}).values_list("id", flat=True) if parent else []
        return sorted({int(number) for number in (*own, *derived)})

    script_ids = await ids(Script, "", [])
    storyboard_ids = await ids(Storyboard, "script_id", script_ids)
    animatics = await ids(Animatic, "storyboard_id", storyboard_ids)
    videos = await ids(Video, "animatic_id", animatics)
    return _Family(script_ids, storyboard_ids, animatics, videos, await ids(Edit, "video_id", videos))


async def delete_rows(workflow_id: int) -> None:
    """Cancels live jobs and deletes all rows except the workflow's own, in the caller's transaction.

    Files without other references can no longer be fetched, and the purge removes them; uploads stay.
    """
    family = await _family(workflow_id)
    jobs = Jobs(workflow_id=workflow_id, target_ids=family.target_ids)
    await _stop(jobs)
    used = await _files_of(jobs, family)
    for kind, subjects in family.subjects().items():
        await artifacts.remove(kind, subjects)
    await delete_links_of_workflow(workflow_id, family.target_ids)
    # Pooled pictures and clips may still be running upstream: their records are marked as deleted like any record,
    # and their rows are removed when deleted records are purged.
    where = jobs.where()
    of_builds = Sql(f"role = 'GENERATE' AND parent_id IN (SELECT id FROM job WHERE {where.text})", where.values)
    await delete_similarity_keys(await records.mark_deleted_with_jobs(of_builds))
    await delete_stages_and_builds(workflow_id, family.target_ids)
    await films.remove(animatic_ids=family.animatics, video_ids=family.videos, edit_ids=family.edits)
    await storyboards.remove(family.storyboards)
    await scripts.remove(family.scripts)
    await release_files(used)


async def _files_of(jobs: Jobs, family: _Family) -> list[int]:
    """Returns the ids of all files that the workflow's rows refer to."""
    made = " OR ".join(
        f"(kind = '{kind.value}' AND subject_id IN ({subjects.text}))" for kind, subjects in family.subjects().items()
    )
    where = jobs.where()
    rows = await execute(
        f"SELECT file_id FROM artifact_file WHERE artifact_id IN (SELECT id FROM artifact WHERE {made})"
        f" UNION SELECT file_id FROM job_file WHERE job_id IN (SELECT id FROM job WHERE {where.text})"
        f" UNION SELECT file_id FROM job_input WHERE job_id IN (SELECT id FROM job WHERE {where.text})"
        f" UNION SELECT source_file_id FROM script WHERE id IN ({_listed(family.scripts).text})",
        *where.values,
        *where.values,
    )
    return [int(row["file_id"]) for row in rows]


async def _stop(jobs: Jobs) -> None:
    await cancel_builds(jobs)
    where = jobs.where()
    live = await execute(
        f"SELECT id FROM job WHERE role = '{JobRole.STAGE.value}' AND status IN ('PENDING', 'RUNNING')"
        f" AND {where.text}",
        *where.values,
    )
    for job in await Job.filter(id__in=[row["id"] for row in live], status__in=list(LIVE_JOB_STATUSES)):
        await end_stage_job(job, JobStatus.CANCELED, None)
