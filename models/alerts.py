"""Alerts, raised once per cause and resolved when the cause is gone."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.alert_enums import AlertKind, AlertSeverity
from models.base import OwnedRow


class Alert(OwnedRow):
    """Open while `resolved_at` is null. At most one is open per owner, kind and cause (a partial unique index).

    Owner "": an alert of the whole deployment, visible to all users.
    """

    kind = fields.CharEnumField(AlertKind, max_length=32)
    severity = fields.CharEnumField(AlertSeverity, max_length=12)
    message = fields.TextField()
    cause = fields.CharField(max_length=160)
    "Its subject, e.g. account:7267 or pool:jimeng:IMAGE. Raising an open alert again changes nothing."
    account_id: Any = fields.BigIntField(null=True)
    batch_id: Any = fields.BigIntField(null=True)
    workflow_id: Any = fields.BigIntField(null=True)
    job_id: Any = fields.BigIntField(null=True)
    resolved_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "alert"
        indexes = (
            Index(fields=("owner", "id")),
            Index(fields=("owner", "resolved_at")),
            Index(fields=("resolved_at",)),
        )
