"""Which jobs a statement is about, in plain values."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from models.enums import ArtifactKind, JobRole
from services.platform.leases import Lease
from services.platform.owned import places
from services.stores.updates import Sql


@dataclass(frozen=True)
class Jobs:
    """Those of which all that is given holds. lease: the job on which it is held. artifact_*: what a build makes.
    workflow_id with its target_ids: those of the workflow, and those of these targets, whosever they are.
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
        """As an SQL condition; at least one thing has to be given."""
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
        families = []
        if self.workflow_id is not None:
            families.append("workflow_id = ?")
            values.append(self.workflow_id)
        if self.target_ids:  # numbers of our own, so that a statement's limit of values does not matter
            families.append(f"target_id IN ({', '.join(str(int(number)) for number in self.target_ids)})")
        if families:
            parts.append(f"({' OR '.join(families)})")
        if not parts:
            raise ValueError("which jobs?")
        return Sql(" AND ".join(parts), tuple(values))


def builds_of(subject_id: int, *kinds: ArtifactKind) -> Jobs:
    """The builds of a subject's artifacts of these kinds."""
    return Jobs(role=JobRole.BUILD, artifact_kinds=kinds, artifact_subject_id=subject_id)
