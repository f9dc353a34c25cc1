"""Inputs that generate single pictures and clips.

Where a model does not support a ratio, resolution or duration, a schema default is replaced by the model's own, but a
value that the caller gave is refused. GraphQL's parser returns both alike, so schema defaults have types of their own.
"""

from typing import Any

import strawberry

from models.enums import (
    LoadBalance,
    MediaKind,
    Polling,
    Priority,
    RateLimitHandling,
    Reuse,
    Transition,
)
from models.generation_requests import DEFAULT_THRESHOLD
from schema.callbacks import CALLBACK_URL
from schema.fields import optional
from schema.generation_parameters import (
    FIRST_AND_LAST,
    IMAGE_INPUTS,
    NEGATIVE,
    SAFETY,
    CompositionInput,
    CountInput,
    MotionInput,
    ReferencesInput,
    SamplerInput,
    SeedInput,
    SizeInput,
)
from schema.workflow_inputs import KEY
from schema.workflow_inputs import PROJECT as PROJECT
from schema.workflow_inputs import PROJECT_NAME as PROJECT_NAME
from services.generation.generation_input import USUAL_RATIO, USUAL_RESOLUTION, USUAL_SECONDS


class DefaultText(str):
    """A text that is a schema default and was not given by the caller."""

    __slots__ = ()


class DefaultNumber(int):
    """A number or boolean that is a schema default and was not given by the caller."""


def is_given(value: object) -> bool:
    """Whether the caller gave the value: it is neither null, nor omitted, nor a schema default."""
    return value is not None and value is not strawberry.UNSET and not isinstance(value, DefaultText | DefaultNumber)


def schema_default(value: str | int) -> Any:
    """A schema default that `is_given` can tell from the same value given by the caller."""
    return DefaultText(value) if isinstance(value, str) else DefaultNumber(value)


STANDALONE = "default"
WORK = "The caller's id for the work, 1 to 128 characters."
STORYBOARD = "The caller's id for the storyboard, 1 to 128 characters; it has one record of each kind."
PROMPT = "The content to generate, 1 to 8000 characters."
CLIP_PROMPT = "The content to generate, at most 8000 characters; needed where there is no input image."
MODEL = "A model's name from models; null: the deployment's default. The model decides the provider."
RESOLUTION = (
    "One of the model's resolutions, or width x height of one of its sizes (1280x720), which names the ratio too. "
    "Where not given and not supported, the model's own."
)
PRIORITY = "The scheduling priority."
POLLING = "Who polls upstream for the result."
REUSE = "Whether a cached result may be reused."
REUSE_THRESHOLD = "With SIMILAR: the least similarity of the prompts, 0 to 1 (equal but for case, spaces, punctuation)."
STRATEGY = "How the account pool is used."


@strawberry.input(
    description="How a job uses the account pool. Fields not given, or null, take the deployment's values; the "
    "defaults here are those of an unconfigured deployment."
)
class AccountStrategyInput:
    load_balance: LoadBalance | None = strawberry.field(
        default=schema_default(LoadBalance.LEAST_USED.value),
        description="How an account is chosen among the eligible ones.",
    )
    max_concurrent_per_account: int | None = optional("Lowers, never raises, the account's own maxConcurrent.")
    auto_switch_on_failure: bool | None = strawberry.field(
        default=schema_default(True), description="Whether to try another account when one fails."
    )
    rate_limit_handling: RateLimitHandling | None = strawberry.field(
        default=schema_default(RateLimitHandling.SWITCH.value),
        description="What to do when upstream limits the request rate.",
    )
    switch_on_timeout: bool | None = strawberry.field(
        default=False,
        description="Whether to try another account after a time-out. The first may still return a result, and "
        "both are charged.",
    )
    max_attempts: int | None = strawberry.field(
        default=schema_default(5), description="Attempts on accounts before the job fails, 1 to 100."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default_factory=list, description="Only these accounts; empty: the whole pool."
    )


@strawberry.input
class StoryboardInput:
    """The content of a generation, and the storyboard that it is for."""

    project_id: str | None = strawberry.field(default=STANDALONE, description=PROJECT)
    project_name: str | None = optional(PROJECT_NAME)
    work_id: str | None = strawberry.field(default=STANDALONE, description=WORK)
    storyboard_id: str = strawberry.field(description=STORYBOARD)
    prompt: str | None = optional(CLIP_PROMPT)
    negative_prompt: str | None = optional(NEGATIVE)
    model: str | None = optional(MODEL)
    ratio: str | None = optional("One of the model's ratios.")
    resolution: str | None = optional(RESOLUTION)


@strawberry.input
class HandlingInput:
    """The policy of a single generation."""

    safety_check: bool | None = strawberry.field(default=False, description=SAFETY)
    input_images: list[str] | None = strawberry.field(default_factory=list, description=IMAGE_INPUTS)
    priority: Priority | None = strawberry.field(default=Priority.NORMAL, description=PRIORITY)
    polling: Polling | None = strawberry.field(default=Polling.AUTO, description=POLLING)
    reuse: Reuse | None = strawberry.field(default=Reuse.NONE, description=REUSE)
    reuse_threshold: float | None = strawberry.field(default=DEFAULT_THRESHOLD, description=REUSE_THRESHOLD)
    strategy: AccountStrategyInput | None = optional(STRATEGY)
    callback_url: str | None = optional(CALLBACK_URL)
    idempotency_key: str | None = optional(KEY)


@strawberry.input(description="A picture to generate for a storyboard.")
class GenerateImageInput(
    StoryboardInput, CountInput, SizeInput, CompositionInput, SeedInput, SamplerInput, HandlingInput
):
    prompt: str = strawberry.field(description=PROMPT)
    ratio: str | None = strawberry.field(
        default=schema_default(USUAL_RATIO[MediaKind.IMAGE]),
        description="One of the model's ratios; where not given and not supported, the model's own.",
    )
    resolution: str | None = strawberry.field(
        default=schema_default(USUAL_RESOLUTION[MediaKind.IMAGE]), description=RESOLUTION
    )
    intelligent_ratio: bool | None = strawberry.field(
        default=False, description="Whether the model chooses the ratio by the prompt, for models that can."
    )


@strawberry.input
class VideoStoryboardInput(StoryboardInput):
    ratio: str | None = strawberry.field(
        default=schema_default(USUAL_RATIO[MediaKind.VIDEO]),
        description="One of the model's ratios. Ignored where there is an input image.",
    )
    resolution: str | None = strawberry.field(
        default=schema_default(USUAL_RESOLUTION[MediaKind.VIDEO]), description=RESOLUTION
    )
    duration_seconds: int | None = strawberry.field(
        default=schema_default(USUAL_SECONDS),
        description="One of the model's lengths; where not given and not supported, the model's own.",
    )


@strawberry.input(description="A clip to generate for a storyboard.")
class GenerateVideoInput(VideoStoryboardInput, SeedInput, MotionInput, ReferencesInput, HandlingInput):
    transition: Transition | None = strawberry.field(
        default=Transition.NONE, description="How the clip begins and ends."
    )
    input_images: list[str] | None = strawberry.field(default_factory=list, description=FIRST_AND_LAST)
