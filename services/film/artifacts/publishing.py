"""Putting an artifact in its place, with the files that belong to it."""

from datetime import UTC, datetime
from typing import Any

from models.artifacts import Artifact, ArtifactFile
from models.enums import ArtifactKind, FileRole
from models.files import StoredFile
from services.stores.jobs.files import replace_files

FileEntry = tuple[FileRole, int, StoredFile]


async def put_artifact(
    owner: str,
    kind: ArtifactKind,
    subject_id: int,
    slot: int = 0,
    *,
    fingerprint: str | None,
    files: list[FileEntry],
    data: dict[str, Any],
    is_pinned: bool = False,
    job_id: int | None = None,
) -> Artifact:
    """Replaces what stands in the artifact's place. In the caller's transaction.

    Files in the role CANDIDATE are added to those that are there; all other roles are replaced.
    """
    values: dict[str, Any] = {
        "fingerprint": fingerprint,
        "failed_fingerprint": None,
        "error": None,
        "data": data,
        "is_pinned": is_pinned,
        "made_by_job_id": job_id,
        "made_at": datetime.now(UTC),
    }
    artifact = await Artifact.get_or_none(kind=kind, subject_id=subject_id, slot=slot)
    if artifact is None:
        artifact = await Artifact.create(owner=owner, kind=kind, subject_id=subject_id, slot=slot, **values)
    else:
        await Artifact.filter(id=artifact.id).update(**values, version=artifact.version + 1)
        await artifact.refresh_from_db()
    await ArtifactFile.filter(artifact_id=artifact.id).exclude(role=FileRole.CANDIDATE).delete()
    known = await ArtifactFile.filter(artifact_id=artifact.id, role=FileRole.CANDIDATE)
    known_ids, next_position = {link.file_id for link in known}, 1 + max((link.position for link in known), default=-1)
    for role, position, file in files:
        if role is FileRole.CANDIDATE:
            if file.id in known_ids:
                continue
            known_ids.add(file.id)
            position, next_position = next_position, next_position + 1
        await ArtifactFile.create(artifact_id=artifact.id, role=role, position=position, file_id=file.id)
    return artifact


async def put_job_files(job_id: int, files: list[FileEntry]) -> None:
    """Notes what a job made; what an earlier try of it made is replaced. In the caller's transaction."""
    roles: dict[int, FileRole] = {}
    for role, _, file in files:
        roles.setdefault(file.id, role)
    await replace_files(job_id, [(role, file_id) for file_id, role in roles.items()])
