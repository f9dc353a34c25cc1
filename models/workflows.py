"""Workflows, which turn a text into a film in six stages, and the state of each stage."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import InputType, Stage, WorkflowStatus
from models.generation_requests import STANDALONE_PROJECT


class Workflow(OwnedRow):
    name = fields.CharField(max_length=255)
    project_id = fields.CharField(max_length=128, default=STANDALONE_PROJECT)
    project_name: Any = fields.CharField(max_length=200, null=True)
    "The caller's own project, which the workflow's pictures and clips belong to."
    input_type = fields.CharEnumField(InputType, max_length=16)
    options: Any = fields.JSONField()
    "WorkflowOptions with defaults filled in, with the API's names."
    status = fields.CharEnumField(WorkflowStatus, max_length=16, default=WorkflowStatus.PENDING)
    current_stage = fields.CharEnumField(Stage, max_length=16, null=True)
    progress = fields.FloatField(default=0)
    run = fields.IntField(default=1)
    error: Any = fields.JSONField(null=True)
    callback_url: Any = fields.TextField(null=True)
    pause_reason: Any = fields.TextField(null=True)
    "Why the server paused it (its creditBudget). Null: paused by a user, or not paused."
    priority_rank = fields.SmallIntField(default=2, db_default=2)
    "Of the jobs that it starts."
    version = fields.BigIntField(default=1)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "workflow"
        indexes = (
            Index(fields=("owner", "id")),
            Index(fields=("status",)),
            Index(fields=("owner", "updated_at", "id")),
        )


class WorkflowStage(Row):
    """The state of one stage in the workflow's current run."""

    workflow_id = fields.BigIntField()
    stage = fields.CharEnumField(Stage, max_length=16)
    status = fields.CharEnumField(WorkflowStatus, max_length=16, default=WorkflowStatus.PENDING)
    progress = fields.FloatField(default=0)
    run = fields.IntField(default=1)
    completions = fields.IntField(default=0)
    "How often the stage has completed, over all runs. Subscribers get one event per completion."
    error: Any = fields.JSONField(null=True)
    job_id = fields.BigIntField(null=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "workflow_stage"
        unique_together = (("workflow_id", "stage"),)
