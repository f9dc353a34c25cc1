"""What is recorded of jobs, upstream's answers and the database: after the commit, and never at its cost."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tortoise.exceptions import OperationalError

from errors import ConflictError, JobErrorCode
from models.database import execute, transaction
from models.enums import ArtifactKind, AttemptState, JobStatus, MediaKind
from models.job_errors import JobError
from models.jobs import Job
from providers.pooled import Credential, FaultKind, SubmitUnknownError
from services.film.workflow.planning import end_stage_job
from services.generation.attempts import claim_steps
from services.generation.outcomes import fail_generation
from services.generation.polling import claim_accounts, poll_step
from services.generation.submitting import submit_step
from services.platform.metrics.recording import (
    metrics,
    record_callback,
    record_credits_spent,
    record_job_ended,
    record_operation,
    record_upstream_call,
    watching_event_loop,
)
from services.platform.metrics.upstream import MeasuredPool
from services.platform.runtime import Runtime
from services.queue.leases import claim
from services.queue.outcomes import cancel_build_jobs, fail_build, succeed_build
from services.stores.jobs.which import Jobs
from services.worker.scheduling import schedule
from tests.factories import make_build, make_job
from tests.metric_values import value
from tests.pool_factories import FakeUpstream, fault, make_account, make_due, make_generation, upstream

__all__ = ["upstream"]

CREDENTIAL = Credential(1, "CN", "a session")


# ---------------------------------------------------------------- jobs


async def test_an_end_is_counted_once_it_is_committed(either_database: str) -> None:
    job = await make_generation(status=JobStatus.RUNNING)
    counted: list[float] = []

    async def body() -> None:
        await fail_generation(job, JobError(JobErrorCode.CONTENT_REJECTED, "no", is_retryable=False))
        counted.append(value("ekonte_jobs_ended_total", type=job.type.value, state="FAILED", error="CONTENT_REJECTED"))

    await transaction(body)
    counted.append(value("ekonte_jobs_ended_total", type=job.type.value, state="FAILED", error="CONTENT_REJECTED"))
    assert counted == [0, 1]


async def test_an_end_that_was_undone_is_not_counted(database: None) -> None:
    job = await make_generation(status=JobStatus.RUNNING)

    async def body() -> None:
        await fail_generation(job, JobError(JobErrorCode.TIMEOUT, "late", is_retryable=True))
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        await transaction(body)
    assert value("ekonte_jobs_ended_total", type=job.type.value, state="FAILED", error="TIMEOUT") == 0


async def test_builds_and_stages_are_counted_however_they_end(database: None) -> None:
    stage = await make_job(status=JobStatus.RUNNING)
    builds = [await make_build(stage, ArtifactKind.PICTURE, number) for number in range(4)]
    queue = builds[0].queue
    await execute("UPDATE job SET due_at_ms = 1 WHERE role = 'BUILD' RETURNING id")
    for _ in range(2):
        claimed = await claim(queue, "worker", 30)
        assert claimed is not None
        if claimed[0].id == builds[0].id:
            await transaction(lambda c=claimed: succeed_build(*c))  # type: ignore[misc]
        else:
            await fail_build(*claimed, JobErrorCode.API_ERROR, "no", retry=False)
    await transaction(lambda: cancel_build_jobs(Jobs(parent_id=stage.id)))
    await transaction(lambda: end_stage_job(stage, JobStatus.SUCCEEDED, None))
    await transaction(lambda: end_stage_job(stage, JobStatus.SUCCEEDED, None))  # twice: it has ended

    def ended(state: str, error: str = "") -> float:
        return value("ekonte_jobs_ended_total", type=stage.type.value, state=state, error=error)

    assert (ended("SUCCEEDED"), ended("FAILED", "API_ERROR"), ended("CANCELED")) == (2, 1, 2)


async def test_waiting_and_running_are_timed_in_the_first_run(database: None) -> None:
    began = datetime.now(UTC)
    job = Job(
        owner="mira",
        type="STORYBOARD",
        created_at=began - timedelta(seconds=40),
        started_at=began,
        finished_at=began + timedelta(seconds=7),
    )
    record_job_ended(job, JobStatus.SUCCEEDED)
    job.retry_count = 1  # when this run began is not known
    record_job_ended(job, JobStatus.SUCCEEDED)
    assert value("ekonte_job_wait_seconds_sum", type="STORYBOARD") == pytest.approx(40)
    assert value("ekonte_job_run_seconds_sum", type="STORYBOARD") == pytest.approx(7)
    assert value("ekonte_job_run_seconds_count", type="STORYBOARD") == 1
    assert value("ekonte_jobs_ended_total", type="STORYBOARD", state="SUCCEEDED", error="") == 2


# ---------------------------------------------------------------- upstream


async def test_a_generation_leaves_calls_credits_and_what_was_placed(database: None, upstream: FakeUpstream) -> None:
    await make_account()
    await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 5, 30):
        await submit_step(step)
    assert value("ekonte_upstream_call_seconds_count", provider="fake", site="CN", operation="submit") == 1
    assert value("ekonte_credits_spent_total", provider="fake", model="fake-picture") == 4
    await make_due()
    for found in await claim_accounts(5):
        await poll_step(found)
    assert value("ekonte_upstream_call_seconds_count", provider="fake", site="CN", operation="query") == 1


async def test_refusals_of_calls_and_of_tasks_are_counted_separately(database: None, upstream: FakeUpstream) -> None:
    await make_account()
    await make_generation()
    upstream.says = [fault(FaultKind.RATE_LIMIT, upstream_code="1015")]
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 5, 30):
        await submit_step(step)
    labels = {"provider": "fake", "site": "CN"}
    refusals = "ekonte_upstream_refusals_total"
    assert value(refusals, **labels, operation="submit", kind="RATE_LIMIT", code="1015") == 1
    assert value("ekonte_credits_spent_total", provider="fake", model="fake-picture") == 0


async def test_a_task_that_upstream_gives_up_is_counted(database: None, upstream: FakeUpstream) -> None:
    from providers.pooled import TaskPhase

    await make_account()
    await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 5, 30):
        await submit_step(step)
    upstream.finish(TaskPhase.FAILED, fault(FaultKind.CONTENT_REJECTED, upstream_code="2038"))
    await make_due()
    for found in await claim_accounts(5):
        await poll_step(found)
    labels = {"provider": "fake", "site": "CN", "operation": "task", "kind": "CONTENT_REJECTED", "code": "2038"}
    assert value("ekonte_upstream_refusals_total", **labels) == 1


async def test_a_call_that_nobody_answers_is_counted(upstream: FakeUpstream) -> None:
    upstream.loses_answers = True
    pool = MeasuredPool(upstream)
    with pytest.raises(SubmitUnknownError):
        await pool.submit(CREDENTIAL, order(), "1")
    labels = {"provider": "fake", "site": "CN", "operation": "submit"}
    assert value("ekonte_upstream_refusals_total", **labels, kind="UNANSWERED", code="") == 1
    assert value("ekonte_upstream_call_seconds_count", **labels) == 1


@pytest.mark.parametrize(("deadline_seconds", "counted"), [(0.0, 1), (60.0, 0)])
async def test_a_call_that_is_cut_off_counts_when_it_had_its_time(
    upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch, deadline_seconds: float, counted: int
) -> None:
    async def hang(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(upstream, "query", hang, raising=False)
    upstream.call_timeout_seconds = deadline_seconds
    task = asyncio.create_task(MeasuredPool(upstream).query(CREDENTIAL, "IMAGE", history_ids=["1"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    labels = {"provider": "fake", "site": "CN", "operation": "query"}
    assert value("ekonte_upstream_refusals_total", **labels, kind="UNANSWERED", code="") == counted
    assert value("ekonte_upstream_call_seconds_count", **labels) == counted


async def test_a_measured_pool_is_the_pool(upstream: FakeUpstream) -> None:
    from pathlib import Path

    from providers.pooled import PooledProvider

    pool = MeasuredPool(upstream)
    assert isinstance(pool, PooledProvider)
    assert (pool.name, pool.call_timeout_seconds, pool.models()) == ("fake", 2.0, upstream.models())
    assert await pool.reachable() is None
    assert await pool.is_alive(CREDENTIAL)
    assert await pool.credit_balance(CREDENTIAL) == 100
    assert await pool.receive_credits(CREDENTIAL) == 60
    assert (await pool.upload(CREDENTIAL, Path("x.png"))).uri == "uri-1"
    assert pool.credits_for(order()) == 4
    taken = await pool.submit(CREDENTIAL, order(), "1")
    tasks = await pool.query(CREDENTIAL, "IMAGE", history_ids=[taken.history_id])
    assert await pool.best_links(CREDENTIAL, tasks[taken.history_id]) == ()
    assert await pool.cancel(CREDENTIAL, "IMAGE", taken.history_id)


def order() -> Any:
    from providers.pooled import GenerationOrder

    return GenerationOrder(kind="IMAGE", model="fake-picture", prompt="a street")


# ---------------------------------------------------------------- the rest


async def test_database_errors_are_counted_by_what_they_are(database: None) -> None:
    with pytest.raises(OperationalError):
        await execute("SELECT nothing FROM nowhere")

    async def body() -> None:
        await execute("SELECT nothing FROM nowhere")

    with pytest.raises(OperationalError):
        await transaction(body)
    assert value("ekonte_database_errors_total", kind="other") == 2

    async def refuse() -> None:
        raise ConflictError("That is no fault of the database.")

    with pytest.raises(ConflictError):
        await transaction(refuse)
    assert value("ekonte_database_errors_total", kind="other") == 2


async def test_the_event_loops_lag_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.platform.metrics.recording.LAG_SAMPLE_SECONDS", 0.001)
    async with asyncio.timeout(60), watching_event_loop():
        while not value("ekonte_event_loop_lag_seconds_count"):
            await asyncio.sleep(0.005)


def test_callbacks_are_counted_by_what_came_of_them() -> None:
    record_callback("batch_completed", "delivered")
    assert value("ekonte_callbacks_total", event="batch_completed", outcome="delivered") == 1


def test_recording_never_raises(own_runtime: Runtime) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("broken")

    own_runtime.metrics = Broken()  # type: ignore[assignment]
    with capture_logs() as lines:
        record_operation("a", "query", 0.1, ["X"])
        record_upstream_call("fake", "CN", "submit", 1.0)
        record_credits_spent("fake", "m", 4)
        record_callback("x", "delivered")
    assert [line["event"] for line in lines] == ["metrics.record_failed"] * 4


def test_the_process_has_one_set_of_metrics(own_runtime: Runtime) -> None:
    assert metrics() is own_runtime.metrics
    assert metrics() is metrics()
