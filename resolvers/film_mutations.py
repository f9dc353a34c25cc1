"""Mutations of animatics, videos and edits."""

from typing import Annotated

import strawberry

from models.enums import Quality
from resolvers.fields import mutation
from resolvers.ids import maybe, need
from resolvers.keyed import Repeats
from resolvers.mutating import incoming, key_for
from resolvers.script_mutations import File
from schema.animatics import Animatic, AnimaticPayload
from schema.context import Info
from schema.fields import given
from schema.jobs import JobPayload
from schema.stage_inputs import (
    AddBackgroundMusicInput,
    CreateAnimaticInput,
    CreateEditInput,
    CreateVideoInput,
    GenerateSpeechInput,
)
from services.film import animatics, edits, videos


@strawberry.type
class FilmMutations:
    @mutation("Makes an animatic: a storyboard in motion, with speech.")
    async def create_animatic(
        self,
        info: Info,
        input: Annotated[CreateAnimaticInput, strawberry.argument(description="The storyboard, and how to move it.")],
    ) -> JobPayload | None:
        row = await animatics.create_animatic(
            info.context.owner,
            storyboard_id=need(input.storyboard_id, "Storyboard", "input", "storyboardId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            video_provider=given(input.video_provider),
            speech_provider=given(input.speech_provider),
            shot_seconds_min=2.0 if input.shot_seconds_min is None else input.shot_seconds_min,
            shot_seconds_max=5.0 if input.shot_seconds_max is None else input.shot_seconds_max,
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation("Generates a shot's speech again, with another text or voice.")
    async def generate_speech(
        self,
        info: Info,
        input: Annotated[GenerateSpeechInput, strawberry.argument(description="The shot, and what to say how.")],
    ) -> JobPayload | None:
        row = await animatics.generate_speech(
            info.context.owner,
            animatic_id=need(input.animatic_id, "Animatic", "input", "animaticId"),
            shot_id=need(input.shot_id, "Shot", "input", "shotId"),
            text=input.text,
            provider=given(input.provider),
            voice_id=given(input.voice_id),
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation("Replaces a shot's speech by an uploaded recording.", repeats=Repeats.WITH_CLAIM)
    async def upload_audio(
        self,
        info: Info,
        animatic_id: Annotated[strawberry.ID, strawberry.argument(description="The animatic.")],
        shot_id: Annotated[strawberry.ID, strawberry.argument(description="The shot.")],
        file: File,
    ) -> AnimaticPayload | None:
        animatic, shot = need(animatic_id, "Animatic", "animaticId"), need(shot_id, "Shot", "shotId")
        async with incoming(file) as upload:
            row = await animatics.upload_audio(info.context.owner, animatic, shot, upload)
        return AnimaticPayload(animatic=Animatic.from_row(row))

    @mutation("Makes a clip for each shot of an animatic.")
    async def create_video(
        self,
        info: Info,
        input: Annotated[CreateVideoInput, strawberry.argument(description="The animatic, and how to film it.")],
    ) -> JobPayload | None:
        row = await videos.create_video(
            info.context.owner,
            animatic_id=need(input.animatic_id, "Animatic", "input", "animaticId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            provider=given(input.provider),
            quality=input.quality or Quality.STANDARD,
            parallel=input.parallel is not False,
            fps=24 if input.fps is None else input.fps,
            motion_strength=0.7 if input.motion_strength is None else input.motion_strength,
            seed=given(input.seed),
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation("Cuts a video's clips into a film.")
    async def create_edit(
        self,
        info: Info,
        input: Annotated[CreateEditInput, strawberry.argument(description="The video, and how to cut it.")],
    ) -> JobPayload | None:
        row = await edits.create_edit(
            info.context.owner,
            video_id=need(input.video_id, "Video", "input", "videoId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
            audio_effects=input.audio_effects is not False,
            background_music=input.background_music is not False,
            music_style=given(input.music_style),
            subtitles=input.subtitles is not False,
            burn_subtitles=input.burn_subtitles is True,
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)

    @mutation("Replaces a film's music and cuts the film again.")
    async def add_background_music(
        self,
        info: Info,
        input: Annotated[AddBackgroundMusicInput, strawberry.argument(description="The film and the music.")],
    ) -> JobPayload | None:
        row = await edits.add_background_music(
            info.context.owner,
            edit_id=need(input.edit_id, "Edit", "input", "editId"),
            music=input.music,
            volume=0.3 if input.volume is None else input.volume,
            fade_in_seconds=2.0 if input.fade_in_seconds is None else input.fade_in_seconds,
            fade_out_seconds=2.0 if input.fade_out_seconds is None else input.fade_out_seconds,
            ducking=input.ducking is not False,
            idempotency_key=key_for(info, input.idempotency_key),
        )
        return JobPayload.of(row)
