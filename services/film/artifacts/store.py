"""An in-memory store of artifacts with their files, loaded with a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from models.artifacts import Artifact, ArtifactFile
from models.enums import ArtifactKind, FileRole
from models.files import StoredFile
from services.film.artifacts.graph import Node


@dataclass(frozen=True)
class StoredArtifact:
    """An artifact and its files by (role, position)."""

    artifact: Artifact
    files: dict[tuple[FileRole, int], StoredFile] = field(default_factory=dict)

    def file(self, role: FileRole = FileRole.MAIN, position: int = 0) -> StoredFile | None:
        return self.files.get((role, position))

    @property
    def sha256(self) -> str | None:
        main = self.file()
        return main.sha256 if main else None

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.artifact.data or {})


class ArtifactStore:
    """Artifacts by (kind, subject, slot)."""

    def __init__(self, made: dict[tuple[ArtifactKind, int, int], StoredArtifact]) -> None:
        self._made = made

    def get(self, kind: ArtifactKind, subject_id: int, slot: int = 0) -> StoredArtifact | None:
        return self._made.get((kind, subject_id, slot))

    def sha256(self, kind: ArtifactKind, subject_id: int, slot: int = 0) -> str | None:
        made = self.get(kind, subject_id, slot)
        return made.sha256 if made else None

    def node(self, kind: ArtifactKind, subject_id: int, slot: int = 0, **fields: Any) -> Node:
        """Returns a node with the state of its artifact filled in."""
        made = self.get(kind, subject_id, slot)
        if made is None:
            return Node(kind=kind, subject_id=subject_id, slot=slot, **fields)
        artifact = made.artifact
        return Node(
            kind=kind,
            subject_id=subject_id,
            slot=slot,
            made_fingerprint=artifact.fingerprint,
            failed_fingerprint=artifact.failed_fingerprint,
            is_pinned=artifact.is_pinned,
            error=artifact.error,
            **fields,
        )


async def load_artifact_store(subjects: dict[ArtifactKind, Iterable[int]]) -> ArtifactStore:
    """Loads the artifacts of these subjects with all their files: a query per kind and two for files, for each chunk
    of ids.
    """
    made: dict[tuple[ArtifactKind, int, int], StoredArtifact] = {}
    by_id: dict[int, StoredArtifact] = {}
    for kind, subject_ids in subjects.items():
        for chunk in _chunks(list(subject_ids)):
            for artifact in await Artifact.filter(kind=kind, subject_id__in=chunk):
                by_id[artifact.id] = made[(kind, artifact.subject_id, artifact.slot)] = StoredArtifact(artifact)
    links: list[ArtifactFile] = []
    for chunk in _chunks(list(by_id)):
        links += await ArtifactFile.filter(artifact_id__in=chunk)
    files: dict[int, StoredFile] = {}
    for chunk in _chunks(list({link.file_id for link in links})):
        files |= {file.id: file for file in await StoredFile.filter(id__in=chunk)}
    for link in links:
        if link.file_id in files:
            by_id[link.artifact_id].files[(FileRole(link.role), link.position)] = files[link.file_id]
    return ArtifactStore(made)


def _chunks(ids: list[int], size: int = 10_000) -> list[list[int]]:
    """Splits ids because SQLite allows at most 32,766 values in one statement."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
