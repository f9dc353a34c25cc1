"""What a provider with a pool of accounts is: asked on behalf of one account, in short steps that never wait for a
result. Which account, when, and what comes of a fault is decided in services/accounts/pool.

Kinds are IMAGE and VIDEO; sites CN, US, HK, JP, SG. Links in answers are upstream's own and expire.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from errors import JobErrorCode
from providers.base import Provider


class FaultKind(StrEnum):
    """What upstream says is wrong, as far as it decides what happens next."""

    SESSION_EXPIRED = "SESSION_EXPIRED"
    PUNISHED = "PUNISHED"  # the account is punished
    NO_PERMISSION = "NO_PERMISSION"  # this account may not use this model; another may
    NEEDS_CONFIRMATION = "NEEDS_CONFIRMATION"  # a person has to click something on the web page first
    OUT_OF_CREDIT = "OUT_OF_CREDIT"
    DAILY_LIMIT = "DAILY_LIMIT"
    RATE_LIMIT = "RATE_LIMIT"
    CONCURRENCY_LIMIT = "CONCURRENCY_LIMIT"  # too many tasks of this account at once
    RISK_CONTROL = "RISK_CONTROL"
    MODEL_RISK_CONTROL = "MODEL_RISK_CONTROL"  # risk control that is known to be about the model alone
    CONTENT_REJECTED = "CONTENT_REJECTED"
    INVALID_INPUT = "INVALID_INPUT"
    GENERATION_FAILED = "GENERATION_FAILED"  # taken, and failed for no reason of ours: one retry, then another account
    UPSTREAM_FAULT = "UPSTREAM_FAULT"  # busy, 5xx, network: nothing was taken
    UNKNOWN = "UNKNOWN"  # a code that nobody has seen: another account once, then it fails


class UpstreamFaultError(Exception):
    """Upstream said no, or could not be reached; it is certain that nothing was taken by this very call.

    message: a finished sentence that a person understands. upstream_code: ret or fail_code as it came.
    log_id: upstream's own name for the call, for its support.
    """

    def __init__(
        self,
        kind: FaultKind,
        code: JobErrorCode,
        message: str,
        *,
        upstream_code: str | None = None,
        retry_after_seconds: float | None = None,
        log_id: str | None = None,
    ) -> None:
        super().__init__(f"{kind.value}: {message}")
        self.kind = kind
        self.code = code
        self.message = message
        self.upstream_code = upstream_code
        self.retry_after_seconds = retry_after_seconds
        self.log_id = log_id


class SubmitUnknownError(Exception):
    """A submit without a readable answer (time-out, reset, 5xx, no history id): upstream may have taken it."""


@dataclass(frozen=True)
class Credential:
    """One account, as a provider needs it. The session never shows in a repr or a log."""

    account_id: int
    site: str
    session_id: str = field(repr=False)


@dataclass(frozen=True)
class ModelInfo:
    """What a model takes. resolutions and durations_seconds: what it can be asked for, the default first; empty where
    the request has none. ratios: in the order of a chooser, the deployment's default need not be first.
    credits: an estimate per task, None where nobody knows.
    """

    name: str
    kind: str
    provider: str
    sites: tuple[str, ...]
    ratios: tuple[str, ...]
    resolutions: tuple[str, ...]
    durations_seconds: tuple[int, ...]
    max_input_images: int
    credits: int | None = None
    takes_intelligent_ratio: bool = False
    takes_sample_strength: bool = False
    takes_negative_prompt: bool = False
    takes_seed: bool = False
    takes_size: bool = False
    takes_steps: bool = False
    takes_guidance_scale: bool = False
    takes_scheduler: bool = False
    takes_style: bool = False
    takes_fps: bool = False
    takes_motion_strength: bool = False


@dataclass(frozen=True)
class GenerationOrder:
    """What is to be made. inputs: upstream's own names (from `upload`) of the input pictures, in order.

    For VIDEO the first input is the first frame and the second the last one. Only what the model's ModelInfo says it
    takes is set. size: width x height in pixels, e.g. "1024x576".
    """

    kind: str
    model: str
    prompt: str
    negative_prompt: str = ""
    ratio: str | None = None
    resolution: str | None = None
    intelligent_ratio: bool = False
    sample_strength: float | None = None
    seed: int | None = None
    duration_seconds: int | None = None
    inputs: tuple[str, ...] = ()
    size: str | None = None
    style: str | None = None
    fps: int | None = None
    motion_strength: float | None = None


@dataclass(frozen=True)
class Accepted:
    """Upstream has taken a submit. raw: its answer's payload."""

    history_id: str
    raw: Mapping[str, Any] = field(default_factory=dict)


class TaskPhase(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"  # with at least one usable link
    FAILED = "FAILED"


@dataclass(frozen=True)
class UpstreamTask:
    """A task as upstream tells of it now.

    status, fail_code: upstream's own. fault: why it failed, where phase is FAILED. links: of results, best first, as
    far as they are there. progress: 0 to 1 where it can be told. queue_position: tasks before this one in upstream's
    queue, 0 when it is being worked on, None where upstream does not say. created_at, finished_at: Unix seconds by
    upstream's clock, where told.
    """

    history_id: str
    submit_id: str | None
    phase: TaskPhase
    kind: str | None  # IMAGE, VIDEO
    status: int
    fail_code: str | None = None
    fault: UpstreamFaultError | None = None
    links: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    item_count: int = 0
    progress: float | None = None
    queue_position: int | None = None
    created_at: float | None = None
    finished_at: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class PooledProvider(Provider, Protocol):
    """Every method may raise UpstreamFaultError. One request waits at most `call_timeout_seconds`."""

    call_timeout_seconds: float

    def models(self) -> Sequence[ModelInfo]: ...

    def credits_for(self, order: GenerationOrder) -> int | None:
        """What the order is likely to cost, in credits; None where nobody knows."""

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        """Whether the session is accepted. Answers of the last ten minutes are used again unless `fresh`."""

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        """Credits that the account has. Answers of the last 30 seconds are used again unless `fresh`."""

    async def receive_credits(self, credential: Credential) -> int:
        """Receives today's free credits; how many came (0: none)."""

    async def upload(self, credential: Credential, picture: Path) -> str:
        """Uploads an input picture (made smaller first where it exceeds the limits); upstream's name for it, which
        only this account can use.
        """

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        """Sends the draft, once. UpstreamFaultError: refused, or surely not sent. SubmitUnknownError: nobody knows."""

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        """Tasks of the account by the ids that were asked for (either sort; one request for each sort). An id that
        upstream does not know, or not yet, is missing from the answer. fresh: finished tasks are asked about again,
        for new links.
        """

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        """Links of the best quality for a task that is done, e.g. the download of a clip; the task's own where there
        are no better ones or asking fails.
        """

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        """Asks upstream to drop a task; whether it says that it will. Never raises for a refusal."""
