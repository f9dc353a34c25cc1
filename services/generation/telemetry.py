"""Metrics and trace spans of attempts. Writes no rows."""

import contextlib
from collections.abc import AsyncIterator

from models.database import now_ms
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import UpstreamFaultError
from services.platform.metrics.recording import record_upstream_refusal
from services.platform.tracing import is_tracing, job_span, record_past

TASK = "task"
"The metric label for failures of accepted tasks; failed calls have the call's name."


@contextlib.asynccontextmanager
async def attempt_span(name: str, attempt: Attempt) -> AsyncIterator[None]:
    """A span for a step of an attempt, in the trace of the request for the generation. Reads nothing if
    tracing is off.
    """
    parent = await _trace_parent(attempt) if is_tracing() else None
    with job_span(name, parent, attempt=attempt.global_id, provider=attempt.provider, model=attempt.model):
        yield


async def record_task_done(attempt: Attempt, done_at_ms: int) -> None:
    """Records a finished task as a span from the provider's acceptance to its end."""
    if is_tracing():
        started_ms = attempt.accepted_at_ms or done_at_ms
        parent = await _trace_parent(attempt)
        record_past("generation upstream", parent, started_ms, done_at_ms, attempt=attempt.global_id, outcome="done")


async def record_task_failed(attempt: Attempt, fault: UpstreamFaultError) -> None:
    """Counts and traces an accepted task that failed. Failed calls are counted by their callers."""
    site = attempt.site.value if attempt.site is not None else ""
    record_upstream_refusal(attempt.provider, site, TASK, fault.kind.value, fault.upstream_code)
    if is_tracing():
        ended_ms = await now_ms()
        started_ms = attempt.accepted_at_ms or ended_ms
        parent = await _trace_parent(attempt)
        record_past(
            "generation upstream", parent, started_ms, ended_ms, attempt=attempt.global_id, outcome=fault.kind.value
        )


async def _trace_parent(attempt: Attempt) -> str | None:
    parents = await Job.filter(id=attempt.job_id).values_list("trace_parent", flat=True)
    return str(parents[0]) if parents and parents[0] is not None else None
