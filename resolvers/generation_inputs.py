"""Inputs of single pictures and clips, turned into what the services take."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from strawberry import UNSET

from models.enums import MediaKind, Polling, Reuse, Transition
from models.generation_requests import AccountStrategy, ClipAudio, InputImage
from resolvers.ids import need_all
from schema.fields import given
from schema.generation_inputs import (
    AccountStrategyInput,
    ClipAudioInput,
    GenerateImageInput,
    GenerateVideoInput,
    is_said,
)
from schema.regeneration_inputs import RegenerateInput
from services.generation.generation_input import USUAL_RATIO, USUAL_RESOLUTION, USUAL_SECONDS, USUAL_THRESHOLD, Asked
from services.generation.records.regenerating import Regeneration
from services.generation.strategies import default_strategy

# The names of Asked that inputs have too. Null takes the first away, and leaves the second as they were.
_OPTIONAL = (
    "negative_prompt",
    "size",
    "sample_strength",
    "seed",
    "steps",
    "guidance_scale",
    "scheduler",
    "style",
    "fps",
    "motion_strength",
    "callback_url",
)
_STRATEGY = (
    "load_balance",
    "max_concurrent_per_account",
    "auto_switch_on_failure",
    "rate_limit_handling",
    "max_attempts",
)
_NEEDED = (
    "project_name",
    "prompt",
    "model",
    "ratio",
    "resolution",
    "duration_seconds",
    "intelligent_ratio",
    "transition",
    "safety_check",
)


def asked_for(input: GenerateImageInput | GenerateVideoInput, kind: MediaKind) -> Asked:
    """What is asked; null is as if it was not given. Raises NotFoundError for what is no id of an account."""
    usual: dict[str, Any] = {"ratio": USUAL_RATIO[kind], "resolution": USUAL_RESOLUTION[kind]}
    if isinstance(input, GenerateVideoInput):
        usual["duration_seconds"] = USUAL_SECONDS
    shaped = {name: getattr(input, name) if is_said(getattr(input, name)) else value for name, value in usual.items()}
    return Asked(
        kind=kind,
        prompt=input.prompt,
        storyboard_id=input.storyboard_id,
        work_id="default" if input.work_id is None else input.work_id,
        project_id="default" if input.project_id is None else input.project_id,
        project_name=given(input.project_name),
        model=given(input.model),
        intelligent_ratio=getattr(input, "intelligent_ratio", False) is True,
        transition=getattr(input, "transition", None) or Transition.NONE,
        audio=audio_of(getattr(input, "audio", None)),
        safety_check=input.safety_check is not False,
        inputs=inputs_of(input.input_images),
        polling=input.polling or Polling.AUTO,
        reuse=input.reuse or Reuse.NONE,
        reuse_threshold=USUAL_THRESHOLD if input.reuse_threshold is None else input.reuse_threshold,
        strategy=strategy_of(input.strategy) or default_strategy(),
        defaulted=frozenset(name for name in usual if not is_said(getattr(input, name))),
        **{name: given(getattr(input, name)) for name in _OPTIONAL if hasattr(input, name)},
        **shaped,
    )


def regeneration_of(input: RegenerateInput) -> Regeneration:
    """What is to change. Raises NotFoundError for what is no id of an account."""
    changes: dict[str, Any] = {}
    for name in _NEEDED:
        if is_said(getattr(input, name)):
            changes[name] = getattr(input, name)
    for name in _OPTIONAL:
        if getattr(input, name) is not UNSET:
            changes[name] = getattr(input, name)
    if input.audio is not UNSET:
        changes["audio"] = audio_of(input.audio)
    if input.input_images is not UNSET:
        changes["inputs"] = inputs_of(input.input_images)
    if (strategy := strategy_of(input.strategy)) is not None:
        changes["strategy"] = strategy
    return Regeneration(
        kind=input.kind,
        work_id=input.work_id,
        storyboard_id=input.storyboard_id,
        project_id=given(input.project_id),
        polling=input.polling or Polling.AUTO,
        changes=changes,
    )


def strategy_of(input: AccountStrategyInput | None) -> AccountStrategy | None:
    """None where there is none; what it does not say is as the deployment has it."""
    if input is None or input is UNSET:
        return None
    return strategy_with(input, need_all(input.account_ids or [], "Account", "input", "strategy", "accountIds"))


def strategy_with(input: AccountStrategyInput, account_ids: Sequence[int]) -> AccountStrategy:
    """The same with accounts whose ids have been read already."""
    said = {name: getattr(input, name) for name in _STRATEGY if is_said(getattr(input, name))}
    return replace(
        default_strategy(),
        **said,
        switch_on_timeout=input.switch_on_timeout is True,
        account_ids=tuple(account_ids),
    )


def audio_of(input: ClipAudioInput | None) -> ClipAudio | None:
    if input is None or input is UNSET or not (given(input.voiceover_url) or given(input.bgm_url)):
        return None
    return ClipAudio(given(input.voiceover_url), given(input.bgm_url), input.ducking is not False)


def inputs_of(images: Sequence[str] | None) -> tuple[InputImage, ...]:
    return tuple(InputImage(image) for image in images or ())
