"""Scripts with their scenes and shots, and the assets shown in the shots."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow, Row
from models.enums import AssetType, InputType, JobStatus, ShotType


class Script(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    story_id: Any = fields.TextField(null=True)
    status = fields.CharEnumField(JobStatus, max_length=16, default=JobStatus.PENDING)
    input_type = fields.CharEnumField(InputType, max_length=16)
    source_file_id = fields.BigIntField()
    "The StoredFile with the original text."
    options: Any = fields.JSONField(default=dict)
    language: Any = fields.CharField(max_length=16, null=True)
    title: Any = fields.TextField(null=True)
    screenplay: Any = fields.TextField(null=True)
    storyboard_script: Any = fields.TextField(null=True)
    draft_assets: Any = fields.JSONField(default=list)
    "Assets named in the script: {type, name, description, prompt, aliases}."

    class Meta:
        table = "script"
        indexes = (
            Index(fields=("workflow_id", "id")),
            Index(fields=("owner", "id")),
            Index(fields=("source_file_id",)),
        )


class ScriptScene(Row):
    script_id = fields.BigIntField()
    number = fields.IntField()
    heading = fields.TextField()
    summary = fields.TextField()
    characters: Any = fields.JSONField(default=list)

    class Meta:
        table = "script_scene"
        unique_together = (("script_id", "number"),)


class ScriptShot(Row):
    script_id = fields.BigIntField()
    scene_number = fields.IntField()
    number = fields.IntField()
    "Counted from 1 over the whole script."
    title = fields.TextField()
    prompt = fields.TextField()
    shot_type = fields.CharEnumField(ShotType, max_length=24)
    narration: Any = fields.TextField(null=True)
    dialogue: Any = fields.TextField(null=True)
    speaker: Any = fields.TextField(null=True)
    bgm_hint: Any = fields.TextField(null=True)
    duration_seconds = fields.FloatField()
    asset_names: Any = fields.JSONField(default=list)

    class Meta:
        table = "script_shot"
        unique_together = (("script_id", "number"),)


class Asset(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    script_id = fields.BigIntField()
    position = fields.IntField()
    type = fields.CharEnumField(AssetType, max_length=16)
    name = fields.TextField()
    description = fields.TextField()
    prompt = fields.TextField()
    aliases: Any = fields.JSONField(default=list)
    voice_id: Any = fields.CharField(max_length=128, null=True)
    reference_file_id = fields.BigIntField(null=True)
    provider: Any = fields.CharField(max_length=64, null=True)
    generation = fields.IntField(default=0)
    "Incremented to force a new design without other changes."

    class Meta:
        table = "asset"
        unique_together = (("script_id", "position"),)
        indexes = (Index(fields=("workflow_id", "id")), Index(fields=("reference_file_id",)))
