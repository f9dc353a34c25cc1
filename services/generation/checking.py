"""Validation of generation inputs: pure rules that turn a GenerationInput into a GenerationRequest, or refuse it.

A given parameter that the model does not accept is refused, with the allowed values and the path within the input. One
that was not given is replaced by the model's own value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import httpx

from errors import BadInputError, EkonteError, not_found, shortened
from models.enums import MediaKind, Transition
from models.generation_parameters import (
    DEFAULTS,
    PARAMETERS,
    ClipAudio,
    InputImage,
    Parameter,
    Reference,
    contract_name,
)
from models.generation_requests import AccountStrategy, GenerationRequest, RequestedGeneration
from models.ids import parse_global_id
from providers.pooled import ModelInfo
from services.generation.generation_input import GenerationInput
from services.generation.named_sizes import conflict_of, hint_for, size_in, with_named_size
from services.generation.references import model_reference_faults
from services.platform.faults import Faults
from services.platform.links import MAX_URL_CHARACTERS, parse_url

MAX_PROMPT_CHARACTERS = 8000
MAX_ID_CHARACTERS = 128
MAX_NAME_CHARACTERS = 200
MAX_ATTEMPTS = 100
MAX_INPUT_IMAGES = 10
MAX_STRATEGY_ACCOUNTS = 1000

_NOT_TAKEN = {
    "safety_check": "safetyCheck cannot be true: no service that checks contents is configured here. Omit it or give "
    "false; upstream applies its own rules in any case."
}
_SIZE = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")

# The parameters that only some models accept; references have rules of their own.
_OPTIONAL = {name: parameter for name, parameter in PARAMETERS.items() if parameter.is_optional}


def check_parameters(requested: GenerationInput, model: ModelInfo) -> GenerationRequest:
    """The request for the model, with the model's values for parameters that were not given. Inputs are not resolved.

    Raises BadInputError with all faults. The accounts of the strategy are not checked here.
    """
    faults = Faults()
    faults.add(*general_faults(requested), *model_faults(requested, model))
    faults.check()
    return request_for(requested, model)


def general_faults(requested: GenerationInput) -> Iterator[BadInputError]:
    """The faults of an input that do not depend on the model, in the order of its fields."""
    yield from _place_faults(requested)
    has_frame = requested.kind is MediaKind.VIDEO and bool(requested.inputs)
    yield from _prompt_faults(requested.prompt, "prompt", may_be_empty=has_frame)
    yield from _prompt_faults(requested.negative_prompt or "", "negativePrompt", may_be_empty=True)
    for index, image in enumerate(requested.inputs):
        if image.sha256 is None:
            yield from input_faults(image, "input", "inputImages", str(index))
    for index, reference in enumerate(requested.references):
        if reference.sha256 is None:
            yield from input_faults(reference, "input", "references", str(index), "file")
    if requested.kind is MediaKind.IMAGE:
        for name, is_given in (
            ("transition", requested.transition is not Transition.NONE),
            ("audio", requested.audio is not None),
        ):
            if is_given:
                yield BadInputError(f"A picture has no {name}; omit it.", path=["input", name])
    yield from _audio_faults(requested.audio)
    if not 0 <= requested.reuse_threshold <= 1:
        yield BadInputError("reuseThreshold is between 0 and 1.", path=["input", "reuseThreshold"])
    yield from strategy_faults(requested.strategy)


def model_faults(
    requested: GenerationInput, model: ModelInfo, reference_models: Sequence[str] = ()
) -> Iterator[BadInputError]:
    """The faults of an input with regard to the model. A default that the model does not accept is not a fault.

    reference_models: the names of the models that take references.
    """
    requested = with_named_size(requested, model)
    if (conflict := conflict_of(requested, model)) is not None:
        yield BadInputError(conflict, path=["input", "ratio"])
        return
    yield from _parameter_faults(requested, model)
    yield from model_reference_faults(requested, model, reference_models)
    if len(requested.inputs) > model.max_input_images:
        allowed = f"at most {model.max_input_images}" if model.max_input_images else "no"
        yield BadInputError(f"The model {model.name} takes {allowed} input images.", path=["input", "inputImages"])
    for name, allowed_values in _choices(requested, model):
        value = getattr(requested, name)
        if value is not None and value not in allowed_values and name not in requested.defaulted:
            listed = ", ".join(str(each) for each in allowed_values)
            hint = f"takes {listed}" if allowed_values else "takes none; omit it"
            if name == "resolution" and (size := size_in(value)) is not None:
                hint += hint_for(size, model)
            shown = contract_name(name)
            yield BadInputError(
                f"{shown} cannot be {shortened(str(value))}: the model {model.name} {hint}.", path=["input", shown]
            )
    yield from _site_faults(requested, model)


def _site_faults(requested: GenerationInput, model: ModelInfo) -> Iterator[BadInputError]:
    """A fault if no site can generate this ratio, although some offer the model."""
    if requested.ratio in model.ratios and model.sites and not model.sites_for(requested.ratio):
        yield BadInputError(
            f"No site generates {model.name} with the ratio {requested.ratio}; it is offered on"
            f" {', '.join(model.sites)} with other ratios.",
            path=["input", "ratio"],
        )


def request_for(requested: GenerationInput, model: ModelInfo) -> GenerationRequest:
    """The request for an input without faults."""
    requested = with_named_size(requested, model)
    values: dict[str, Any] = {field.name: getattr(requested, field.name) for field in fields(RequestedGeneration)}
    values |= {"ratio": None, "resolution": None, "duration_seconds": None}
    chosen = {name: _choice(getattr(requested, name), allowed) for name, allowed in _choices(requested, model)}
    if model.counts and chosen["count"] == model.counts[0]:
        chosen["count"] = None  # the usual number is the same request as none
    values |= chosen
    values |= _parameters(requested, model)
    return GenerationRequest(**values, provider=model.provider, model=model.name)


def _place_faults(requested: GenerationInput) -> Iterator[BadInputError]:
    """The caller's own ids have 1 to 128 characters."""
    ids = (
        ("projectId", requested.project_id),
        ("workId", requested.work_id),
        ("storyboardId", requested.storyboard_id),
    )
    for name, value in ids:
        if not 1 <= len(value) <= MAX_ID_CHARACTERS:
            yield BadInputError(f"{name} has 1 to {MAX_ID_CHARACTERS} characters.", path=["input", name])
    if requested.project_name is not None and len(requested.project_name) > MAX_NAME_CHARACTERS:
        yield BadInputError(f"projectName has at most {MAX_NAME_CHARACTERS} characters.", path=["input", "projectName"])


def _prompt_faults(text: str, name: str, *, may_be_empty: bool) -> Iterator[BadInputError]:
    if not may_be_empty and not text.strip():
        yield BadInputError("The prompt is empty; describe what to generate.", path=["input", name])
    if len(text) > MAX_PROMPT_CHARACTERS:
        yield BadInputError(f"{name} has at most {MAX_PROMPT_CHARACTERS} characters.", path=["input", name])


def _has_value(value: object) -> bool:
    """None, False, "" and () stand for a parameter that is not used."""
    return value is not None and value is not False and value not in ("", ())


def _parameter_faults(requested: GenerationInput, model: ModelInfo) -> Iterator[BadInputError]:
    """The faults of the parameters that not every model accepts."""
    for name in _OPTIONAL:
        if name == "references":
            continue
        if _has_value(getattr(requested, name)) and not takes(model, name) and name not in requested.defaulted:
            shown = contract_name(name)
            message = _NOT_TAKEN.get(name, f"The model {model.name} takes no {shown}; omit it.")
            yield BadInputError(message, path=["input", shown])
    taken = _parameters(requested, model)
    for name, bounds in _OPTIONAL.items():
        if (fault := _bound_fault(taken[name], bounds)) is not None:
            shown = contract_name(name)
            yield BadInputError(f"{shown} {fault}", path=["input", shown])
    if taken["size"] is not None and not _SIZE.fullmatch(taken["size"]):
        yield BadInputError("size is width x height in pixels, e.g. 1024x576.", path=["input", "size"])


def _bound_fault(value: Any, bounds: Parameter) -> str | None:
    """The fault of a value that does not depend on the model, as the end of a sentence; None if there is none."""
    if value is None:
        return None
    if bounds.least is not None and bounds.greatest is not None and not bounds.least <= value <= bounds.greatest:
        return f"is between {bounds.least} and {bounds.greatest}."
    if bounds.max_characters is not None and len(value) > bounds.max_characters:
        return f"has at most {bounds.max_characters} characters."
    return None


def takes(model: ModelInfo, name: str) -> bool:
    """Whether a model accepts a parameter that not every model does."""
    return bool(getattr(model, f"takes_{name}"))


def _parameters(requested: GenerationInput, model: ModelInfo) -> dict[str, Any]:
    """The parameters that not every model accepts; those that this model does not accept have their defaults."""
    taken: dict[str, Any] = {}
    for name in _OPTIONAL:
        value = getattr(requested, name)
        is_dropped = value == "" or (value is not None and not takes(model, name))
        taken[name] = DEFAULTS[name] if is_dropped else value
    return taken


def _choices(requested: GenerationInput, model: ModelInfo) -> list[tuple[str, tuple[str, ...] | tuple[int, ...]]]:
    """The parameters for which the model has a list of values: (name, values). A size replaces ratio and resolution,
    and the first frame of a clip replaces the ratio.
    """
    choices: list[tuple[str, tuple[str, ...] | tuple[int, ...]]] = []
    has_size = bool(requested.size) and model.takes_size
    has_frame = requested.kind is MediaKind.VIDEO and bool(requested.inputs)
    if not has_size:
        choices.append(("resolution", tuple(model.resolutions)))
        if not has_frame:
            choices.append(("ratio", tuple(model.ratios)))
    choices.append(("duration_seconds", tuple(model.durations_seconds)))
    choices.append(("count", tuple(model.counts)))
    return choices


def _choice(value: Any, allowed: Sequence[Any]) -> Any:
    """The value, if the model accepts it; else the model's first value, or None if it has none."""
    if value is not None and value in allowed:
        return value
    return allowed[0] if allowed else None


def is_link(text: str) -> bool:
    """Whether an input is an external link, and not an id of this server."""
    return text.lower().startswith(("http://", "https://"))


def input_faults(image: InputImage, *path: str) -> Iterator[BadInputError]:
    """A fault if the input is not an http(s) link, an upload id or a record id. Does not check that it exists."""
    what = "A reference" if isinstance(image, Reference) else "An input image"
    if is_link(image.given):
        yield from link_faults(image.given, *path)
        return
    parsed = parse_global_id(image.given)
    if parsed is None or parsed[0] not in ("StoredFile", "GenerationRecord"):
        yield BadInputError(f"{what} is an http(s) link, an upload id or a record id.", path=path)


def link_faults(link: str, *path: str) -> Iterator[BadInputError]:
    """A fault if it is not an http(s) link to a host."""
    try:
        parts = parse_url(link[: MAX_URL_CHARACTERS + 1])
        is_good = len(link) <= MAX_URL_CHARACTERS and parts.scheme in ("http", "https") and bool(parts.host)
    except httpx.InvalidURL:
        is_good = False
    if not is_good:
        yield BadInputError(
            f"A link starts with http:// or https:// and has at most {MAX_URL_CHARACTERS} characters.", path=path
        )


def _audio_faults(audio: ClipAudio | None) -> Iterator[BadInputError]:
    if audio is None:
        return
    for name, link in (("voiceoverUrl", audio.voiceover_url), ("bgmUrl", audio.bgm_url)):
        if link is not None:
            yield from link_faults(link, "input", "audio", name)


def strategy_faults(strategy: AccountStrategy) -> Iterator[BadInputError]:
    """The faults of a strategy, apart from its accounts."""
    path = ["input", "strategy"]
    if not 1 <= strategy.max_attempts <= MAX_ATTEMPTS:
        yield BadInputError(f"maxAttempts is between 1 and {MAX_ATTEMPTS}.", path=[*path, "maxAttempts"])
    if strategy.max_concurrent_per_account is not None and strategy.max_concurrent_per_account < 1:
        yield BadInputError("maxConcurrentPerAccount is at least 1.", path=[*path, "maxConcurrentPerAccount"])
    if len(strategy.account_ids) > MAX_STRATEGY_ACCOUNTS:
        yield BadInputError(f"accountIds has at most {MAX_STRATEGY_ACCOUNTS} accounts.", path=[*path, "accountIds"])


def account_faults(
    strategy: AccountStrategy, provider: str, model: str, known: Mapping[int, str]
) -> Iterator[EkonteError]:
    """The faults of a strategy's accounts: NotFoundError for one that is not in `known`, BadInputError for one of
    another provider than the model's. known: account id -> provider, of the caller's accounts.
    """
    for index, account_id in enumerate(strategy.account_ids):
        path = ["input", "strategy", "accountIds", str(index)]
        if account_id not in known:
            yield not_found("account", path)
        elif known[account_id] != provider:
            yield BadInputError(
                f"An account of {known[account_id]} cannot be used with the model {model} of {provider}.", path=path
            )


def parameters_of(model: ModelInfo) -> list[str]:
    """The schema names of the optional parameters that the model accepts."""
    return [contract_name(name) for name in _OPTIONAL if takes(model, name)]
