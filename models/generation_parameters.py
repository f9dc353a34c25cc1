"""The parameters of an image or video, each declared once with its type and rules.

Inputs, stored requests, checks, hashes and regenerations use PARAMETERS. Only providers/pooled.py (capabilities of a
model) and schema/ (GraphQL types) repeat the names.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, get_type_hints

from models.enums import MediaKind, Transition

# Integers stay integers: 1 and 1.0 are stored and hashed as given.
Number = int | float


@dataclass(frozen=True)
class Parameter:
    """The rules of a parameter.

    shapes_result: its value is part of a request's hash, even if it is None. Changing this, or adding such a parameter,
    changes the hash of every request, so that earlier results are not reused any more.
    is_optional: accepted only by models with ModelInfo.takes_<name>. least, greatest: inclusive bounds of a number.
    max_characters: longest text.
    """

    shapes_result: bool = True
    is_optional: bool = False
    least: int | None = None
    greatest: int | None = None
    max_characters: int | None = None


@dataclass(frozen=True)
class ClipAudio:
    voiceover_url: str | None = None
    bgm_url: str | None = None
    ducking: bool = True


@dataclass(frozen=True)
class InputImage:
    """An input picture: the value given by the caller, and the hash of the content once it is stored."""

    given: str
    sha256: str | None = None


@dataclass(frozen=True)
class Reference(InputImage):
    """A picture or film to which the prompt refers as @name. kind, duration_seconds (of a film): once it is stored."""

    name: str = ""
    kind: MediaKind | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class GenerationParameters:
    """The parameters of an image or video. Prompt and inputs enter the hash separately (GenerationRequest).

    size: width x height, e.g. "1024x576". sample_strength, motion_strength: 0 to 1. count: of pictures; None: the
    model's usual number. It enters the hash if it is given (GenerationRequest).
    """

    prompt: Annotated[str, Parameter(shapes_result=False)]
    negative_prompt: Annotated[str | None, Parameter(is_optional=True)] = None
    count: Annotated[int | None, Parameter(shapes_result=False)] = None
    ratio: Annotated[str | None, Parameter()] = None
    resolution: Annotated[str | None, Parameter()] = None
    size: Annotated[str | None, Parameter(is_optional=True)] = None
    intelligent_ratio: Annotated[bool, Parameter(is_optional=True)] = False
    sample_strength: Annotated[Number | None, Parameter(is_optional=True, least=0, greatest=1)] = None
    seed: Annotated[int | None, Parameter(is_optional=True, least=0, greatest=2**53)] = None
    steps: Annotated[int | None, Parameter(is_optional=True, least=1, greatest=1000)] = None
    guidance_scale: Annotated[Number | None, Parameter(is_optional=True, least=0, greatest=100)] = None
    scheduler: Annotated[str | None, Parameter(is_optional=True, max_characters=200)] = None
    style: Annotated[str | None, Parameter(is_optional=True, max_characters=200)] = None
    safety_check: Annotated[bool | None, Parameter(is_optional=True)] = None
    duration_seconds: Annotated[int | None, Parameter()] = None
    fps: Annotated[int | None, Parameter(is_optional=True, least=1, greatest=120)] = None
    motion_strength: Annotated[Number | None, Parameter(is_optional=True, least=0, greatest=1)] = None
    transition: Annotated[Transition, Parameter()] = Transition.NONE
    audio: Annotated[ClipAudio | None, Parameter()] = None
    inputs: Annotated[tuple[InputImage, ...], Parameter(shapes_result=False)] = ()
    references: Annotated[tuple[Reference, ...], Parameter(shapes_result=False, is_optional=True)] = ()


def _declared() -> dict[str, Parameter]:
    hints = get_type_hints(GenerationParameters, include_extras=True)
    return {field.name: hints[field.name].__metadata__[0] for field in fields(GenerationParameters)}


PARAMETERS: Mapping[str, Parameter] = _declared()
"By name, in the order in which errors are reported."

DEFAULTS: Mapping[str, object] = {
    field.name: field.default for field in fields(GenerationParameters) if field.default is not MISSING
}
"Default values; None: unset, or the model's own default."

REMOVABLE = frozenset(name for name, each in PARAMETERS.items() if each.is_optional and DEFAULTS[name] is None)
"Parameters that an explicit null removes from an earlier request."


def contract_name(name: str) -> str:
    """The name of a parameter in the API, e.g. guidanceScale."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
