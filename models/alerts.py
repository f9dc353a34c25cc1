"""Alerts: what somebody should look at, raised once for each cause and closed when it has passed."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow
from models.enums import AlertKind, AlertSeverity


class Alert(OwnedRow):
    """Open while `resolved_at` is null, and at most one of an owner, kind and cause is open (a partial index).

    Owner "": it concerns the whole deployment, and everybody sees it.
    """

    kind = fields.CharEnumField(AlertKind, max_length=32)
    severity = fields.CharEnumField(AlertSeverity, max_length=12)
    message = fields.TextField()
    cause = fields.CharField(max_length=160)
    "What it is about, e.g. account:7267 or pool:jimeng:IMAGE: raising it again under the same cause changes nothing."
    account_id: Any = fields.BigIntField(null=True)
    batch_id: Any = fields.BigIntField(null=True)
    workflow_id: Any = fields.BigIntField(null=True)
    resolved_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "alert"
        indexes = (
            Index(fields=("owner", "id")),
            Index(fields=("owner", "resolved_at")),
            Index(fields=("resolved_at",)),
        )
