"""Recording what happens: each function costs microseconds and never raises, whatever it is given.

What is told about rows is told after the transaction has committed (models.database.after_commit): it may be undone.
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

LAG_LOOK_SECONDS = 1.0


def metrics() -> Metrics:
    """This process's metrics."""
    return runtime().metrics


def _never_raising(record: Callable[P, None]) -> Callable[P, None]:
    @functools.wraps(record)
    def guarded(*values: P.args, **named: P.kwargs) -> None:
        try:
            record(*values, **named)
        except Exception:
            log.exception("metrics.not_recorded", record=record.__name__)

    return guarded


# ---------------------------------------------------------------- jobs


@_never_raising
def record_jobs_ended(jobs: Sequence[Job]) -> None:
    """Jobs as they ended, read after their end."""
    for job in jobs:
        error = (job.error or {}).get("code") if job.status is JobStatus.FAILED else None
        record_job_ended(job, job.status, error)


@_never_raising
def record_job_ended(job: Job, status: JobStatus, error: str | None = None) -> None:
    """A job's end. The job may have been read before it; it has no times in a later run, whose beginning it lacks."""
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
    """kind: a FaultKind's name, or UNANSWERED. code: upstream's own, where it gave one."""
    shown = metrics().upstream_codes.label(code) if code else ""
    metrics().upstream_refusals.labels(provider, site, operation, kind, shown).inc()


@_never_raising
def record_credits_spent(provider: str, model: str, credits: int) -> None:
    if credits > 0:
        metrics().credits_spent.labels(provider, model).inc(credits)


@_never_raising
def record_actor_started(actor: str, queue: str) -> None:
    """An actor begins to run. From any thread."""
    metrics().actors_running.labels(actor, queue).inc()


@_never_raising
def record_actor_ended(actor: str, queue: str, seconds: float) -> None:
    """It has ended after so many seconds. From any thread."""
    metrics().actors_running.labels(actor, queue).dec()
    metrics().actor_runs.labels(actor, queue).observe(seconds)


@_never_raising
def record_scheduling(kind: str, seconds: float, placed: int) -> None:
    metrics().scheduling.labels(kind).observe(seconds)
    metrics().placed.labels(kind).inc(placed)


# ---------------------------------------------------------------- the API


@_never_raising
def record_operation(name: str, kind: str, seconds: float | None, codes: Sequence[str] = ()) -> None:
    """name: as `operation_label` gives it. seconds: None where the length says nothing (subscriptions)."""
    metrics().operations.labels(name, kind).inc()
    if seconds is not None:
        metrics().operation_time.labels(name, kind).observe(seconds)
    for code in codes:
        metrics().operation_errors.labels(name, kind, code).inc()


def operation_label(name: str | None) -> str:
    """An operation's name as a label: `anonymous` without one, `other` beyond the first 200 different ones."""
    return metrics().operation_names.label(name)


@_never_raising
def record_refused_request(code: str) -> None:
    metrics().refused_requests.labels(code).inc()


@_never_raising
def record_subscriptions(name: str, change: int) -> None:
    """change: 1 where one is opened, -1 where one has ended."""
    metrics().subscriptions.labels(name).inc(change)


@_never_raising
def record_websockets(change: int) -> None:
    metrics().websockets.inc(change)


@_never_raising
def record_owner(owner: str) -> None:
    """That somebody has asked for something now."""
    metrics().owners.note(owner)


# ---------------------------------------------------------------- callbacks, audit, process


@_never_raising
def record_callback(event: str, outcome: str) -> None:
    """A try of a callback. event: as its body has it. outcome: what came of it, a word of `callbacks.claims`."""
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
    """Looks each second how late the running event loop is, for as long as it is held."""

    async def look() -> None:
        while True:
            asked_at = time.perf_counter()
            await asyncio.sleep(LAG_LOOK_SECONDS)
            record_loop_lag(time.perf_counter() - asked_at - LAG_LOOK_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
