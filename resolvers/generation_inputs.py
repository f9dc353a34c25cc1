"""Converts the inputs of single images and clips to service inputs.

Parameters are matched by name (models.generation_parameters): an input has a parameter if it has a field of that name.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from strawberry import UNSET

from models.enums import MediaKind, Polling, Reuse
from models.generation_parameters import PARAMETERS, REMOVABLE, ClipAudio, InputImage, Reference
from models.generation_requests import DEFAULT_THRESHOLD, STANDALONE_WORK, AccountStrategy
from resolvers.ids import need_all
from schema.fields import given
from schema.generation_inputs import (
    AccountStrategyInput,
    GenerateImageInput,
    GenerateVideoInput,
    is_given,
)
from schema.generation_parameters import ClipAudioInput, ReferenceInput
from schema.regeneration_inputs import RegenerateInput
from services.generation.generation_input import NO_PROMPT, GenerationInput, default_parameters
from services.generation.mentions import normalised_name
from services.generation.records.regenerating import Regeneration
from services.generation.strategies import default_strategy

# Fields of an input that are not parameters but may also be changed by a regeneration.
_CHANGEABLE = ("project_name", "model")
_ACCOUNT_IDS = ("input", "strategy", "accountIds")
_STRATEGY = (
    "load_balance",
    "max_concurrent_per_account",
    "auto_switch_on_failure",
    "rate_limit_handling",
    "max_attempts",
)


def given_parameters(input: Any) -> dict[str, Any]:
    """The parameters that the caller gave, by name: neither omitted, nor null, nor a default of the schema."""
    parameters = {name: getattr(input, name) for name in PARAMETERS if is_given(getattr(input, name, None))}
    if "audio" in parameters:
        parameters["audio"] = audio_of(parameters["audio"])
    if is_given(input.input_images):
        parameters["inputs"] = inputs_of(input.input_images)
    if "references" in parameters:
        parameters["references"] = references_of(parameters["references"])
    return parameters


def generation_input(input: GenerateImageInput | GenerateVideoInput, kind: MediaKind) -> GenerationInput:
    """Converts the input; null counts as not given. Raises NotFoundError for an invalid account id."""
    defaults, parameters = default_parameters(kind), given_parameters(input)
    return GenerationInput(
        kind=kind,
        storyboard_id=input.storyboard_id,
        work_id=STANDALONE_WORK if input.work_id is None else input.work_id,
        project_id="default" if input.project_id is None else input.project_id,
        project_name=given(input.project_name),
        model=given(input.model),
        polling=input.polling or Polling.AUTO,
        reuse=input.reuse or Reuse.NONE,
        reuse_threshold=DEFAULT_THRESHOLD if input.reuse_threshold is None else input.reuse_threshold,
        strategy=strategy_of(input.strategy) or default_strategy(),
        callback_url=given(input.callback_url),
        defaulted=frozenset(defaults) - set(parameters),
        **{**NO_PROMPT, **defaults, **parameters},
    )


def regeneration_of(input: RegenerateInput) -> Regeneration:
    """The changes of a regeneration: null removes an optional parameter and leaves a required one unchanged. Raises
    NotFoundError for an invalid account id.
    """
    changes = given_parameters(input)
    changes |= {name: getattr(input, name) for name in _CHANGEABLE if is_given(getattr(input, name))}
    changes |= {name: None for name in REMOVABLE if getattr(input, name) is None}
    if input.audio is None:
        changes["audio"] = None
    if input.input_images is None:
        changes["inputs"] = ()
    if input.references is None:
        changes["references"] = ()
    if input.callback_url is not UNSET:
        changes["callback_url"] = input.callback_url
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
    """The strategy, with the deployment's values for fields not given; None where the input has none."""
    if input is None or input is UNSET:
        return None
    return strategy_with(input, need_all(input.account_ids or [], "Account", *_ACCOUNT_IDS))


def strategy_with(input: AccountStrategyInput, account_ids: Sequence[int]) -> AccountStrategy:
    """Like `strategy_of`, with account ids that are already parsed."""
    return replace(default_strategy(), **_choices(input), account_ids=tuple(account_ids))


def changed_strategy(input: AccountStrategyInput) -> dict[str, Any]:
    """The fields of a strategy that the input changes in one that is already there. Raises NotFoundError for an invalid
    account id.
    """
    return {**_choices(input), "account_ids": tuple(need_all(input.account_ids or [], "Account", *_ACCOUNT_IDS))}


def _choices(input: AccountStrategyInput) -> dict[str, Any]:
    given_ones = {name: getattr(input, name) for name in _STRATEGY if is_given(getattr(input, name))}
    return {**given_ones, "switch_on_timeout": input.switch_on_timeout is True}


def audio_of(input: ClipAudioInput) -> ClipAudio | None:
    """The sound of a clip; None where the input names neither a voice nor music."""
    voiceover_url, bgm_url = given(input.voiceover_url), given(input.bgm_url)
    return ClipAudio(voiceover_url, bgm_url, input.ducking is not False) if voiceover_url or bgm_url else None


def inputs_of(images: Sequence[str]) -> tuple[InputImage, ...]:
    return tuple(InputImage(image) for image in images)


def references_of(references: Sequence[ReferenceInput]) -> tuple[Reference, ...]:
    return tuple(Reference(each.file, name=normalised_name(each.name)) for each in references)
