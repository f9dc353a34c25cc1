"""Selects the jobs that a statement applies to, by plain values."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from models.enums import ArtifactKind, JobRole
from services.platform.leases import Lease
from services.platform.owned import places
from services.stores.updates import Sql


@dataclass(frozen=True)
class Jobs:
    """The jobs that meet all the given conditions. lease: the job under this lease. artifact_*: the artifact that a
    build makes. workflow_id with target_ids: the workflow's jobs and these targets' jobs, of any owner.
    """

    ids: Collection[int] | None = None
    lease: Lease | None = None
    owner: str | None = None
    role: JobRole | None = None
    parent_id: int | None = None
    batch_id: int | None = None
    workflow_id: int | None = None
    target_ids: Collection[int] | None = None
    artifact_kinds: Collection[ArtifactKind] = ()
    artifact_subject_id: int | None = None

    def where(self) -> Sql:
        """Returns the SQL condition. Raises ValueError if no condition is given."""
        parts: list[str] = []
        values: list[Any] = []
        if self.ids is not None:
            ids = list(self.ids)
            parts.append(f"id IN ({places(ids)})" if ids else "1 = 0")
            values += ids
        if self.lease is not None:
            parts.append("id = ? AND lease_epoch = ?")
            values += (self.lease.id, self.lease.epoch)
        for column in ("owner", "parent_id", "batch_id", "artifact_subject_id"):
            if (value := getattr(self, column)) is not None:
                parts.append(f"{column} = ?")
                values.append(value)
        if self.role is not None:
            parts.append(f"role = '{self.role.value}'")
        if self.artifact_kinds:
            parts.append(f"artifact_kind IN ({', '.join(repr(kind.value) for kind in self.artifact_kinds)})")
        groups = []
        if self.workflow_id is not None:
            groups.append("workflow_id = ?")
            values.append(self.workflow_id)
        if self.target_ids:  # literals, so that the database's limit on values does not apply
            groups.append(f"target_id IN ({', '.join(str(int(number)) for number in self.target_ids)})")
        if groups:
            parts.append(f"({' OR '.join(groups)})")
        if not parts:
            raise ValueError("no condition on the jobs is given")
        return Sql(" AND ".join(parts), tuple(values))


def builds_of(subject_id: int, *kinds: ArtifactKind) -> Jobs:
    """Returns the builds of a subject's artifacts of these kinds."""
    return Jobs(role=JobRole.BUILD, artifact_kinds=kinds, artifact_subject_id=subject_id)
