"""Stored files: one row per content and owner."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow
from models.enums import FileState


class StoredFile(OwnedRow):
    """A file identified by its content. The row is written before the bytes, and becomes READY after them."""

    sha256 = fields.CharField(max_length=64)
    content_type = fields.CharField(max_length=127)
    bytes = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration_seconds = fields.FloatField(null=True)
    name = fields.CharField(max_length=255, default="")
    source_url: Any = fields.TextField(null=True)
    "The external link that the content was downloaded from, if any."
    state = fields.CharEnumField(FileState, max_length=16, default=FileState.WRITING)
    is_upload = fields.BooleanField(default=False)
    made_by_job_id = fields.BigIntField(null=True)
    released_at = fields.DatetimeField(null=True)
    "Since when it is unreferenced. Null: referenced. A new reference clears it."

    class Meta:
        table = "stored_file"
        unique_together = (("owner", "sha256"),)
        indexes = (Index(fields=("made_by_job_id",)), Index(fields=("released_at",)), Index(fields=("owner", "bytes")))
