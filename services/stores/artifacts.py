"""Writes the tables artifact and artifact_file. Each function belongs in the caller's transaction."""

from collections.abc import Collection, Sequence
from typing import Any

from models.artifacts import Artifact, ArtifactFile
from models.database import execute
from models.enums import ArtifactKind, FileRole, Stage
from models.ids import new_id
from models.sql import timestamp_sql
from services.platform.owned import places
from services.stores.updates import Sql, all_of, delete, one_of, stored, update

_NO_FAILURE = {"failed_fingerprint": None, "error": None}


async def put(
    owner: str,
    kind: ArtifactKind,
    subject_id: int,
    slot: int,
    *,
    fingerprint: str | None,
    data: dict[str, Any],
    is_pinned: bool,
    job_id: int | None,
) -> int:
    """Inserts or replaces an artifact without its files, and clears its failure; returns its id. One statement."""
    values = {
        **_NO_FAILURE,
        "fingerprint": fingerprint,
        "data": stored(Artifact, "data", data),
        "is_pinned": is_pinned,
        "made_by_job_id": job_id,
    }
    names, written = ", ".join(values), ", ".join(f"{name} = excluded.{name}" for name in values)
    rows = await execute(
        f"INSERT INTO artifact (id, created_at, owner, kind, subject_id, slot, version, made_at, {names})"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, 1, {timestamp_sql()}, {places(list(values))})"
        f" ON CONFLICT (kind, subject_id, slot) DO UPDATE SET {written}, made_at = excluded.made_at,"
        " version = artifact.version + 1 RETURNING id",
        new_id(),
        owner,
        kind.value,
        subject_id,
        slot,
        *values.values(),
    )
    return int(rows[0]["id"])


async def replace_files(artifact_id: int, files: Sequence[tuple[FileRole, int, int]]) -> None:
    """Replaces an artifact's files, given as (role, position, file id). Candidates are not replaced: new ones are
    appended to the existing ones, each file once.
    """
    await delete("artifact_file", Sql("artifact_id = ? AND role <> ?", (artifact_id, FileRole.CANDIDATE.value)))
    existing = await ArtifactFile.filter(artifact_id=artifact_id, role=FileRole.CANDIDATE)
    known_ids = {link.file_id for link in existing}
    next_position = 1 + max((link.position for link in existing), default=-1)
    links: list[ArtifactFile] = []
    for role, position, file_id in files:
        if role is FileRole.CANDIDATE:
            if file_id in known_ids:
                continue
            known_ids.add(file_id)
            position, next_position = next_position, next_position + 1
        links.append(ArtifactFile(artifact_id=artifact_id, role=role, position=position, file_id=file_id))
    if links:
        await ArtifactFile.bulk_create(links)


async def remove(kind: ArtifactKind, subject_ids: Sql) -> None:
    """Removes artifacts of a kind with their references to files. subject_ids: the content of `subject_id IN (…)`."""
    where = Sql(f"kind = ? AND subject_id IN ({subject_ids.text})", (kind.value, *subject_ids.values))
    await delete("artifact_file", Sql(f"artifact_id IN (SELECT id FROM artifact WHERE {where.text})", where.values))
    await delete("artifact", where)


async def unpin(kind: ArtifactKind, subject_ids: Collection[int]) -> None:
    """Unpins artifacts that a user uploaded or chose, so that later builds replace them."""
    where = all_of(Sql("kind = ?", (kind.value,)), one_of("subject_id", subject_ids))
    await update(Artifact, {"is_pinned": False}, where)


async def record_failure(
    owner: str, kind: ArtifactKind, subject_id: int, slot: int, *, error: dict[str, Any], fingerprint: str | None
) -> None:
    """Records that a build of the artifact failed with the inputs of the fingerprint. An earlier result stays."""
    changes = {"error": error, "failed_fingerprint": fingerprint}
    if not await update(Artifact, changes, _place(kind, subject_id, slot)):
        await Artifact.create(
            owner=owner, kind=kind, subject_id=subject_id, slot=slot, error=error, failed_fingerprint=fingerprint
        )


async def clear_failure(kind: ArtifactKind, subject_id: int, slot: int) -> None:
    """Clears the failure, so that the artifact can be built again from the same inputs."""
    await update(Artifact, _NO_FAILURE, _place(kind, subject_id, slot))


async def clear_failures_of_target(target_id: int, stage: Stage) -> None:
    """As `clear_failure`, for all failed or canceled builds of a target's stage."""
    failed = Sql(
        "failed_fingerprint IS NOT NULL AND id IN (SELECT made.id FROM job JOIN artifact AS made"
        " ON made.kind = job.artifact_kind AND made.subject_id = job.artifact_subject_id"
        " AND made.slot = job.artifact_slot WHERE job.target_id = ? AND job.role = 'BUILD'"
        " AND job.status IN ('FAILED', 'CANCELED') AND job.stage = ?)",
        (target_id, stage.value),
    )
    await update(Artifact, _NO_FAILURE, failed)


def _place(kind: ArtifactKind, subject_id: int, slot: int) -> Sql:
    return Sql("kind = ? AND subject_id = ? AND slot = ?", (kind.value, subject_id, slot))
