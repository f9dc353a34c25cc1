"""Whether a model can do what is asked: pure rules that turn an Asked into a GenerationRequest, or refuse it.

A parameter that the caller said and the model does not take is refused, with what is allowed and its path within the
input. One that nobody said gives way to the model's own.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from errors import BadInputError, NotFoundError
from models.enums import MediaKind, Transition
from models.ids import parse_global_id
from providers.pooled import ModelInfo
from services.generation.asking import Asked
from services.generation.requests import AccountStrategy, ClipAudio, GenerationRequest, InputImage
from services.links import MAX_URL_CHARACTERS

MAX_PROMPT_CHARACTERS = 8000
MAX_ID_CHARACTERS = 128
MAX_NAME_CHARACTERS = 200
MAX_WORD_CHARACTERS = 200
MAX_ATTEMPTS = 100
MAX_STRATEGY_ACCOUNTS = 1000

T = TypeVar("T", str, int)

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
    check_place(asked.project_id, asked.project_name, asked.work_id, asked.storyboard_id)
    _check_prompt(asked.prompt, "prompt", may_be_empty=False)
    _check_prompt(asked.negative_prompt or "", "negativePrompt", may_be_empty=True)
    taken = _optional_parameters(asked, model)
    _check_inputs(asked, model)
    _check_clip_only(asked)
    check_audio(asked.audio)
    check_strategy(asked.strategy)
    ratio, resolution = _shape(asked, model, taken["size"])
    seconds = _choose(asked, "duration_seconds", "durationSeconds", model.durations_seconds, model)
    return GenerationRequest(
        kind=asked.kind,
        provider=model.provider,
        model=model.name,
        prompt=asked.prompt,
        project_id=asked.project_id,
        project_name=asked.project_name,
        work_id=asked.work_id,
        storyboard_id=asked.storyboard_id,
        ratio=ratio,
        resolution=resolution,
        duration_seconds=seconds,
        safety_check=asked.safety_check,
        transition=asked.transition,
        audio=asked.audio,
        inputs=asked.inputs,
        polling=asked.polling,
        reuse=asked.reuse,
        strategy=asked.strategy,
        **taken,
    )


def check_place(project_id: str, project_name: str | None, work_id: str, storyboard_id: str) -> None:
    """Ids of the caller's own have 1 to 128 characters. Raises BadInputError."""
    for name, value in (("projectId", project_id), ("workId", work_id), ("storyboardId", storyboard_id)):
        if not 1 <= len(value) <= MAX_ID_CHARACTERS:
            raise BadInputError(f"{name} has 1 to {MAX_ID_CHARACTERS} characters.", path=["input", name])
    if project_name is not None and len(project_name) > MAX_NAME_CHARACTERS:
        raise BadInputError(f"projectName has at most {MAX_NAME_CHARACTERS} characters.", path=["input", "projectName"])


def _check_prompt(text: str, name: str, *, may_be_empty: bool) -> None:
    if not may_be_empty and not text.strip():
        raise BadInputError("The prompt is empty: say what is to be seen.", path=["input", name])
    if len(text) > MAX_PROMPT_CHARACTERS:
        raise BadInputError(f"{name} has at most {MAX_PROMPT_CHARACTERS} characters.", path=["input", name])


def _check_clip_only(asked: Asked) -> None:
    if asked.kind is MediaKind.VIDEO:
        return
    for name, is_asked in (("transition", asked.transition is not Transition.NONE), ("audio", asked.audio is not None)):
        if is_asked:
            raise BadInputError(f"A picture has no {name}; leave it out.", path=["input", name])


def _optional_parameters(asked: Asked, model: ModelInfo) -> dict[str, Any]:
    """The parameters that not every model takes, as far as this one does. None, False or "" asks for nothing."""
    taken: dict[str, Any] = {}
    for name, contract_name, flag in _OPTIONAL:
        value = getattr(asked, name)
        is_asked = value is not None and value is not False and value != ""
        if is_asked and not getattr(model, flag):
            if name not in asked.defaulted:
                raise BadInputError(
                    f"The model {model.name} takes no {contract_name}; leave it out.", path=["input", contract_name]
                )
            value = False if name == "intelligent_ratio" else None
        taken[name] = value if value != "" else None
    for name, contract_name, least, greatest in _RANGES:
        if taken[name] is not None and not least <= taken[name] <= greatest:
            raise BadInputError(f"{contract_name} is between {least} and {greatest}.", path=["input", contract_name])
    for name in ("scheduler", "style"):
        if taken[name] is not None and len(taken[name]) > MAX_WORD_CHARACTERS:
            raise BadInputError(f"{name} has at most {MAX_WORD_CHARACTERS} characters.", path=["input", name])
    if taken["size"] is not None and not _SIZE.fullmatch(taken["size"]):
        raise BadInputError("size is width x height in pixels, e.g. 1024x576.", path=["input", "size"])
    return taken


def _shape(asked: Asked, model: ModelInfo, size: str | None) -> tuple[str | None, str | None]:
    """Ratio and resolution. A size wins over both, and a clip's first frame over the ratio."""
    if size is not None:
        return None, None
    resolution = _choose(asked, "resolution", "resolution", model.resolutions, model)
    if asked.kind is MediaKind.VIDEO and asked.inputs:
        return None, resolution
    return _choose(asked, "ratio", "ratio", model.ratios, model), resolution


def _choose(asked: Asked, name: str, contract_name: str, allowed: Sequence[T], model: ModelInfo) -> T | None:
    """What was asked for, if the model takes it; its own first value where nobody asked; None where it takes none."""
    value: T | None = getattr(asked, name)
    if value is not None and value in allowed:
        return value
    if value is not None and name not in asked.defaulted:
        listed = ", ".join(str(each) for each in allowed)
        hint = f"takes {listed}" if allowed else "takes none; leave it out"
        raise BadInputError(
            f"{contract_name} cannot be {value}: the model {model.name} {hint}.", path=["input", contract_name]
        )
    return allowed[0] if allowed else None


def _check_inputs(asked: Asked, model: ModelInfo) -> None:
    if len(asked.inputs) > model.max_input_images:
        allowed = f"at most {model.max_input_images}" if model.max_input_images else "no"
        raise BadInputError(f"The model {model.name} takes {allowed} input images.", path=["input", "inputImages"])
    for index, image in enumerate(asked.inputs):
        if image.sha256 is None:
            check_input(image, "input", "inputImages", str(index))


def is_link(text: str) -> bool:
    """Whether an input is an outside link, and not an id of ours."""
    return text.lower().startswith(("http://", "https://"))


def check_input(image: InputImage, *path: str) -> None:
    """An http(s) link, the id of an upload or of a record. Raises BadInputError; whether it is there is not asked."""
    if is_link(image.given):
        check_link(image.given, *path)
        return
    parsed = parse_global_id(image.given)
    if parsed is None or parsed[0] not in ("StoredFile", "GenerationRecord"):
        raise BadInputError("An input image is an http(s) link, an upload id or a record id.", path=path)


def check_link(link: str, *path: str) -> None:
    """Raises BadInputError for what is no http(s) link to a host."""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or len(link) > MAX_URL_CHARACTERS:
        raise BadInputError(
            f"Give a link that begins with http:// or https://, of at most {MAX_URL_CHARACTERS} characters.", path=path
        )


def check_audio(audio: ClipAudio | None) -> None:
    """Raises BadInputError where its links are none."""
    if audio is None:
        return
    for name, link in (("voiceoverUrl", audio.voiceover_url), ("bgmUrl", audio.bgm_url)):
        if link is not None:
            check_link(link, "input", "audio", name)


def check_strategy(strategy: AccountStrategy) -> None:
    """Raises BadInputError. Whether its accounts are there is not asked."""
    path = ["input", "strategy"]
    if not 1 <= strategy.max_attempts <= MAX_ATTEMPTS:
        raise BadInputError(f"maxAttempts is between 1 and {MAX_ATTEMPTS}.", path=[*path, "maxAttempts"])
    if strategy.max_concurrent_per_account is not None and strategy.max_concurrent_per_account < 1:
        raise BadInputError("maxConcurrentPerAccount is at least 1.", path=[*path, "maxConcurrentPerAccount"])
    if len(strategy.account_ids) > MAX_STRATEGY_ACCOUNTS:
        raise BadInputError(f"At most {MAX_STRATEGY_ACCOUNTS} accounts are taken.", path=[*path, "accountIds"])


def check_accounts(request: GenerationRequest, providers: Mapping[int, str]) -> None:
    """providers: of the caller's accounts that are there, by id. Raises NotFoundError for one that is not among them,
    BadInputError for one of another provider than the model's.
    """
    for index, account_id in enumerate(request.strategy.account_ids):
        path = ["input", "strategy", "accountIds", str(index)]
        if account_id not in providers:
            raise NotFoundError("There is no such account.", path=path)
        if providers[account_id] != request.provider:
            raise BadInputError(
                f"An account of {providers[account_id]} cannot make what the model {request.model} of"
                f" {request.provider} makes.",
                path=path,
            )


def parameters_of(model: ModelInfo) -> list[str]:
    """The contract's names of the parameters that only some models take, as far as this one does."""
    return [contract_name for _, contract_name, flag in _OPTIONAL if getattr(model, flag)]
