"""Leases on process numbers, which the ids of a process carry, with the process's last heartbeat."""

from tortoise import fields
from tortoise.models import Model


class ProcessLease(Model):
    number = fields.IntField(primary_key=True, generated=False)
    holder = fields.CharField(max_length=64)
    until_ms = fields.BigIntField()

    class Meta:
        table = "process_lease"
