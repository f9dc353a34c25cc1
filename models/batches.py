"""Batches: generations that were asked for together, and the policy that they share."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow
from models.enums import BatchStatus, BatchType, MediaKind


class Batch(OwnedRow):
    """Its items are the GENERATE jobs that name it. How many are in which state is counted, not kept.

    A job that was replaced by a newer one for the same storyboard (`Job.is_superseded`) counts no more. `version` is
    raised by what changes the batch itself, not by what its jobs do.
    """

    updated_at = fields.DatetimeField(auto_now=True)
    kind = fields.CharEnumField(MediaKind, max_length=8)
    type = fields.CharEnumField(BatchType, max_length=16)
    status = fields.CharEnumField(BatchStatus, max_length=20, default=BatchStatus.PENDING)
    project_id = fields.CharField(max_length=128)
    project_name: Any = fields.CharField(max_length=200, null=True)
    work_id = fields.CharField(max_length=128)
    priority_rank = fields.SmallIntField(default=2)
    strategy: Any = fields.JSONField(default=dict)
    "An AccountStrategy, as requests keep it."
    total_count = fields.IntField()
    "Items that were asked for, with those that were skipped."
    queue_count = fields.IntField(default=0)
    "Items that were to be generated when it was made; the estimates are of them, and of that moment."
    estimated_seconds: Any = fields.FloatField(null=True)
    estimated_credits: Any = fields.IntField(null=True)
    skipped_storyboard_ids: Any = fields.JSONField(default=list)
    warnings: Any = fields.JSONField(default=list)
    credit_budget: Any = fields.IntField(null=True)
    max_parallel: Any = fields.IntField(null=True)
    "How many of its jobs run at once; null: as many as there are slots."
    callback_url: Any = fields.TextField(null=True)
    pause_reason: Any = fields.TextField(null=True)
    cancel_reason: Any = fields.TextField(null=True)
    runs = fields.IntField(default=0)
    "Times that it was taken up again after it had ended."
    started_at: Any = fields.DatetimeField(null=True)
    finished_at: Any = fields.DatetimeField(null=True)
    deleted_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "batch"
        indexes = (Index(fields=("owner", "id")), Index(fields=("status",)))
