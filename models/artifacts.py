"""Artifacts: what builds have made, with the fingerprint of what it was made from."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import ArtifactKind, FileRole


class Artifact(OwnedRow):
    """The newest result of one build. It is current while `fingerprint` is that of its present inputs, or it is pinned.

    A failed build leaves `failed_fingerprint` and `error`; what was there before stays.
    """

    kind = fields.CharEnumField(ArtifactKind, max_length=16)
    subject_id = fields.BigIntField()
    slot = fields.IntField(default=0)
    fingerprint: Any = fields.CharField(max_length=64, null=True)
    failed_fingerprint: Any = fields.CharField(max_length=64, null=True)
    error: Any = fields.JSONField(null=True)
    data: Any = fields.JSONField(default=dict)
    is_pinned = fields.BooleanField(default=False)
    "Uploaded or chosen by a person: kept whatever its inputs become."
    made_by_job_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    made_at = fields.DatetimeField(null=True)

    class Meta:
        table = "artifact"
        unique_together = (("kind", "subject_id", "slot"),)


class ArtifactFile(Row):
    """A file of an artifact in one role."""

    artifact_id = fields.BigIntField()
    role = fields.CharEnumField(FileRole, max_length=16)
    position = fields.IntField(default=0)
    file_id = fields.BigIntField()

    class Meta:
        table = "artifact_file"
        unique_together = (("artifact_id", "role", "position"),)
        indexes = (Index(fields=("file_id",)),)


class JobFile(Row):
    """A file that a job made: it stays in the job's answer whatever the artifact shows later."""

    job_id = fields.BigIntField()
    position = fields.IntField()
    role = fields.CharEnumField(FileRole, max_length=16)
    file_id = fields.BigIntField()

    class Meta:
        table = "job_file"
        unique_together = (("job_id", "position"),)
        indexes = (Index(fields=("file_id",)),)
