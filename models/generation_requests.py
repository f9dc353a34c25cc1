"""What somebody asked to have generated, as it is kept in its job and record."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from models.enums import JobType, LoadBalance, MediaKind, Polling, RateLimitHandling, Reuse, Transition
from models.ids import global_id

STANDALONE_WORK = "default"


def work_of(workflow_id: int | None) -> str:
    """The work of a build's generations: shots of a workflow have its id as their work."""
    return STANDALONE_WORK if workflow_id is None else global_id("Workflow", workflow_id)


# What shapes the result beside the prompt: what else differs between two requests makes no other picture.
_SHAPING = (
    "kind",
    "provider",
    "model",
    "negative_prompt",
    "ratio",
    "resolution",
    "size",
    "intelligent_ratio",
    "sample_strength",
    "seed",
    "steps",
    "guidance_scale",
    "scheduler",
    "style",
    "safety_check",
    "duration_seconds",
    "fps",
    "motion_strength",
    "transition",
    "audio",
)


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
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return plain

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "AccountStrategy":
        if not values:
            return AccountStrategy()
        return AccountStrategy(
            **{
                **values,
                "load_balance": LoadBalance(values["load_balance"]),
                "rate_limit_handling": RateLimitHandling(values["rate_limit_handling"]),
                "account_ids": tuple(values["account_ids"]),
            }
        )


@dataclass(frozen=True)
class ClipAudio:
    voiceover_url: str | None = None
    bgm_url: str | None = None
    ducking: bool = True


@dataclass(frozen=True)
class InputImage:
    """An input picture: as the caller named it, and the stored content once it is there."""

    given: str
    sha256: str | None = None


@dataclass(frozen=True)
class GenerationRequest:
    """A picture or a clip to make. resolution, ratio …: with defaults filled in; None where the model takes none."""

    kind: MediaKind
    provider: str
    model: str
    prompt: str
    project_id: str = "default"
    project_name: str | None = None
    work_id: str = "default"
    storyboard_id: str = ""
    negative_prompt: str | None = None
    ratio: str | None = None
    resolution: str | None = None
    size: str | None = None
    intelligent_ratio: bool = False
    sample_strength: float | None = None
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    style: str | None = None
    safety_check: bool = True
    duration_seconds: int | None = None
    fps: int | None = None
    motion_strength: float | None = None
    transition: Transition = Transition.NONE
    audio: ClipAudio | None = None
    inputs: tuple[InputImage, ...] = ()
    polling: Polling = Polling.AUTO
    reuse: Reuse = Reuse.NONE
    reuse_threshold: float = 0.95
    strategy: AccountStrategy = field(default_factory=AccountStrategy)
    callback_url: str | None = None
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
        values["audio"] = None if self.audio is None else dataclasses.asdict(self.audio)
        values["inputs"] = [image.sha256 or image.given for image in self.inputs]
        return values

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return plain

    @staticmethod
    def from_json(values: dict[str, Any]) -> "GenerationRequest":
        audio = values.get("audio")
        return GenerationRequest(
            **{
                **values,
                "kind": MediaKind(values["kind"]),
                "transition": Transition(values["transition"]),
                "audio": None if audio is None else ClipAudio(**audio),
                "inputs": tuple(InputImage(**image) for image in values["inputs"]),
                "polling": Polling(values["polling"]),
                "reuse": Reuse(values["reuse"]),
                "strategy": AccountStrategy.from_json(values.get("strategy") or {}),
            }
        )


def _sha256(values: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
