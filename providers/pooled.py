"""The protocol of providers with a pool of accounts, whose calls act for one account and never wait for a result.

services/accounts/pool decides which account is used when, and how faults are handled. Kinds are IMAGE and VIDEO; sites
are CN, US, HK, JP, SG. Links in responses are upstream's own and expire.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from errors import JobErrorCode
from providers.base import Provider
from providers.retry_after import MAX_RETRY_AFTER_SECONDS


class FaultKind(StrEnum):
    """Classes of upstream errors that are handled differently."""

    SESSION_EXPIRED = "SESSION_EXPIRED"
    PUNISHED = "PUNISHED"  # the account is banned
    NO_PERMISSION = "NO_PERMISSION"  # this account may not use the model; another one may
    NEEDS_CONFIRMATION = "NEEDS_CONFIRMATION"  # a user has to confirm something on the web page first
    OUT_OF_CREDIT = "OUT_OF_CREDIT"
    DAILY_LIMIT = "DAILY_LIMIT"
    RATE_LIMIT = "RATE_LIMIT"
    CONCURRENCY_LIMIT = "CONCURRENCY_LIMIT"  # too many concurrent tasks of this account
    RISK_CONTROL = "RISK_CONTROL"
    MODEL_RISK_CONTROL = "MODEL_RISK_CONTROL"  # risk control of the model only
    CONTENT_REJECTED = "CONTENT_REJECTED"
    INVALID_INPUT = "INVALID_INPUT"
    GENERATION_FAILED = "GENERATION_FAILED"  # failed after being accepted: one retry, then another account
    UPSTREAM_FAULT = "UPSTREAM_FAULT"  # busy, 5xx, network: nothing was accepted
    SUBMIT_LOST = "SUBMIT_LOST"  # a submit without a readable answer, and upstream has no such task
    UNKNOWN = "UNKNOWN"  # an unknown code: one try on another account, then the job fails


class UpstreamFaultError(Exception):
    """Upstream refused the call or could not be reached; the call certainly had no effect.

    message: a complete sentence for users. upstream_code: ret or fail_code as received. log_id: upstream's id of the
    call, for its support. is_about_model: upstream's words are about the model, not about the account.
    retry_after_seconds: how long upstream asks to wait; cut to half an hour.
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
        is_about_model: bool = False,
    ) -> None:
        super().__init__(f"{kind.value}: {message}")
        self.kind = kind
        self.code = code
        self.message = message
        self.upstream_code = upstream_code
        self.retry_after_seconds = (
            None if retry_after_seconds is None else min(MAX_RETRY_AFTER_SECONDS, retry_after_seconds)
        )
        self.log_id = log_id
        self.is_about_model = is_about_model


class SubmitUnknownError(Exception):
    """A submit without a readable response (time-out, reset, 5xx, no history id): upstream may have accepted it.

    fault: what the response said all the same, such as a status 503 and how long to wait; None: there was none.
    """

    def __init__(self, message: str, *, fault: UpstreamFaultError | None = None) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class Credential:
    """The credentials of one account. The session id is excluded from repr and logs."""

    account_id: int
    site: str
    session_id: str = field(repr=False)


@dataclass(frozen=True)
class ReferenceLimits:
    """How many references a model takes. max_film_seconds: of all films together."""

    max_pictures: int
    max_films: int
    max_total: int
    max_film_seconds: float


@dataclass(frozen=True)
class SiteLimit:
    """What a site can do less of a model than others. ratios: the only ones that it has."""

    site: str
    ratios: tuple[str, ...]


@dataclass(frozen=True)
class ModelInfo:
    """The capabilities of a model. resolutions, durations_seconds: allowed values, the default first; empty if the
    request has none. ratios: in display order, which need not start with the default. sizes: (width, height, ratio,
    resolution) in pixels, where they do not follow from ratios and lines such as 720p. counts: the numbers of pictures
    that one request can make, the default first; empty for clips. credits: estimate per task with the default values;
    None: unknown. references: None: it takes none. site_limits: of the sites that can do less than the rest.
    """

    name: str
    kind: str
    provider: str
    sites: tuple[str, ...]
    ratios: tuple[str, ...]
    resolutions: tuple[str, ...]
    durations_seconds: tuple[int, ...]
    max_input_images: int
    counts: tuple[int, ...] = ()
    credits: int | None = None
    site_limits: tuple[SiteLimit, ...] = ()
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
    takes_safety_check: bool = False
    sizes: tuple[tuple[int, int, str, str], ...] = ()
    references: ReferenceLimits | None = None

    @property
    def takes_references(self) -> bool:
        return self.references is not None

    def sites_for(self, ratio: str | None) -> tuple[str, ...]:
        """The sites that can generate this ratio; None: every site has its own for such a request."""
        lacking = {limit.site for limit in self.site_limits if ratio is not None and ratio not in limit.ratios}
        return tuple(site for site in self.sites if site not in lacking)


@dataclass(frozen=True)
class UploadedFile:
    """A picture or film at upstream, which only the account that uploaded it can use. uri: of a film its vid.

    width, height: in pixels, as upstream has it, and format its name of a picture's format; 0 and "": unknown.
    duration_ms: of a film.
    """

    uri: str
    width: int = 0
    height: int = 0
    format: str = ""
    duration_ms: int | None = None


@dataclass(frozen=True)
class OrderedReference:
    """A reference of an order. kind: IMAGE or VIDEO."""

    kind: str
    file: UploadedFile


@dataclass(frozen=True)
class GenerationOrder:
    """The parameters of a generation. inputs: upstream's URIs (from `upload`) of the input pictures, in order.

    For VIDEO the first input is the first frame and the second the last one. Only parameters that the model's
    ModelInfo allows are set. size: width x height in pixels, e.g. "1024x576". references: beside which there are no
    inputs; prompt_parts: then the prompt as texts and, where it refers to one of them, its place among the references.
    count: of pictures; None: the model's usual number.
    """

    kind: str
    model: str
    prompt: str
    negative_prompt: str = ""
    count: int | None = None
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
    references: tuple[OrderedReference, ...] = ()
    prompt_parts: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Accepted:
    """The result of an accepted submit. raw: the payload of the response."""

    history_id: str
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Charges:
    """What upstream's credit history tells of tasks, by submit id. spent: charged; refunded: given back."""

    spent: Mapping[str, int] = field(default_factory=dict)
    refunded: Mapping[str, int] = field(default_factory=dict)


class TaskPhase(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"  # ended with results; some or all of their links may still have to be asked for
    FAILED = "FAILED"


@dataclass(frozen=True)
class UpstreamTask:
    """The current state of a task, as reported by upstream.

    status, fail_code: upstream's own. fault: why it failed, if phase is FAILED. links: of the results available so far,
    best first. unlinked_ids, unlinked_uris: results that are named but have no link yet, for `best_links`.
    expected_count, finished_count: how many results were to be made, and were made, or None. progress: 0 to 1, or None.
    queue_position: tasks before this one in upstream's queue; 0: in progress; None: unknown. created_at, finished_at:
    Unix seconds by upstream's clock, or None.
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
    unlinked_ids: tuple[str, ...] = ()
    unlinked_uris: tuple[str, ...] = ()
    expected_count: int | None = None
    finished_count: int | None = None
    progress: float | None = None
    queue_position: int | None = None
    created_at: float | None = None
    finished_at: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class PooledProvider(Provider, Protocol):
    """Every method may raise UpstreamFaultError. A single request takes at most `call_timeout_seconds`."""

    call_timeout_seconds: float

    def models(self) -> Sequence[ModelInfo]: ...

    def credits_for(self, order: GenerationOrder) -> int | None:
        """The estimated price in credits; None: unknown."""

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        """Whether the session is valid. Cached for ten minutes; fresh: bypasses the cache."""

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        """The account's credits. Cached for 30 seconds; fresh: bypasses the cache."""

    async def receive_credits(self, credential: Credential) -> int:
        """Receives today's free credits; returns their number (0: none)."""

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        """Uploads an input picture, scaled down if it exceeds the limits."""

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        """Uploads a film as it is, for references."""

    async def charges(
        self, credential: Credential, submit_ids: Collection[str], *, since: float, with_refunds: bool
    ) -> Charges:
        """What these tasks were charged, by the account's credit history, which shows entries with a delay: tasks that
        it does not show are missing. Reads a few pages, back to `since` in Unix seconds. with_refunds: reads what was
        given back, too. A single try, since repeated requests may cause risk control.
        """

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        """Sends the draft once. UpstreamFaultError: refused, or certainly not sent. SubmitUnknownError: unknown."""

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        """The account's tasks by the given ids, with one request for each kind of id. Ids that upstream does not know,
        or not yet, are missing from the result. fresh: queries finished tasks again, for new links.
        """

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        """Links of the best quality for a finished task, e.g. the download of a clip; the task's own links if there are
        none or the query fails. Raises UpstreamFaultError if it fails and the task has no links of its own.
        """

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        """Requests cancellation of a task; returns whether upstream agreed. Does not raise for a refusal."""
