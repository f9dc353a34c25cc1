"""Inputs that create, retry and list batches."""

from datetime import datetime
from typing import Any

import strawberry

from models.enums import BatchStatus, BatchType, ExistingRecords, MediaKind, Polling, Priority, Reuse
from models.generation_requests import DEFAULT_THRESHOLD
from schema.callbacks import CALLBACK_URL
from schema.fields import optional
from schema.generation_inputs import (
    CLIP_PROMPT,
    POLLING,
    PRIORITY,
    PROJECT,
    PROJECT_NAME,
    PROMPT,
    REUSE,
    REUSE_THRESHOLD,
    STRATEGY,
    WORK,
    AccountStrategyInput,
    schema_default,
)
from schema.generation_parameters import (
    FIRST_AND_LAST,
    IMAGE_INPUTS,
    NEGATIVE,
    SAFETY,
    SEED,
    CompositionInput,
    CountInput,
    MotionInput,
    ReferencesInput,
    SamplerInput,
    SizeInput,
)
from schema.scalars import Long
from schema.workflow_inputs import KEY
from services.generation.generation_input import USUAL_RATIO, USUAL_RESOLUTION, USUAL_SECONDS

STORYBOARD = "The caller's id for the storyboard, 1 to 128 characters; each stands once in a batch."
OWN = "Null: the batch's."
BATCH_MODEL = "A model's name from models; null: the deployment's default."
EXISTING = "What to do with storyboards that already have a result or are being generated."
BUDGET = "The batch pauses, with an alert, before it would spend more credits. Null: no limit."
DRY_RUN = "Only check and estimate: nothing is created, batch is null, and idempotencyKey is ignored."


@strawberry.input
class BatchItemInput:
    """The fields that all batch items have."""

    storyboard_id: str = strawberry.field(description=STORYBOARD)
    prompt: str | None = optional(CLIP_PROMPT)
    negative_prompt: str | None = optional(NEGATIVE)
    ratio: str | None = optional(f"One of the model's ratios. {OWN}")
    resolution: str | None = optional(f"One of the model's resolutions. {OWN}")


@strawberry.input
class ItemModelInput:
    model: str | None = optional(f"A model's name from models. {OWN}")
    seed: Long | None = optional(SEED)


@strawberry.input(description="One picture of a batch. Null fields take the batch's values.")
class ImageBatchItemInput(BatchItemInput, CountInput, CompositionInput, ItemModelInput, SizeInput, SamplerInput):
    prompt: str = strawberry.field(description=PROMPT)
    input_images: list[str] | None = strawberry.field(default_factory=list, description=IMAGE_INPUTS)


@strawberry.input
class TimedBatchItemInput(BatchItemInput):
    ratio: str | None = optional(f"One of the model's ratios. Ignored where there is an input image. {OWN}")
    duration_seconds: int | None = optional(f"One of the model's lengths. {OWN}")


@strawberry.input(description="One clip of a batch. Null fields take the batch's values.")
class VideoBatchItemInput(TimedBatchItemInput, ItemModelInput, MotionInput, ReferencesInput):
    input_images: list[str] | None = strawberry.field(default_factory=list, description=FIRST_AND_LAST)


@strawberry.input
class BatchPlaceInput:
    """The project and work of a batch."""

    project_id: str = strawberry.field(description=PROJECT)
    project_name: str | None = optional(PROJECT_NAME)
    work_id: str = strawberry.field(description=WORK)


@strawberry.input
class BatchPolicyInput:
    """The policy of a batch."""

    priority: Priority | None = strawberry.field(default=Priority.NORMAL, description=PRIORITY)
    strategy: AccountStrategyInput | None = optional(STRATEGY)
    existing: ExistingRecords | None = strawberry.field(default=ExistingRecords.OVERWRITE, description=EXISTING)
    reuse: Reuse | None = strawberry.field(default=Reuse.NONE, description=REUSE)
    reuse_threshold: float | None = strawberry.field(default=DEFAULT_THRESHOLD, description=REUSE_THRESHOLD)
    credit_budget: int | None = optional(BUDGET)
    safety_check: bool | None = strawberry.field(default=False, description=SAFETY)
    polling: Polling | None = strawberry.field(default=Polling.AUTO, description=POLLING)
    dry_run: bool | None = strawberry.field(default=False, description=DRY_RUN)
    callback_url: str | None = optional(CALLBACK_URL)
    idempotency_key: str | None = optional(KEY)


def of_items(value: str | int) -> Any:
    """A batch field whose value applies to items that do not give their own."""
    return strawberry.field(default=schema_default(value), description="For items that do not give their own.")


@strawberry.input
class ImageItemsInput(BatchPlaceInput):
    items: list[ImageBatchItemInput] = strawberry.field(description="The pictures.")
    model: str | None = optional(BATCH_MODEL)
    count: int | None = optional("How many pictures of each item that does not give its own count.")
    ratio: str | None = of_items(USUAL_RATIO[MediaKind.IMAGE])
    resolution: str | None = of_items(USUAL_RESOLUTION[MediaKind.IMAGE])


@strawberry.input(description="1 to 1000 pictures, each storyboard once.")
class CreateImageBatchInput(ImageItemsInput, BatchPolicyInput):
    pass


@strawberry.input
class VideoItemsInput(BatchPlaceInput):
    items: list[VideoBatchItemInput] = strawberry.field(description="The clips.")
    model: str | None = optional(BATCH_MODEL)
    ratio: str | None = of_items(USUAL_RATIO[MediaKind.VIDEO])
    resolution: str | None = of_items(USUAL_RESOLUTION[MediaKind.VIDEO])
    duration_seconds: int | None = of_items(USUAL_SECONDS)
    max_parallel: int | None = strawberry.field(
        default=5, description="The most videos that run at once, at least 1. Null: limited only by free slots."
    )


@strawberry.input(description="1 to 100 clips, each storyboard once; above 50 the payload warns.")
class CreateVideoBatchInput(VideoItemsInput, BatchPolicyInput):
    pass


@strawberry.input(description="Which items of a batch to generate again.")
class RetryBatchInput:
    id: strawberry.ID = strawberry.field(description="The batch.")
    storyboard_ids: list[str] | None = strawberry.field(
        default_factory=list,
        description="Of these, the ones that failed or were canceled, at most 1000; empty or not given: all "
        "that failed and may succeed, and with forceRegenerate the whole batch.",
    )
    force_regenerate: bool | None = strawberry.field(
        default=False,
        description="Also items that succeeded: each gets a new job, and its previous result is kept as a version.",
    )
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="Which batches to list; all conditions hold at once.")
class BatchFilter:
    type: list[BatchType] | None = optional("Of one of these types.")
    status: list[BatchStatus] | None = optional("In one of these states.")
    work_id: str | None = optional("Of this work.")
    project_id: str | None = optional("Of this project.")
    created_after: datetime | None = optional("Requested after this time.")
    created_before: datetime | None = optional("Requested before this time.")
