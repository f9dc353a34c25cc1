"""Callback deliveries (the outbox), their tries, and the secrets that sign them."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import DeliveryStatus


class CallbackDelivery(OwnedRow):
    """An outbox row: written in the transaction of the reported change, and sent afterwards.

    It can be claimed while it is PENDING and `due_at_ms` has passed, by an UPDATE that increments `lease_epoch` and
    sets `due_at_ms` to the end of the lease. Its global id is the webhook-id of all its tries. Owner "": the
    deployment's own.
    """

    event = fields.CharField(max_length=32)
    url = fields.TextField()
    receiver = fields.CharField(max_length=255)
    "host:port of the url; concurrent tries are limited per receiver."
    subject: Any = fields.CharField(max_length=16)
    "The type of subject_id: batch, record, workflow or alert."
    subject_id = fields.BigIntField()
    body: Any = fields.JSONField(default=dict)
    "The payload, with file ids in place of links; links are signed for each try."
    status = fields.CharEnumField(DeliveryStatus, max_length=12, default=DeliveryStatus.PENDING)
    tries = fields.IntField(default=0)
    "Claims so far, which is the number of the newest try. An interrupted try has no CallbackTry row."
    round_tries = fields.IntField(default=0)
    "Failed tries since it was created or redelivered by a user; they determine the next wait."
    due_at_ms: Any = fields.BigIntField(null=True)
    "Not null exactly while it is PENDING."
    lease_epoch = fields.IntField(default=0)
    delivered_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "callback_delivery"
        indexes = (
            Index(fields=("status", "due_at_ms")),
            Index(fields=("subject", "subject_id")),
            Index(fields=("owner", "receiver", "status")),
            Index(fields=("owner", "id")),
        )


class CallbackTry(Row):
    """One try of a delivery: the HTTP status of the response, or the error."""

    delivery_id = fields.BigIntField()
    number = fields.IntField()
    status_code: Any = fields.IntField(null=True)
    error: Any = fields.TextField(null=True)

    class Meta:
        table = "callback_try"
        unique_together = (("delivery_id", "number"),)


class WebhookSecret(OwnedRow):
    """An encrypted secret that signs an owner's callbacks. During a rotation there are two."""

    sealed = fields.TextField()
    retires_at: Any = fields.DatetimeField(null=True)
    "When it stops signing. Null: it is the current secret."

    class Meta:
        table = "webhook_secret"
        indexes = (Index(fields=("owner", "id")),)
