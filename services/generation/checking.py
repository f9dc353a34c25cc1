"""Whether a model can do what is asked: pure rules that turn an Asked into a GenerationRequest, or refuse it.

A parameter that the caller said and the model does not take is refused, with what is allowed and its path within the
input. One that nobody said gives way to the model's own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from errors import BadInputError, EkonteError, not_found
from models.enums import MediaKind, Transition
from models.generation_requests import AccountStrategy, ClipAudio, GenerationRequest, InputImage
from models.ids import parse_global_id
from providers.pooled import ModelInfo
from services.generation.generation_input import Asked
from services.platform.links import MAX_URL_CHARACTERS

MAX_PROMPT_CHARACTERS = 8000
MAX_ID_CHARACTERS = 128
MAX_NAME_CHARACTERS = 200
MAX_WORD_CHARACTERS = 200
MAX_ATTEMPTS = 100
MAX_STRATEGY_ACCOUNTS = 1000

_SIZE = re.compile(r"[1-9]\d{1,4}x[1-9]\d{1,4}")

# The parameters that only some models take: the request's name, the contract's, the flag of ModelInfo.
_OPTIONAL = (
    ("negative_prompt", "negativePrompt", "takes_negative_prompt"),
    ("size", "size", "takes_size"),
    ("intelligent_ratio", "intelligentRatio", "takes_intelligent_ratio"),
    ("sample_strength", "sampleStrength", "takes_sample_strength"),
    ("seed", "seed", "takes_seed"),
    ("steps", "steps", "takes_steps"),
    ("guidance_scale", "guidanceScale", "takes_guidance_scale"),
    ("scheduler", "scheduler", "takes_scheduler"),
    ("style", "style", "takes_style"),
    ("fps", "fps", "takes_fps"),
    ("motion_strength", "motionStrength", "takes_motion_strength"),
)

# Least and greatest value of each number, whatever the model.
_RANGES: tuple[tuple[str, str, int, int], ...] = (
    ("sample_strength", "sampleStrength", 0, 1),
    ("seed", "seed", 0, 2**53),
    ("steps", "steps", 1, 1000),
    ("guidance_scale", "guidanceScale", 0, 100),
    ("fps", "fps", 1, 120),
    ("motion_strength", "motionStrength", 0, 1),
)


def settle(asked: Asked, model: ModelInfo) -> GenerationRequest:
    """The request as the model takes it, with the model's values where nobody said any. Inputs are still as given.

    Raises BadInputError for the first fault. The accounts of the strategy are not looked up here.
    """
    raise_first(chain(plain_faults(asked), model_faults(asked, model)))
    return request_for(asked, model)


def raise_first(faults: Iterable[EkonteError]) -> None:
    for fault in faults:
        raise fault


def plain_faults(asked: Asked) -> Iterator[BadInputError]:
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


def model_faults(asked: Asked, model: ModelInfo) -> Iterator[BadInputError]:
    """What the model cannot do of what is asked. A default that nobody said is no fault: it gives way."""
    yield from _parameter_faults(asked, model)
    if len(asked.inputs) > model.max_input_images:
        allowed = f"at most {model.max_input_images}" if model.max_input_images else "no"
        yield BadInputError(f"The model {model.name} takes {allowed} input images.", path=["input", "inputImages"])
    for name, contract_name, allowed_values in _choices(asked, model):
        value = getattr(asked, name)
        if value is not None and value not in allowed_values and name not in asked.defaulted:
            listed = ", ".join(str(each) for each in allowed_values)
            hint = f"takes {listed}" if allowed_values else "takes none; leave it out"
            yield BadInputError(
                f"{contract_name} cannot be {value}: the model {model.name} {hint}.", path=["input", contract_name]
            )


def request_for(asked: Asked, model: ModelInfo) -> GenerationRequest:
    """The request of something asked that has no faults."""
    chosen = {name: _choice(getattr(asked, name), allowed) for name, _, allowed in _choices(asked, model)}
    return GenerationRequest(
        kind=asked.kind,
        provider=model.provider,
        model=model.name,
        prompt=asked.prompt,
        project_id=asked.project_id,
        project_name=asked.project_name,
        work_id=asked.work_id,
        storyboard_id=asked.storyboard_id,
        safety_check=asked.safety_check,
        transition=asked.transition,
        audio=asked.audio,
        inputs=asked.inputs,
        polling=asked.polling,
        reuse=asked.reuse,
        reuse_threshold=asked.reuse_threshold,
        strategy=asked.strategy,
        callback_url=asked.callback_url,
        **chosen,
        **_parameters(asked, model),
    )


def _place_faults(asked: Asked) -> Iterator[BadInputError]:
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


def _parameter_faults(asked: Asked, model: ModelInfo) -> Iterator[BadInputError]:
    """Of the parameters that not every model takes."""
    for name, contract_name, flag in _OPTIONAL:
        if _is_asked(getattr(asked, name)) and not getattr(model, flag) and name not in asked.defaulted:
            yield BadInputError(
                f"The model {model.name} takes no {contract_name}; leave it out.", path=["input", contract_name]
            )
    taken = _parameters(asked, model)
    for name, contract_name, least, greatest in _RANGES:
        if taken[name] is not None and not least <= taken[name] <= greatest:
            yield BadInputError(f"{contract_name} is between {least} and {greatest}.", path=["input", contract_name])
    for name in ("scheduler", "style"):
        if taken[name] is not None and len(taken[name]) > MAX_WORD_CHARACTERS:
            yield BadInputError(f"{name} has at most {MAX_WORD_CHARACTERS} characters.", path=["input", name])
    if taken["size"] is not None and not _SIZE.fullmatch(taken["size"]):
        yield BadInputError("size is width x height in pixels, e.g. 1024x576.", path=["input", "size"])


def _parameters(asked: Asked, model: ModelInfo) -> dict[str, Any]:
    """The parameters that not every model takes, as far as this one does."""
    taken: dict[str, Any] = {}
    for name, _, flag in _OPTIONAL:
        value = getattr(asked, name)
        if _is_asked(value) and not getattr(model, flag):
            value = False if name == "intelligent_ratio" else None
        taken[name] = value if value != "" else None
    return taken


def _choices(asked: Asked, model: ModelInfo) -> list[tuple[str, str, tuple[str, ...] | tuple[int, ...]]]:
    """What the model has a list for, and the request needs: a size wins over ratio and resolution, and a clip's first
    frame over the ratio.
    """
    choices: list[tuple[str, str, tuple[str, ...] | tuple[int, ...]]] = []
    has_size = bool(asked.size) and model.takes_size
    has_frame = asked.kind is MediaKind.VIDEO and bool(asked.inputs)
    if not has_size:
        choices.append(("resolution", "resolution", tuple(model.resolutions)))
        if not has_frame:
            choices.append(("ratio", "ratio", tuple(model.ratios)))
    choices.append(("duration_seconds", "durationSeconds", tuple(model.durations_seconds)))
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
    return [contract_name for _, contract_name, flag in _OPTIONAL if getattr(model, flag)]
