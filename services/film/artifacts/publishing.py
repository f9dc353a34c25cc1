"""Publishes artifacts and job results with their files."""

from typing import Any

from models.enums import ArtifactKind, FileRole
from models.files import StoredFile
from services.stores import artifacts
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
) -> None:
    """Creates or replaces the artifact (kind, subject, slot). Runs in the caller's transaction.

    Files with the role CANDIDATE are added to the existing ones; files with other roles are replaced.
    """
    artifact_id = await artifacts.put(
        owner, kind, subject_id, slot, fingerprint=fingerprint, data=data, is_pinned=is_pinned, job_id=job_id
    )
    await artifacts.replace_files(artifact_id, [(role, position, file.id) for role, position, file in files])


async def put_job_files(job_id: int, files: list[FileEntry]) -> None:
    """Links a job to its files, replacing those of an earlier try. Runs in the caller's transaction."""
    roles: dict[int, FileRole] = {}
    for role, _, file in files:
        roles.setdefault(file.id, role)
    await replace_files(job_id, [(role, file_id) for file_id, role in roles.items()])
