"""What somebody asked to have generated, as it is kept in its job and record."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter

from models.enums import JobType, LoadBalance, MediaKind, Polling, RateLimitHandling, Reuse
from models.generation_parameters import PARAMETERS, GenerationParameters
from models.ids import global_id

STANDALONE_WORK = "default"
USUAL_THRESHOLD = 0.95


def work_of(workflow_id: int | None) -> str:
    """The work of a build's generations: shots of a workflow have its id as their work."""
    return STANDALONE_WORK if workflow_id is None else global_id("Workflow", workflow_id)


@dataclass(frozen=True)
class AccountStrategy:
    """How a job uses the pool. account_ids: only these; empty: all of its owner's."""

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
        """What is missing has its default; names that nobody knows any more are passed over."""
        return _STRATEGIES.validate_python(values)


@dataclass(frozen=True, kw_only=True)
class RequestedGeneration(GenerationParameters):
    """Parameters, whose they are, and how they are handled: what a caller's input and a checked request both have."""

    kind: MediaKind
    storyboard_id: str
    project_id: str = "default"
    project_name: str | None = None
    work_id: str = STANDALONE_WORK
    polling: Polling = Polling.AUTO
    reuse: Reuse = Reuse.NONE
    reuse_threshold: float = USUAL_THRESHOLD
    "SIMILAR: how alike two prompts must be, from 0 to 1."
    strategy: AccountStrategy = field(default_factory=AccountStrategy)
    callback_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class GenerationRequest(RequestedGeneration):
    """A picture or a clip to make. resolution, ratio …: with defaults filled in; None where the model takes none."""

    provider: str
    model: str
    storyboard_id: str = ""
    build_run: int = 0
    "Of a generation that a build asked for: that build's retry_count then."
    made_for_sha256: str | None = None
    "Of a request that was answered by the result of another, whose prompt is alike: that one's hash."

    @property
    def job_type(self) -> JobType:
        if self.kind is MediaKind.IMAGE:
            return JobType.IMAGE_TO_IMAGE if self.inputs else JobType.TEXT_TO_IMAGE
        return JobType.IMAGE_TO_VIDEO if self.inputs else JobType.TEXT_TO_VIDEO

    def sha256(self) -> str:
        """Over everything that shapes the result; an input picture counts by its content, else by its link.

        Where the result was made for another request, that one's: it is no result of what this one says.
        """
        return self.made_for_sha256 or _sha256({**self._shape(), "prompt": self.prompt})

    def shape_sha256(self) -> str:
        """The same over everything but the prompt."""
        return _sha256(self._shape())

    def _shape(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in _SHAPING}
        values["audio"] = None if self.audio is None else asdict(self.audio)
        values["inputs"] = [image.sha256 or image.given for image in self.inputs]
        return values

    def to_json(self) -> dict[str, Any]:
        return _to_json(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "GenerationRequest":
        """Of a row of any age: what is missing has its default, and names that nobody knows any more are passed over.

        Raises pydantic.ValidationError for what is no request.
        """
        return _REQUESTS.validate_python(values)


# What else two requests may differ in makes no other picture.
_SHAPING = ("kind", "provider", "model", *(name for name, each in PARAMETERS.items() if each.shapes_result))


_REQUESTS = TypeAdapter(GenerationRequest)
_STRATEGIES = TypeAdapter(AccountStrategy)


def _to_json(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(value))
    return plain


def _sha256(values: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
