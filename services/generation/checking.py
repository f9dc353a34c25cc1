"""Whether a model can do what is asked: pure rules that turn an GenerationInput into a GenerationRequest, or refuse it.

A parameter that the caller said and the model does not take is refused, with what is allowed and its path within the
input. One that nobody said gives way to the model's own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from errors import BadInputError, EkonteError, not_found
from models.enums import MediaKind, Transition
from models.generation_parameters import DEFAULTS, PARAMETERS, ClipAudio, InputImage, Parameter, contract_name
from models.generation_requests import AccountStrategy, GenerationRequest, RequestedGeneration
from models.ids import parse_global_id
from providers.pooled import ModelInfo
from services.generation.generation_input import GenerationInput
from services.platform.links import MAX_URL_CHARACTERS

MAX_PROMPT_CHARACTERS = 8000
MAX_ID_CHARACTERS = 128
MAX_NAME_CHARACTERS = 200
MAX_ATTEMPTS = 100
MAX_STRATEGY_ACCOUNTS = 1000

_SIZE = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")

# The parameters that only some models take.
_OPTIONAL = {name: parameter for name, parameter in PARAMETERS.items() if parameter.is_optional}


def check_parameters(asked: GenerationInput, model: ModelInfo) -> GenerationRequest:
    """The request as the model takes it, with the model's values where nobody said any. Inputs are still as given.

    Raises BadInputError for the first fault. The accounts of the strategy are not looked up here.
    """
    raise_first(chain(plain_faults(asked), model_faults(asked, model)))
    return request_for(asked, model)


def raise_first(faults: Iterable[EkonteError]) -> None:
    for fault in faults:
        raise fault


def plain_faults(asked: GenerationInput) -> Iterator[BadInputError]:
    """What is wrong with a request whatever the model, in the order of its fields."""
    yield from _place_faults(asked)
    yield from _prompt_faults(asked.prompt, "prompt", may_be_empty=False)
    yield from _prompt_faults(asked.negative_prompt or "", "negativePrompt", may_be_empty=True)
    for index, image in enumerate(asked.inputs):
        if image.sha256 is None:
            yield from input_faults(image, "input", "inputImages", str(index))
    if asked.kind is MediaKind.IMAGE:
        for name, is_asked in (
            ("transition", asked.transition is not Transition.NONE),
            ("audio", asked.audio is not None),
        ):
            if is_asked:
                yield BadInputError(f"A picture has no {name}; leave it out.", path=["input", name])
    yield from _audio_faults(asked.audio)
    if not 0 <= asked.reuse_threshold <= 1:
        yield BadInputError("reuseThreshold is between 0 and 1.", path=["input", "reuseThreshold"])
    yield from strategy_faults(asked.strategy)


def model_faults(asked: GenerationInput, model: ModelInfo) -> Iterator[BadInputError]:
    """What the model cannot do of what is asked. A default that nobody said is no fault: it gives way."""
    yield from _parameter_faults(asked, model)
    if len(asked.inputs) > model.max_input_images:
        allowed = f"at most {model.max_input_images}" if model.max_input_images else "no"
        yield BadInputError(f"The model {model.name} takes {allowed} input images.", path=["input", "inputImages"])
    for name, allowed_values in _choices(asked, model):
        value = getattr(asked, name)
        if value is not None and value not in allowed_values and name not in asked.defaulted:
            listed = ", ".join(str(each) for each in allowed_values)
            hint = f"takes {listed}" if allowed_values else "takes none; leave it out"
            shown = contract_name(name)
            yield BadInputError(f"{shown} cannot be {value}: the model {model.name} {hint}.", path=["input", shown])


def request_for(asked: GenerationInput, model: ModelInfo) -> GenerationRequest:
    """The request of something asked that has no faults."""
    values: dict[str, Any] = {field.name: getattr(asked, field.name) for field in fields(RequestedGeneration)}
    values |= {"ratio": None, "resolution": None, "duration_seconds": None}
    values |= {name: _choice(getattr(asked, name), allowed) for name, allowed in _choices(asked, model)}
    values |= _parameters(asked, model)
    return GenerationRequest(**values, provider=model.provider, model=model.name)


def _place_faults(asked: GenerationInput) -> Iterator[BadInputError]:
    """Ids of the caller's own have 1 to 128 characters."""
    ids = (("projectId", asked.project_id), ("workId", asked.work_id), ("storyboardId", asked.storyboard_id))
    for name, value in ids:
        if not 1 <= len(value) <= MAX_ID_CHARACTERS:
            yield BadInputError(f"{name} has 1 to {MAX_ID_CHARACTERS} characters.", path=["input", name])
    if asked.project_name is not None and len(asked.project_name) > MAX_NAME_CHARACTERS:
        yield BadInputError(f"projectName has at most {MAX_NAME_CHARACTERS} characters.", path=["input", "projectName"])


def _prompt_faults(text: str, name: str, *, may_be_empty: bool) -> Iterator[BadInputError]:
    if not may_be_empty and not text.strip():
        yield BadInputError("The prompt is empty: say what is to be seen.", path=["input", name])
    if len(text) > MAX_PROMPT_CHARACTERS:
        yield BadInputError(f"{name} has at most {MAX_PROMPT_CHARACTERS} characters.", path=["input", name])


def _is_asked(value: object) -> bool:
    """None, False or "" asks for nothing."""
    return value is not None and value is not False and value != ""


def _parameter_faults(asked: GenerationInput, model: ModelInfo) -> Iterator[BadInputError]:
    """Of the parameters that not every model takes."""
    for name in _OPTIONAL:
        if _is_asked(getattr(asked, name)) and not takes(model, name) and name not in asked.defaulted:
            shown = contract_name(name)
            yield BadInputError(f"The model {model.name} takes no {shown}; leave it out.", path=["input", shown])
    taken = _parameters(asked, model)
    for name, bounds in _OPTIONAL.items():
        if (fault := _bound_fault(taken[name], bounds)) is not None:
            shown = contract_name(name)
            yield BadInputError(f"{shown} {fault}", path=["input", shown])
    if taken["size"] is not None and not _SIZE.fullmatch(taken["size"]):
        yield BadInputError("size is width x height in pixels, e.g. 1024x576.", path=["input", "size"])


def _bound_fault(value: Any, bounds: Parameter) -> str | None:
    """What is wrong with a value, whatever the model; None where nothing is."""
    if value is None:
        return None
    if bounds.least is not None and bounds.greatest is not None and not bounds.least <= value <= bounds.greatest:
        return f"is between {bounds.least} and {bounds.greatest}."
    if bounds.max_characters is not None and len(value) > bounds.max_characters:
        return f"has at most {bounds.max_characters} characters."
    return None


def takes(model: ModelInfo, name: str) -> bool:
    """Whether a model takes a parameter that not every one does."""
    return bool(getattr(model, f"takes_{name}"))


def _parameters(asked: GenerationInput, model: ModelInfo) -> dict[str, Any]:
    """The parameters that not every model takes, as far as this one does."""
    taken: dict[str, Any] = {}
    for name in _OPTIONAL:
        value = getattr(asked, name)
        is_dropped = value == "" or (_is_asked(value) and not takes(model, name))
        taken[name] = DEFAULTS[name] if is_dropped else value
    return taken


def _choices(asked: GenerationInput, model: ModelInfo) -> list[tuple[str, tuple[str, ...] | tuple[int, ...]]]:
    """What the model has a list for, and the request needs: a size wins over ratio and resolution, and a clip's first
    frame over the ratio.
    """
    choices: list[tuple[str, tuple[str, ...] | tuple[int, ...]]] = []
    has_size = bool(asked.size) and model.takes_size
    has_frame = asked.kind is MediaKind.VIDEO and bool(asked.inputs)
    if not has_size:
        choices.append(("resolution", tuple(model.resolutions)))
        if not has_frame:
            choices.append(("ratio", tuple(model.ratios)))
    choices.append(("duration_seconds", tuple(model.durations_seconds)))
    return choices


def _choice(value: Any, allowed: Sequence[Any]) -> Any:
    """What was asked for, if the model takes it; else the model's first, or None where it has none."""
    if value is not None and value in allowed:
        return value
    return allowed[0] if allowed else None


def is_link(text: str) -> bool:
    """Whether an input is an outside link, and not an id of ours."""
    return text.lower().startswith(("http://", "https://"))


def input_faults(image: InputImage, *path: str) -> Iterator[BadInputError]:
    """Where it is no http(s) link, no id of an upload and none of a record. Whether it is there is not asked."""
    if is_link(image.given):
        yield from link_faults(image.given, *path)
        return
    parsed = parse_global_id(image.given)
    if parsed is None or parsed[0] not in ("StoredFile", "GenerationRecord"):
        yield BadInputError("An input image is an http(s) link, an upload id or a record id.", path=path)


def link_faults(link: str, *path: str) -> Iterator[BadInputError]:
    """Where it is no http(s) link to a host."""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or len(link) > MAX_URL_CHARACTERS:
        yield BadInputError(
            f"Give a link that begins with http:// or https://, of at most {MAX_URL_CHARACTERS} characters.", path=path
        )


def _audio_faults(audio: ClipAudio | None) -> Iterator[BadInputError]:
    if audio is None:
        return
    for name, link in (("voiceoverUrl", audio.voiceover_url), ("bgmUrl", audio.bgm_url)):
        if link is not None:
            yield from link_faults(link, "input", "audio", name)


def strategy_faults(strategy: AccountStrategy) -> Iterator[BadInputError]:
    """Its accounts are not looked up here."""
    path = ["input", "strategy"]
    if not 1 <= strategy.max_attempts <= MAX_ATTEMPTS:
        yield BadInputError(f"maxAttempts is between 1 and {MAX_ATTEMPTS}.", path=[*path, "maxAttempts"])
    if strategy.max_concurrent_per_account is not None and strategy.max_concurrent_per_account < 1:
        yield BadInputError("maxConcurrentPerAccount is at least 1.", path=[*path, "maxConcurrentPerAccount"])
    if len(strategy.account_ids) > MAX_STRATEGY_ACCOUNTS:
        yield BadInputError(f"At most {MAX_STRATEGY_ACCOUNTS} accounts are taken.", path=[*path, "accountIds"])


def account_faults(
    strategy: AccountStrategy, provider: str, model: str, known: Mapping[int, str]
) -> Iterator[EkonteError]:
    """known: the providers of the caller's accounts that are there, by id. NotFoundError for one that is not among
    them, BadInputError for one of another provider than the model's.
    """
    for index, account_id in enumerate(strategy.account_ids):
        path = ["input", "strategy", "accountIds", str(index)]
        if account_id not in known:
            yield not_found("account", path)
        elif known[account_id] != provider:
            yield BadInputError(
                f"An account of {known[account_id]} cannot make what the model {model} of {provider} makes.", path=path
            )


def parameters_of(model: ModelInfo) -> list[str]:
    """The contract's names of the parameters that only some models take, as far as this one does."""
    return [contract_name(name) for name in _OPTIONAL if takes(model, name)]
