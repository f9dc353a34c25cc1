"""Records metrics: each function takes microseconds and never raises, whatever its arguments.

Changes to rows are recorded after the transaction has committed (models.database.after_commit), because it may be
rolled back.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import ParamSpec

import structlog

from errors import JobErrorCode
from models.database import error_kind
from models.enums import JobStatus
from models.jobs import Job
from services.platform.metrics.definitions import Metrics
from services.platform.runtime import runtime

log = structlog.get_logger(__name__)

P = ParamSpec("P")

LAG_SAMPLE_SECONDS = 1.0


def metrics() -> Metrics:
    """This process's metrics."""
    return runtime().metrics


def _never_raising(record: Callable[P, None]) -> Callable[P, None]:
    @functools.wraps(record)
    def guarded(*values: P.args, **named: P.kwargs) -> None:
        try:
            record(*values, **named)
        except Exception:
            log.exception("metrics.record_failed", record=record.__name__)

    return guarded


# ---------------------------------------------------------------- jobs


@_never_raising
def record_jobs_ended(jobs: Sequence[Job]) -> None:
    """jobs: as they were read after their end."""
    for job in jobs:
        error = (job.error or {}).get("code") if job.status is JobStatus.FAILED else None
        record_job_ended(job, job.status, error)


@_never_raising
def record_job_ended(job: Job, status: JobStatus, error: str | None = None) -> None:
    """Records a job's end; the job may have been read before it. Later runs record no durations, because the start of
    a later run is not stored.
    """
    if error and error not in JobErrorCode.__members__:
        error = JobErrorCode.INTERNAL.value
    metrics().jobs_ended.labels(job.type.value, status.value, error or "").inc()
    if job.started_at is None or job.retry_count:
        return
    waited = (job.started_at - job.created_at).total_seconds()
    ran = ((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds()
    metrics().job_wait.labels(job.type.value).observe(max(0.0, waited))
    metrics().job_run.labels(job.type.value).observe(max(0.0, ran))


@_never_raising
def record_builds_canceled(types: Sequence[str]) -> None:
    for name in types:
        metrics().jobs_ended.labels(name, JobStatus.CANCELED.value, "").inc()


# ---------------------------------------------------------------- upstream


@_never_raising
def record_upstream_call(provider: str, site: str, operation: str, seconds: float) -> None:
    metrics().upstream_calls.labels(provider, site, operation).observe(seconds)


@_never_raising
def record_upstream_refusal(provider: str, site: str, operation: str, kind: str, code: str | None) -> None:
    """kind: the name of a FaultKind, or UNANSWERED. code: upstream's own, if it sent one."""
    shown = metrics().upstream_codes.label(code) if code else ""
    metrics().upstream_refusals.labels(provider, site, operation, kind, shown).inc()


@_never_raising
def record_credits_spent(provider: str, model: str, credits: int) -> None:
    """Counts credits that are known to be spent; negative ones were given back, or were not charged after all."""
    if credits > 0:
        metrics().credits_spent.labels(provider, model).inc(credits)
    elif credits < 0:
        metrics().credits_returned.labels(provider, model).inc(-credits)


@_never_raising
def record_scheduling(kind: str, seconds: float, placed: int) -> None:
    metrics().scheduling.labels(kind).observe(seconds)
    metrics().placed.labels(kind).inc(placed)


# ---------------------------------------------------------------- the API


@_never_raising
def record_operation(name: str, kind: str, seconds: float | None, codes: Sequence[str] = ()) -> None:
    """name: from `operation_label`. seconds: None if the duration has no meaning (subscriptions)."""
    metrics().operations.labels(name, kind).inc()
    if seconds is not None:
        metrics().operation_time.labels(name, kind).observe(seconds)
    for code in codes:
        metrics().operation_errors.labels(name, kind, code).inc()


def operation_label(name: str | None) -> str:
    """Returns an operation's name as a label: `anonymous` without a name, `other` beyond the first 200 names."""
    return metrics().operation_names.label(name)


@_never_raising
def record_refused_request(code: str) -> None:
    metrics().refused_requests.labels(code).inc()


@_never_raising
def record_subscriptions(name: str, change: int) -> None:
    """change: 1 when one is opened, -1 when one has ended."""
    metrics().subscriptions.labels(name).inc(change)


@_never_raising
def record_websockets(change: int) -> None:
    metrics().websockets.inc(change)


@_never_raising
def record_owner(owner: str) -> None:
    """Records that the owner sent a request now."""
    metrics().owners.record(owner)


# ---------------------------------------------------------------- callbacks, audit, process


@_never_raising
def record_callback(event: str, outcome: str) -> None:
    """Records a try of a callback. event: as in its body. outcome: one of the words of `callbacks.claims`."""
    metrics().callbacks.labels(event, outcome).inc()


@_never_raising
def record_audit_lost() -> None:
    metrics().audit_lost.inc()


@_never_raising
def record_database_error(error: BaseException) -> None:
    kind = error_kind(error)
    if kind is not None:
        metrics().database_errors.labels(kind).inc()


@_never_raising
def record_loop_lag(seconds: float) -> None:
    metrics().loop_lag.observe(max(0.0, seconds))


@contextlib.asynccontextmanager
async def watching_event_loop() -> AsyncIterator[None]:
    """Samples the delay of the running event loop each second while the context is open."""

    async def sample() -> None:
        while True:
            started_at = time.perf_counter()
            await asyncio.sleep(LAG_SAMPLE_SECONDS)
            record_loop_lag(time.perf_counter() - started_at - LAG_SAMPLE_SECONDS)

    task = asyncio.create_task(sample())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
