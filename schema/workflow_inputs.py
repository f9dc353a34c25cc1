"""Inputs that create a workflow."""

import strawberry

from models.enums import GridLayout, InputType, Quality, Stage
from models.generation_requests import STANDALONE_PROJECT
from schema.callbacks import CALLBACK_URL
from schema.fields import optional
from schema.scalars import JSON

PROVIDER = "One of providers.name; null: the deployment's default."
MODEL = "One of the provider's models; null: its default."
STYLE = "The style of the pictures."
TONE = "The narrative tone."
DURATION_HINT = "About how long the film is to be."
INPUT_FILE = "An http(s) link, or the id that uploadScriptFile gave."
MUSIC_STYLE = "What the music is to be like."
TARGET_SHOTS = (
    "About how many shots there are to be; null: as many as the text needs. Fewer condense the text: "
    "sentences are left out, the most telling stay."
)
PROJECT = "The caller's id for the project, 1 to 128 characters."
PROJECT_NAME = "The caller's name for the project."
KEY = "Idempotency: the same key with the same input gives the same response, for 24 hours."


@strawberry.input(description="A provider is one of providers.name; null: the deployment's default for the capability.")
class WorkflowOptionsInput:
    text_provider: str | None = optional(f"Writes the script. {PROVIDER}")
    image_provider: str | None = optional(f"Draws. {PROVIDER}")
    video_provider: str | None = optional(f"Makes the clips. {PROVIDER}")
    speech_provider: str | None = optional(f"Speaks. {PROVIDER}")
    text_model: str | None = optional(MODEL)
    image_model: str | None = optional(MODEL)
    video_model: str | None = optional(MODEL)
    voice_id: str | None = optional("The narrator's; characters get others.")
    allow_fallback: bool | None = strawberry.field(
        default=False,
        description="Whether another provider may replace one that fails; true is refused where none can take over.",
    )
    style: str | None = optional(STYLE)
    tone: str | None = optional(TONE)
    duration_hint_seconds: float | None = optional(DURATION_HINT)
    language: str | None = optional("The film's language, e.g. zh; null: the text's.")
    ratio: str | None = strawberry.field(default="16:9", description="Width to height.")
    resolution: str | None = strawberry.field(
        default="720p", description="The shorter side: 480p, 720p or 1080p; or a frame of one, e.g. 1280x720."
    )
    target_shots: int | None = optional(TARGET_SHOTS)
    grid_layout: GridLayout | None = strawberry.field(
        default=GridLayout.SINGLE, description="How many shots one picture holds."
    )
    shot_seconds_min: float | None = strawberry.field(default=2.0, description="No shot is shorter.")
    shot_seconds_max: float | None = strawberry.field(
        default=5.0, description="No shot is longer, unless its voice needs it."
    )
    quality: Quality | None = strawberry.field(
        default=Quality.STANDARD, description="The quality of clips and film, against speed."
    )
    subtitles: bool | None = strawberry.field(
        default=True, description="Whether the film has subtitles as a track and a file."
    )
    burn_subtitles: bool | None = strawberry.field(
        default=False, description="Whether subtitles are also drawn into the picture."
    )
    background_music: bool | None = strawberry.field(default=True, description="Whether there is music under the film.")
    music_style: str | None = optional(MUSIC_STYLE)
    credit_budget: int | None = optional("The workflow pauses, with an alert, before it would spend more.")
    pause_after: list[Stage] | None = strawberry.field(
        default_factory=list,
        description="Pauses after each of these stages for review; resumeWorkflow continues.",
    )
    preferences: JSON | None = optional("The caller's own data; kept and returned as it is, at most 16 KB.")


@strawberry.input(description="A text to turn into a film.")
class CreateWorkflowInput:
    name: str = strawberry.field(description="The caller's name for it, 1 to 200 characters.")
    input_type: InputType | None = strawberry.field(default=InputType.NOVEL, description="What kind of text it is.")
    input_content: str | None = optional(
        "The text itself; or inputFile with an http(s) link or the id that uploadScriptFile gave. "
        "Exactly one of the two. A content that is nothing but an http(s) link is fetched."
    )
    input_file: str | None = optional(INPUT_FILE)
    options: WorkflowOptionsInput | None = optional("Its options; null: the defaults.")
    callback_url: str | None = optional(CALLBACK_URL)
    project_id: str | None = strawberry.field(default=STANDALONE_PROJECT, description=PROJECT)
    project_name: str | None = optional(PROJECT_NAME)
    idempotency_key: str | None = optional(KEY)
