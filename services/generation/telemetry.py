"""What metrics and traces are told of attempts. None of it changes anything."""

import contextlib
from collections.abc import AsyncIterator

from models.database import now_ms
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import UpstreamFaultError
from services.platform.metrics.recording import record_upstream_refusal
from services.platform.tracing import is_tracing, job_span, record_past

TASK = "task"
"What refusals of tasks that upstream had taken are counted under, beside those of its calls."


@contextlib.asynccontextmanager
async def attempt_span(name: str, attempt: Attempt) -> AsyncIterator[None]:
    """A step of an attempt, in the trace of the request that wanted the generation. Costs nothing where none is on."""
    parent = await _trace_parent(attempt) if is_tracing() else None
    with job_span(name, parent, attempt=attempt.global_id, provider=attempt.provider, model=attempt.model):
        yield


async def record_task_done(attempt: Attempt, done_at_ms: int) -> None:
    """Upstream has made it: the time that this took, as a span of its own."""
    if is_tracing():
        began_ms = attempt.accepted_at_ms or done_at_ms
        parent = await _trace_parent(attempt)
        record_past("generation upstream", parent, began_ms, done_at_ms, attempt=attempt.global_id, outcome="done")


async def record_task_failed(attempt: Attempt, fault: UpstreamFaultError) -> None:
    """Upstream had taken it and then gave it up. Refused calls are counted where they are made."""
    site = attempt.site.value if attempt.site is not None else ""
    record_upstream_refusal(attempt.provider, site, TASK, fault.kind.value, fault.upstream_code)
    if is_tracing():
        ended_ms = await now_ms()
        began_ms = attempt.accepted_at_ms or ended_ms
        parent = await _trace_parent(attempt)
        record_past(
            "generation upstream", parent, began_ms, ended_ms, attempt=attempt.global_id, outcome=fault.kind.value
        )


async def _trace_parent(attempt: Attempt) -> str | None:
    parents = await Job.filter(id=attempt.job_id).values_list("trace_parent", flat=True)
    return str(parents[0]) if parents and parents[0] is not None else None
