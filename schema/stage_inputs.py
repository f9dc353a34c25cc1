"""Inputs that run single stages."""

import strawberry

from models.enums import GridLayout, InputType, Quality, ShotType
from schema.fields import optional
from schema.scalars import Long
from schema.workflow_inputs import (
    DURATION_HINT,
    INPUT_FILE,
    KEY,
    MODEL,
    MUSIC_STYLE,
    PROVIDER,
    STYLE,
    TARGET_SHOTS,
    TONE,
)

WORKFLOW = "The workflow that it belongs to; null: none."


@strawberry.input(description="A text to turn into a script.")
class CreateScriptInput:
    workflow_id: strawberry.ID | None = optional("Null: a script outside any workflow.")
    input_type: InputType | None = strawberry.field(default=InputType.NOVEL, description="What kind of text it is.")
    input_content: str | None = optional(
        "The text itself; or inputFile. Exactly one of the two. Nothing but an http(s) link is fetched."
    )
    input_file: str | None = optional(INPUT_FILE)
    style: str | None = optional(STYLE)
    target_shots: int | None = optional(TARGET_SHOTS)
    language: str | None = optional("The script's language, e.g. zh; null: the text's.")
    story_id: str | None = optional("The caller's own name for the story.")
    tone: str | None = optional(TONE)
    duration_hint_seconds: float | None = optional(DURATION_HINT)
    provider: str | None = optional(PROVIDER)
    model: str | None = optional(MODEL)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Designs for the assets of a script.")
class CreateAssetsInput:
    workflow_id: strawberry.ID | None = optional(WORKFLOW)
    script_id: strawberry.ID = strawberry.field(description="The script that names them.")
    text_provider: str | None = optional(f"Describes. {PROVIDER}")
    image_provider: str | None = optional(f"Draws. {PROVIDER}")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A design image to regenerate; fields not given keep their previous value.")
class RegenerateAssetInput:
    asset_id: strawberry.ID = strawberry.field(description="The asset.")
    prompt: str | None = optional("The new prompt of its design image.")
    provider: str | None = optional(PROVIDER)
    voice_id: str | None = optional("The voice that is to speak a character.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A picture for each shot of a script.")
class CreateStoryboardInput:
    workflow_id: strawberry.ID | None = optional(WORKFLOW)
    script_id: strawberry.ID = strawberry.field(description="The script.")
    grid_layout: GridLayout | None = strawberry.field(
        default=GridLayout.SINGLE, description="How many shots one picture holds."
    )
    provider: str | None = optional(PROVIDER)
    auto_crop: bool | None = strawberry.field(
        default=True, description="Whether grid pictures are cut into shots automatically."
    )
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Parts of a shot's prompt to replace.")
class ShotReplacementsInput:
    character: str | None = optional("The character that it shows.")
    scene: str | None = optional("The place.")
    action: str | None = optional("What happens.")
    shot_type: ShotType | None = optional("The distance and viewpoint of the camera.")


@strawberry.input(
    description="prompt replaces the whole; replacements change only the named part, and free text stays."
)
class EditShotInput:
    shot_id: strawberry.ID = strawberry.field(description="The shot.")
    prompt: str | None = optional("What the picture is to show.")
    replacements: ShotReplacementsInput | None = optional("Parts of the prompt to replace.")
    dialogue: str | None = optional("What the speaker says; null removes it.")
    narration: str | None = optional("What the narrator says; null removes it.")
    speaker: str | None = optional("Which character says the dialogue; null: the narrator.")
    duration_seconds: float | None = optional("How long it is shown.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Shots to regenerate.")
class RegenerateShotsInput:
    storyboard_id: strawberry.ID = strawberry.field(description="Their storyboard.")
    shot_ids: list[strawberry.ID] = strawberry.field(description="The shots, at most 1000.")
    provider: str | None = optional(PROVIDER)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="The storyboard in motion, with speech.")
class CreateAnimaticInput:
    workflow_id: strawberry.ID | None = optional(WORKFLOW)
    storyboard_id: strawberry.ID = strawberry.field(description="The storyboard.")
    video_provider: str | None = optional(f"Moves. {PROVIDER}")
    speech_provider: str | None = optional(f"Speaks. {PROVIDER}")
    shot_seconds_min: float | None = strawberry.field(default=2.0, description="No shot is shorter.")
    shot_seconds_max: float | None = strawberry.field(
        default=5.0, description="No shot is longer, unless its voice needs it."
    )
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A shot's speech to generate again.")
class GenerateSpeechInput:
    animatic_id: strawberry.ID = strawberry.field(description="The animatic.")
    shot_id: strawberry.ID = strawberry.field(description="The shot.")
    text: str = strawberry.field(description="What is to be said.")
    provider: str | None = optional(PROVIDER)
    voice_id: str | None = optional("One of voices; null: the shot's.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A clip for each shot of an animatic.")
class CreateVideoInput:
    workflow_id: strawberry.ID | None = optional(WORKFLOW)
    animatic_id: strawberry.ID = strawberry.field(description="The animatic.")
    provider: str | None = optional(PROVIDER)
    quality: Quality | None = strawberry.field(
        default=Quality.STANDARD, description="The quality of the clips, against speed."
    )
    parallel: bool | None = strawberry.field(default=True, description="Whether several clips are made at once.")
    fps: int | None = strawberry.field(default=24, description="Frames per second.")
    motion_strength: float | None = strawberry.field(default=0.7, description="The amount of motion, from 0 to 1.")
    seed: Long | None = optional("The same seed and input give the same clips, where the provider can.")
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A film cut from a video's clips.")
class CreateEditInput:
    workflow_id: strawberry.ID | None = optional(WORKFLOW)
    video_id: strawberry.ID = strawberry.field(description="The video.")
    audio_effects: bool | None = strawberry.field(default=True, description="Whether there are sound effects.")
    background_music: bool | None = strawberry.field(default=True, description="Whether there is music.")
    music_style: str | None = optional(MUSIC_STYLE)
    subtitles: bool | None = strawberry.field(default=True, description="Whether there are subtitles.")
    burn_subtitles: bool | None = strawberry.field(
        default=False, description="Whether subtitles are also drawn into the picture."
    )
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Music to lay under a film.")
class AddBackgroundMusicInput:
    edit_id: strawberry.ID = strawberry.field(description="The edit.")
    music: str = strawberry.field(description="An http(s) link or an upload id.")
    volume: float | None = strawberry.field(default=0.3, description="From 0 to 1.")
    fade_in_seconds: float | None = strawberry.field(default=2.0, description="The length of the fade-in.")
    fade_out_seconds: float | None = strawberry.field(default=2.0, description="The length of the fade-out.")
    ducking: bool | None = strawberry.field(default=True, description="Whether it is lowered while the voice speaks.")
    idempotency_key: str | None = optional(KEY)
