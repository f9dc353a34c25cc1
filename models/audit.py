"""The audit log: who changed what, and when. Ids and names only, never a value that somebody sent."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow


class AuditEntry(OwnedRow):
    """One mutation field that ran or was refused. Never changed afterwards. Removed when it is old enough."""

    operation = fields.CharField(max_length=64)
    "The mutation's field name."
    outcome = fields.CharField(max_length=32)
    "OK, or the code of the refusal. INTERRUPTED: the caller went away before the answer was known."
    named_ids: Any = fields.JSONField(default=list)
    "Global ids that the arguments named, in order."
    made_ids: Any = fields.JSONField(default=list)
    "Further global ids in the answer."
    request_id = fields.CharField(max_length=128)

    class Meta:
        table = "audit_entry"
        indexes = (Index(fields=("owner", "id")), Index(fields=("created_at",)))
