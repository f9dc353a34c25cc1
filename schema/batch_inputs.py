"""What batches are asked for with, and what is done with them."""

from datetime import datetime

import strawberry

from models.enums import BatchStatus, BatchType, ExistingRecords, MediaKind, Polling, Priority, Reuse, Transition
from schema.callbacks import CALLBACK_URL
from schema.fields import optional
from schema.generation_inputs import (
    FADING,
    FIRST_AND_LAST,
    FPS,
    MOTION,
    NEGATIVE,
    POLLING,
    PRIORITY,
    PROJECT,
    PROJECT_NAME,
    PROMPT,
    REUSE,
    REUSE_THRESHOLD,
    SAFETY,
    SEED,
    SOUND,
    STRATEGY,
    WORK,
    AccountStrategyInput,
    ClipAudioInput,
    not_said,
)
from schema.scalars import Long
from schema.workflow_inputs import KEY
from services.generation.generation_input import USUAL_RATIO, USUAL_RESOLUTION, USUAL_SECONDS, USUAL_THRESHOLD

STORYBOARD = "The caller's id for the storyboard, 1 to 128 characters; each stands once in a batch."
OWN = "Null: the batch's."
EXISTING = "What becomes of storyboards that have a result, or are being generated, already."
BUDGET = "The batch pauses, with an alert, before it would spend more credits. Null: no limit."
DRY_RUN = "Check and estimate only: nothing is created, batch is null, and idempotencyKey means nothing."


@strawberry.input(description="One picture of a batch. What is null is as the batch has it.")
class ImageBatchItemInput:
    storyboard_id: str = strawberry.field(description=STORYBOARD)
    prompt: str = strawberry.field(description=PROMPT)
    negative_prompt: str | None = optional(NEGATIVE)
    ratio: str | None = optional(f"One of the model's ratios. {OWN}")
    resolution: str | None = optional(f"One of the model's resolutions. {OWN}")
    intelligent_ratio: bool | None = optional("Whether the model chooses the ratio by the prompt, for models that can.")
    sample_strength: float | None = optional("How much the picture follows its input images, 0 to 1.")
    model: str | None = optional(f"A model's name from models. {OWN}")
    seed: Long | None = optional(SEED)
    size: str | None = optional(
        "Width x height, e.g. 1024x576, for models that take one; wins over ratio and resolution."
    )
    steps: int | None = optional("Steps of the sampler, for models that take them.")
    guidance_scale: float | None = optional("How closely the prompt is followed, for models that take it.")
    scheduler: str | None = optional("The sampler's schedule, for models that take it.")
    style: str | None = optional("The look of the picture, for models that take it.")
    input_images: list[str] | None = strawberry.field(
        default_factory=list,
        description="Up to 10 http(s) links, upload ids or record ids; with any, the image is composed from them.",
    )


@strawberry.input(description="1 to 1000 pictures, each storyboard once.")
class CreateImageBatchInput:
    project_id: str = strawberry.field(description=PROJECT)
    project_name: str | None = optional(PROJECT_NAME)
    work_id: str = strawberry.field(description=WORK)
    items: list[ImageBatchItemInput] = strawberry.field(description="The pictures.")
    model: str | None = optional("A model's name from models; null: the deployment's default.")
    ratio: str | None = strawberry.field(
        default=not_said(USUAL_RATIO[MediaKind.IMAGE]), description="Of items that say none."
    )
    resolution: str | None = strawberry.field(
        default=not_said(USUAL_RESOLUTION[MediaKind.IMAGE]), description="Of items that say none."
    )
    priority: Priority | None = strawberry.field(default=Priority.NORMAL, description=PRIORITY)
    strategy: AccountStrategyInput | None = optional(STRATEGY)
    existing: ExistingRecords | None = strawberry.field(default=ExistingRecords.OVERWRITE, description=EXISTING)
    reuse: Reuse | None = strawberry.field(default=Reuse.NONE, description=REUSE)
    reuse_threshold: float | None = strawberry.field(default=USUAL_THRESHOLD, description=REUSE_THRESHOLD)
    credit_budget: int | None = optional(BUDGET)
    safety_check: bool | None = strawberry.field(default=True, description=SAFETY)
    polling: Polling | None = strawberry.field(default=Polling.AUTO, description=POLLING)
    dry_run: bool | None = strawberry.field(default=False, description=DRY_RUN)
    callback_url: str | None = optional(CALLBACK_URL)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="One clip of a batch. What is null is as the batch has it.")
class VideoBatchItemInput:
    storyboard_id: str = strawberry.field(description=STORYBOARD)
    prompt: str = strawberry.field(description=PROMPT)
    negative_prompt: str | None = optional(NEGATIVE)
    ratio: str | None = optional(f"One of the model's ratios. Ignored where there is an input image. {OWN}")
    resolution: str | None = optional(f"One of the model's resolutions. {OWN}")
    duration_seconds: int | None = optional(f"One of the model's lengths. {OWN}")
    model: str | None = optional(f"A model's name from models. {OWN}")
    seed: Long | None = optional(SEED)
    fps: int | None = optional(FPS)
    motion_strength: float | None = optional(MOTION)
    transition: Transition | None = optional(FADING)
    audio: ClipAudioInput | None = optional(SOUND)
    input_images: list[str] | None = strawberry.field(default_factory=list, description=FIRST_AND_LAST)


@strawberry.input(description="1 to 100 clips, each storyboard once; above 50 the payload warns.")
class CreateVideoBatchInput:
    project_id: str = strawberry.field(description=PROJECT)
    project_name: str | None = optional(PROJECT_NAME)
    work_id: str = strawberry.field(description=WORK)
    items: list[VideoBatchItemInput] = strawberry.field(description="The clips.")
    model: str | None = optional("A model's name from models; null: the deployment's default.")
    ratio: str | None = strawberry.field(
        default=not_said(USUAL_RATIO[MediaKind.VIDEO]), description="Of items that say none."
    )
    resolution: str | None = strawberry.field(
        default=not_said(USUAL_RESOLUTION[MediaKind.VIDEO]), description="Of items that say none."
    )
    duration_seconds: int | None = strawberry.field(
        default=not_said(USUAL_SECONDS), description="Of items that say none."
    )
    max_parallel: int | None = strawberry.field(
        default=5, description="How many videos of the batch run at once, at least 1. Null: as many as there are slots."
    )
    priority: Priority | None = strawberry.field(default=Priority.NORMAL, description=PRIORITY)
    strategy: AccountStrategyInput | None = optional(STRATEGY)
    existing: ExistingRecords | None = strawberry.field(default=ExistingRecords.OVERWRITE, description=EXISTING)
    reuse: Reuse | None = strawberry.field(default=Reuse.NONE, description=REUSE)
    reuse_threshold: float | None = strawberry.field(default=USUAL_THRESHOLD, description=REUSE_THRESHOLD)
    credit_budget: int | None = optional(BUDGET)
    safety_check: bool | None = strawberry.field(default=True, description=SAFETY)
    polling: Polling | None = strawberry.field(default=Polling.AUTO, description=POLLING)
    dry_run: bool | None = strawberry.field(default=False, description=DRY_RUN)
    callback_url: str | None = optional(CALLBACK_URL)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Which of a batch's items are to be generated again.")
class RetryBatchInput:
    id: strawberry.ID = strawberry.field(description="The batch.")
    storyboard_ids: list[str] | None = strawberry.field(
        default_factory=list,
        description="Those of these that failed or were canceled, at most 1000; empty, as where it is left out: all "
        "that failed, and with forceRegenerate the whole batch.",
    )
    force_regenerate: bool | None = strawberry.field(
        default=False,
        description="Also those that succeeded: each gets a new job, and its former result stays as a version.",
    )


@strawberry.input(description="Which batches to list; all conditions hold at once.")
class BatchFilter:
    type: list[BatchType] | None = optional("Of one of these types.")
    status: list[BatchStatus] | None = optional("In one of these states.")
    work_id: str | None = optional("Of this work.")
    project_id: str | None = optional("Of this project.")
    created_after: datetime | None = optional("Asked for after this time.")
    created_before: datetime | None = optional("Asked for before this time.")
