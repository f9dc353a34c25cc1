"""Artifacts: results of builds, with the fingerprint of their inputs, and their files."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import ArtifactKind, FileRole


class Artifact(OwnedRow):
    """The newest result of one build. It is up to date while it is pinned or `fingerprint` matches its current inputs.

    A failed build sets `failed_fingerprint` and `error` and keeps the earlier result.
    """

    kind = fields.CharEnumField(ArtifactKind, max_length=16)
    subject_id = fields.BigIntField()
    slot = fields.IntField(default=0)
    fingerprint: Any = fields.CharField(max_length=64, null=True)
    failed_fingerprint: Any = fields.CharField(max_length=64, null=True)
    error: Any = fields.JSONField(null=True)
    data: Any = fields.JSONField(default=dict)
    is_pinned = fields.BooleanField(default=False)
    "Uploaded or chosen by a user; not rebuilt when its inputs change."
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
    """A file produced by a job. It stays in the job's result when the artifact changes later."""

    job_id = fields.BigIntField()
    position = fields.IntField()
    role = fields.CharEnumField(FileRole, max_length=16)
    file_id = fields.BigIntField()

    class Meta:
        table = "job_file"
        unique_together = (("job_id", "position"),)
        indexes = (Index(fields=("file_id",)),)
