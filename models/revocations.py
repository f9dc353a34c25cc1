"""Revoked bearer tokens."""

from typing import Any

from tortoise import fields

from models.base import Row


class Revocation(Row):
    """Tokens that are no longer accepted: one token by its id, or all of a user that were issued before a time.

    subject "": of every user. token_id "": tokens are meant by their time.
    """

    subject = fields.CharField(max_length=255)
    token_id = fields.CharField(max_length=255)
    issued_before: Any = fields.DatetimeField(null=True)

    class Meta:
        table = "revocation"
        unique_together = (("subject", "token_id"),)
