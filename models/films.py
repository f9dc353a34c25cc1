"""Animatics, videos and edits: the objects of the last three stages."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index

from models.base import OwnedRow


class Animatic(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    storyboard_id = fields.BigIntField()
    options: Any = fields.JSONField(default=dict)
    "{width, height, fps, videoProvider, speechProvider, voiceId, language, shotSecondsMin, shotSecondsMax}"

    class Meta:
        table = "animatic"
        indexes = (Index(fields=("workflow_id", "id")), Index(fields=("owner", "id")))


class AnimaticPart(OwnedRow):
    """A shot in an animatic. Text, voice and provider are overrides set by generateSpeech."""

    animatic_id = fields.BigIntField()
    shot_id = fields.BigIntField()
    text: Any = fields.TextField(null=True)
    voice_id: Any = fields.CharField(max_length=128, null=True)
    provider: Any = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "animatic_part"
        unique_together = (("animatic_id", "shot_id"),)


class Video(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    animatic_id = fields.BigIntField()
    options: Any = fields.JSONField(default=dict)
    "{width, height, fps, provider, model, quality, parallel, motionStrength, seed}"

    class Meta:
        table = "video"
        indexes = (Index(fields=("workflow_id", "id")), Index(fields=("owner", "id")))


class VideoSegment(OwnedRow):
    video_id = fields.BigIntField()
    shot_id = fields.BigIntField()

    class Meta:
        table = "video_segment"
        unique_together = (("video_id", "shot_id"),)


class Edit(OwnedRow):
    workflow_id = fields.BigIntField(null=True)
    video_id = fields.BigIntField()
    options: Any = fields.JSONField(default=dict)
    "{audioEffects, backgroundMusic, musicStyle, subtitles, burnSubtitles, quality}"
    music: Any = fields.JSONField(null=True)
    "Arguments of addBackgroundMusic: {fileId, volume, fadeInSeconds, fadeOutSeconds, ducking}."

    class Meta:
        table = "edit"
        indexes = (Index(fields=("workflow_id", "id")), Index(fields=("owner", "id")))
