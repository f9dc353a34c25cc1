"""The input that regenerates a record."""

import strawberry

from models.enums import MediaKind, Polling, Priority
from schema.callbacks import CALLBACK_URL
from schema.fields import optional
from schema.generation_inputs import POLLING, PRIORITY, PROJECT_NAME, STRATEGY, AccountStrategyInput
from schema.generation_parameters import (
    FIRST_AND_LAST,
    NEGATIVE,
    REFERENCES,
    SAFETY,
    CompositionInput,
    CountInput,
    MotionInput,
    ReferenceInput,
    SamplerInput,
    SeedInput,
    SizeInput,
)
from schema.workflow_inputs import KEY


@strawberry.input
class RecordChangesInput:
    """Identifies the record, and changes its prompt, model, ratio and resolution."""

    kind: MediaKind = strawberry.field(description="The storyboard's picture or its clip.")
    work_id: str = strawberry.field(description="The caller's id for the work.")
    storyboard_id: str = strawberry.field(description="The caller's id for the storyboard.")
    project_id: str | None = optional(
        "The caller's id for the project; needed where several projects have a record of the storyboard."
    )
    project_name: str | None = optional(PROJECT_NAME)
    prompt: str | None = optional("The content to generate.")
    negative_prompt: str | None = optional(NEGATIVE)
    model: str | None = optional("Another model's name from models.")
    ratio: str | None = optional("One of the model's ratios.")
    resolution: str | None = optional("One of the model's resolutions.")


@strawberry.input
class OtherLengthInput:
    duration_seconds: int | None = optional("One of the model's lengths.")


@strawberry.input(
    description="A record to regenerate. Fields not given keep their previous value, or are dropped where another "
    "model does not support it. Null removes optional parameters (negativePrompt, seed, inputImages, references, "
    "audio, callbackUrl …), and leaves all others unchanged."
)
class RegenerateInput(
    RecordChangesInput, CountInput, SizeInput, CompositionInput, SeedInput, SamplerInput, OtherLengthInput, MotionInput
):
    size: str | None = optional("Width x height; giving a ratio or resolution removes it.")
    intelligent_ratio: bool | None = optional("Whether the model chooses the ratio by the prompt.")
    steps: int | None = optional("Steps of the sampler.")
    guidance_scale: float | None = optional("How closely the prompt is followed.")
    scheduler: str | None = optional("The sampler's schedule.")
    style: str | None = optional("The style of the picture.")
    safety_check: bool | None = optional(SAFETY)
    input_images: list[str] | None = optional(f"Other input images. Of a clip: {FIRST_AND_LAST}")
    references: list[ReferenceInput] | None = optional(
        f"Other references of a clip; giving input images removes them, and the other way round. {REFERENCES}"
    )
    priority: Priority | None = strawberry.field(default=Priority.NORMAL, description=PRIORITY)
    polling: Polling | None = strawberry.field(default=Polling.AUTO, description=POLLING)
    strategy: AccountStrategyInput | None = optional(STRATEGY)
    callback_url: str | None = optional(CALLBACK_URL)
    idempotency_key: str | None = optional(KEY)
