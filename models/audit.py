"""The audit log: which user changed what and when, by ids and names, without input values."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow


class AuditEntry(OwnedRow):
    """One executed or refused mutation field. Never changed, and removed after the retention time."""

    operation = fields.CharField(max_length=64)
    "The mutation's field name."
    outcome = fields.CharField(max_length=32)
    "OK, or the error code. INTERRUPTED: the caller disconnected before the result was known."
    named_ids: Any = fields.JSONField(default=list)
    "Global ids in the arguments, in order."
    made_ids: Any = fields.JSONField(default=list)
    "Other global ids in the result."
    request_id = fields.CharField(max_length=128)

    class Meta:
        table = "audit_entry"
        indexes = (Index(fields=("owner", "id")), Index(fields=("created_at",)))
