"""Callbacks: what is to be told to whom, each try of it, and the secrets that sign it."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import DeliveryStatus


class CallbackDelivery(OwnedRow):
    """An outbox row: written in the transaction that changed what it tells of, and sent afterwards.

    It is claimed while it is PENDING and `due_at_ms` has come, by an UPDATE that raises `lease_epoch` and moves
    `due_at_ms` to the end of the lease. Its global id is the webhook-id of all its tries. Owner "": the deployment's.
    """

    event = fields.CharField(max_length=32)
    url = fields.TextField()
    receiver = fields.CharField(max_length=255)
    "host:port of the url: only so many are sent there at once."
    subject: Any = fields.CharField(max_length=16)
    "batch, record, workflow or alert: what subject_id is an id of."
    subject_id = fields.BigIntField()
    body: Any = fields.JSONField(default=dict)
    "What is sent, files by their ids: links are signed with each try."
    status = fields.CharEnumField(DeliveryStatus, max_length=12, default=DeliveryStatus.PENDING)
    tries = fields.IntField(default=0)
    "Claims so far: the newest try's number. One that was cut off has a number and no CallbackTry."
    round_tries = fields.IntField(default=0)
    "Failed tries since it was written or redelivered by hand: they decide the next wait."
    due_at_ms: Any = fields.BigIntField(null=True)
    "Set exactly while it is PENDING."
    lease_epoch = fields.IntField(default=0)
    delivered_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "callback_delivery"
        indexes = (
            Index(fields=("status", "due_at_ms")),
            Index(fields=("subject", "subject_id")),
            Index(fields=("owner", "id")),
        )


class CallbackTry(Row):
    """One try of a delivery: the answer's status, or why there was none."""

    delivery_id = fields.BigIntField()
    number = fields.IntField()
    status_code: Any = fields.IntField(null=True)
    error: Any = fields.TextField(null=True)

    class Meta:
        table = "callback_try"
        unique_together = (("delivery_id", "number"),)


class WebhookSecret(OwnedRow):
    """A secret that signs an owner's callbacks, sealed. While one is rotated out there are two."""

    sealed = fields.TextField()
    retires_at: Any = fields.DatetimeField(null=True)
    "From then on it signs no more. Null: it is the present one."

    class Meta:
        table = "webhook_secret"
        indexes = (Index(fields=("owner", "id")),)
