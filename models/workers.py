"""Leases on process numbers, with heartbeats of the processes, and facts shared by the deployment."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class ProcessLease(Model):
    number = fields.IntField(primary_key=True, generated=False)
    holder = fields.CharField(max_length=64)
    until_ms = fields.BigIntField()
    queues: Any = fields.JSONField(null=True)
    "Queues served by the worker. Null: the process is a server without a worker."
    started_at_ms: Any = fields.BigIntField(null=True)
    heartbeat_at_ms: Any = fields.BigIntField(null=True)

    class Meta:
        table = "process_lease"


class DeploymentFact(Model):
    """A value shared by all processes of a deployment. `storage_id`: the id stored in its file storage."""

    name = fields.CharField(max_length=64, primary_key=True)
    value = fields.TextField()

    class Meta:
        table = "deployment_fact"
