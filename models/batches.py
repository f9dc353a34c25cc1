"""Batches: generations that were requested together, with their shared policy."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow
from models.enums import BatchStatus, BatchType, MediaKind


class Batch(OwnedRow):
    """Its items are the GENERATE jobs with its `batch_id`. Their numbers per status are counted, not stored.

    A job replaced by a newer one for the same storyboard (`Job.is_superseded`) is not counted. `version` increases
    with changes of the batch itself, not of its jobs.
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
    "An AccountStrategy as JSON."
    total_count = fields.IntField()
    "Requested items, including skipped ones."
    queue_count = fields.IntField(default=0)
    "Items to generate at creation; the estimates were made for these at that time."
    estimated_seconds: Any = fields.FloatField(null=True)
    estimated_credits: Any = fields.IntField(null=True)
    "Null: unknown for some items."
    known_credits = fields.IntField(default=0, db_default=0)
    "The estimate for the items whose price is known."
    unknown_price_count = fields.IntField(default=0, db_default=0)
    "Items to generate whose price is unknown."
    skipped_storyboard_ids: Any = fields.JSONField(default=list)
    warnings: Any = fields.JSONField(default=list)
    credit_budget: Any = fields.IntField(null=True)
    max_parallel: Any = fields.IntField(null=True)
    "Most concurrent jobs of the batch; null: limited by slots only."
    callback_url: Any = fields.TextField(null=True)
    pause_reason: Any = fields.TextField(null=True)
    cancel_reason: Any = fields.TextField(null=True)
    runs = fields.IntField(default=0)
    "How often it was restarted after it had ended."
    started_at: Any = fields.DatetimeField(null=True)
    finished_at: Any = fields.DatetimeField(null=True)
    deleted_at: Any = fields.DatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        table = "batch"
        indexes = (Index(fields=("owner", "id")), Index(fields=("status",)))
