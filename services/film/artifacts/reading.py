"""Batched queries for artifacts with their files and build states."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.artifacts import Artifact, ArtifactFile
from models.enums import ArtifactKind, FileRole, JobStatus, Stage
from models.files import StoredFile
from services.film.artifacts.state import BuildState, LiveBuild, build_state
from services.platform.files import ready_files
from services.platform.owned import owned, owned_rows_sql, places


@dataclass(frozen=True)
class TargetKey:
    """What a stage makes artifacts for: a script's assets, a storyboard, an animatic, a video, an edit."""

    stage: Stage
    id: int


Subject = tuple[ArtifactKind, int]
"""An artifact's kind, and the id of what it belongs to: an asset, a shot, a part …"""


@dataclass(frozen=True)
class ArtifactKey:
    kind: ArtifactKind
    subject_id: int
    slot: int = 0


@dataclass(frozen=True)
class ArtifactView:
    """An artifact (None: never built), its files by role in order of position, and its build state."""

    artifact: Artifact | None
    state: BuildState
    files: Mapping[FileRole, tuple[StoredFile, ...]] = field(default_factory=dict)

    def file(self, role: FileRole = FileRole.MAIN) -> StoredFile | None:
        files = self.files.get(role)
        return files[0] if files else None

    @property
    def data(self) -> Mapping[str, Any]:
        return (self.artifact.data if self.artifact is not None else None) or {}


async def read_artifacts(owner: str, keys: Sequence[ArtifactKey]) -> list[ArtifactView]:
    """Returns one view per key, in order; four statements."""
    kinds = sorted({key.kind.value for key in keys})
    subject_ids = sorted({key.subject_id for key in keys})
    artifacts = {
        ArtifactKey(row.kind, row.subject_id, row.slot): row
        for row in await owned(Artifact, owner).filter(kind__in=kinds, subject_id__in=subject_ids)
    }
    files = await _files(owner, [artifact.id for artifact in artifacts.values()])
    builds = await _live_builds(owner, kinds, subject_ids)
    return [_view(artifacts.get(key), builds.get(key), files) for key in keys]


def _view(
    artifact: Artifact | None, build: LiveBuild | None, files: Mapping[int, Mapping[FileRole, tuple[StoredFile, ...]]]
) -> ArtifactView:
    return ArtifactView(
        artifact, build_state(artifact, build), files.get(artifact.id, {}) if artifact is not None else {}
    )


async def grid_files(owner: str, storyboard_ids: Sequence[int]) -> list[tuple[StoredFile, ...]]:
    """Returns for each storyboard the pictures of its grids, in order."""
    rows = await owned(Artifact, owner).filter(kind=ArtifactKind.GRID, subject_id__in=storyboard_ids).order_by("slot")
    files = await _files(owner, [row.id for row in rows])
    grids: dict[int, list[StoredFile]] = defaultdict(list)
    for row in rows:
        grids[row.subject_id].extend(files.get(row.id, {}).get(FileRole.MAIN, ()))
    return [tuple(grids[storyboard_id]) for storyboard_id in storyboard_ids]


async def _files(owner: str, artifact_ids: Sequence[int]) -> dict[int, dict[FileRole, tuple[StoredFile, ...]]]:
    if not artifact_ids:
        return {}
    links = await ArtifactFile.filter(artifact_id__in=artifact_ids).order_by("artifact_id", "role", "position")
    stored = await ready_files(owner, [link.file_id for link in links])
    files: dict[int, dict[FileRole, tuple[StoredFile, ...]]] = defaultdict(dict)
    for link in links:
        if (file := stored.get(link.file_id)) is not None:
            files[link.artifact_id][link.role] = (*files[link.artifact_id].get(link.role, ()), file)
    return files


async def _live_builds(owner: str, kinds: Sequence[str], subject_ids: Sequence[int]) -> dict[ArtifactKey, LiveBuild]:
    """The role and statuses are literals and the owner is compared as an expression: otherwise SQLite does not use the
    partial index of live builds and reads all jobs of the owner.
    """
    found = await owned_rows_sql(
        "SELECT id, status, progress, artifact_kind, artifact_subject_id, artifact_slot FROM job WHERE owner || '' = ?"
        " AND role = 'BUILD' AND status IN ('PENDING', 'RUNNING')"
        f" AND artifact_kind IN ({places(kinds)}) AND artifact_subject_id IN ({places(subject_ids)})",
        owner,
        *kinds,
        *subject_ids,
    )
    return {
        ArtifactKey(
            ArtifactKind(row["artifact_kind"]), row["artifact_subject_id"], row["artifact_slot"] or 0
        ): LiveBuild(row["id"], JobStatus(row["status"]), float(row["progress"]))
        for row in found
    }


# ---------------------------------------------------------------- counts

# The rule of state.build_state in SQL, to count per storyboard or video.
_MADE_SQL = (
    "(a.fingerprint IS NOT NULL OR a.is_pinned) AND (a.error IS NULL OR a.failed_fingerprint IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM job j WHERE j.role = 'BUILD' AND j.status IN ('PENDING', 'RUNNING')"
    " AND j.artifact_kind = a.kind AND j.artifact_subject_id = a.subject_id AND j.artifact_slot = a.slot)"
)


async def made_picture_counts(owner: str, storyboard_ids: Sequence[int]) -> list[int]:
    """Returns for each storyboard the number of its shots that have a picture."""
    return await _made_counts("shot", "storyboard_id", ArtifactKind.PICTURE, owner, storyboard_ids)


async def made_clip_counts(owner: str, video_ids: Sequence[int]) -> list[int]:
    """Returns for each video the number of its segments that have a clip."""
    return await _made_counts("video_segment", "video_id", ArtifactKind.CLIP, owner, video_ids)


async def _made_counts(table: str, parent: str, kind: ArtifactKind, owner: str, parent_ids: Sequence[int]) -> list[int]:
    found = await owned_rows_sql(
        f"SELECT c.{parent} AS parent_id, COUNT(*) AS count FROM {table} c"
        f" JOIN artifact a ON a.kind = '{kind.value}' AND a.subject_id = c.id AND a.slot = 0"
        f" WHERE c.owner = ? AND c.{parent} IN ({places(parent_ids)}) AND {_MADE_SQL} GROUP BY c.{parent}",
        owner,
        *parent_ids,
    )
    counts = {row["parent_id"]: row["count"] for row in found}
    return [counts.get(parent_id, 0) for parent_id in parent_ids]
