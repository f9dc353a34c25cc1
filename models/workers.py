"""Leases on process numbers, which the ids of a process carry, with the process's last heartbeat."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class ProcessLease(Model):
    number = fields.IntField(primary_key=True, generated=False)
    holder = fields.CharField(max_length=64)
    until_ms = fields.BigIntField()
    queues: Any = fields.JSONField(null=True)
    "Of a worker: the queues that it serves. Null: the process only answers requests."
    started_at_ms: Any = fields.BigIntField(null=True)
    heartbeat_at_ms: Any = fields.BigIntField(null=True)

    class Meta:
        table = "process_lease"


class DeploymentFact(Model):
    """What all processes of a deployment share, by name. `storage_id`: the mark that its storage carries."""

    name = fields.CharField(max_length=64, primary_key=True)
    value = fields.TextField()

    class Meta:
        table = "deployment_fact"
