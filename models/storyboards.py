"""Storyboards and their shots."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow
from models.enums import GridLayout, ShotType


class Storyboard(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    script_id = fields.BigIntField()
    grid_layout = fields.CharEnumField(GridLayout, max_length=16, default=GridLayout.SINGLE)
    options: Any = fields.JSONField(default=dict)
    "{width, height, provider, model, style, language, autoCrop}"

    class Meta:
        table = "storyboard"
        indexes = (Index(fields=("workflow_id", "id")), Index(fields=("owner", "id")))


class Shot(OwnedRow):
    storyboard_id = fields.BigIntField()
    sequence = fields.IntField()
    scene_number = fields.IntField(null=True)
    title = fields.TextField()
    prompt = fields.TextField()
    shot_type = fields.CharEnumField(ShotType, max_length=24)
    narration: Any = fields.TextField(null=True)
    dialogue: Any = fields.TextField(null=True)
    speaker: Any = fields.TextField(null=True)
    bgm_hint: Any = fields.TextField(null=True)
    duration_seconds = fields.FloatField()
    asset_ids: Any = fields.JSONField(default=list)
    grid_prompt = fields.TextField()
    "The prompt of its grid cell. An edited shot leaves the grid and is drawn separately."
    is_single = fields.BooleanField(default=True)
    generation = fields.IntField(default=0)
    provider: Any = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "shot"
        unique_together = (("storyboard_id", "sequence"),)
