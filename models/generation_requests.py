"""Generation requests as they are stored in jobs and records."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self, cast

import orjson
from pydantic import TypeAdapter

from models.enums import JobType, LoadBalance, MediaKind, Polling, RateLimitHandling, Reuse
from models.generation_parameters import PARAMETERS, GenerationParameters, InputImage, Reference
from models.ids import global_id

STANDALONE_PROJECT = "default"
STANDALONE_WORK = "default"
DEFAULT_THRESHOLD = 0.95


def work_of(workflow_id: int | None) -> str:
    """The work id of a build's generations: the workflow's global id, or STANDALONE_WORK."""
    return STANDALONE_WORK if workflow_id is None else global_id("Workflow", workflow_id)


@dataclass(frozen=True)
class AccountStrategy:
    """How a job uses the pool. account_ids: restricts it to these accounts; empty: all of the owner's."""

    load_balance: LoadBalance = LoadBalance.LEAST_USED
    max_concurrent_per_account: int | None = None
    auto_switch_on_failure: bool = True
    rate_limit_handling: RateLimitHandling = RateLimitHandling.SWITCH
    switch_on_timeout: bool = False
    max_attempts: int = 5
    account_ids: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return _to_json(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "AccountStrategy":
        """Missing values get their defaults; unknown names are ignored."""
        return _STRATEGIES.validate_python(values)


@dataclass(frozen=True, kw_only=True)
class RequestedGeneration(GenerationParameters):
    """Parameters, the storyboard they belong to, and options: what a caller's input and a checked request share."""

    kind: MediaKind
    storyboard_id: str
    project_id: str = STANDALONE_PROJECT
    project_name: str | None = None
    work_id: str = STANDALONE_WORK
    polling: Polling = Polling.AUTO
    reuse: Reuse = Reuse.NONE
    reuse_threshold: float = DEFAULT_THRESHOLD
    "Lowest similarity of two prompts for Reuse.SIMILAR, from 0 to 1."
    strategy: AccountStrategy = field(default_factory=AccountStrategy)
    callback_url: str | None = None

    @property
    def materials(self) -> tuple[InputImage, ...]:
        """What is uploaded for it: the input pictures, then the references. A material's place here is its position
        among the inputs of the job.
        """
        return (*self.inputs, *self.references)

    def with_materials(self, materials: Sequence[InputImage]) -> Self:
        """The request with changed materials, which have the order of `materials`."""
        count = len(self.inputs)
        references = cast(tuple[Reference, ...], tuple(materials[count:]))
        return replace(self, inputs=tuple(materials[:count]), references=references)


@dataclass(frozen=True, kw_only=True)
class GenerationRequest(RequestedGeneration):
    """A checked request for an image or video. Defaults are filled in; None: the model does not take the parameter."""

    provider: str
    model: str
    storyboard_id: str = ""
    build_run: int = 0
    "The retry_count of the build that requested this, at that time."
    made_for_sha256: str | None = None
    "Hash of the request with a similar prompt whose result is reused for this one."

    @property
    def job_type(self) -> JobType:
        if self.kind is MediaKind.IMAGE:
            return JobType.IMAGE_TO_IMAGE if self.inputs else JobType.TEXT_TO_IMAGE
        return JobType.IMAGE_TO_VIDEO if self.materials else JobType.TEXT_TO_VIDEO

    def sha256(self) -> str:
        """Hash over everything that shapes the result; materials enter by content, or by link until stored.

        If the result of a similar request is reused: the hash of that request, which the result belongs to.
        """
        return self.made_for_sha256 or _sha256({**self._shape(), "prompt": self.prompt})

    def shape_sha256(self) -> str:
        """As sha256, without the prompt."""
        return _sha256(self._shape())

    def _shape(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in _SHAPING}
        # Not given counts as true, the default of earlier builds, so that results of theirs are still reused.
        values["safety_check"] = self.safety_check is not False
        values["audio"] = None if self.audio is None else asdict(self.audio)
        if self.count is not None:  # requests without a number keep the hash that they had before there was one
            values["count"] = self.count
        values["inputs"] = [image.sha256 or image.given for image in self.inputs]
        if self.references:  # else the hash is that of requests from before there were references
            values["references"] = [(each.name, each.sha256 or each.given) for each in self.references]
        return values

    def to_json(self) -> dict[str, Any]:
        return _to_json(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "GenerationRequest":
        """Reads a stored request of any age: missing values get their defaults, unknown names are ignored.

        Raises pydantic.ValidationError if the values are not a request.
        """
        return _REQUESTS.validate_python(values)


# Other differences between two requests do not change the result.
_SHAPING = ("kind", "provider", "model", *(name for name, each in PARAMETERS.items() if each.shapes_result))


_REQUESTS = TypeAdapter(GenerationRequest)
_STRATEGIES = TypeAdapter(AccountStrategy)


def _to_json(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(value))
    return plain


def _sha256(values: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
