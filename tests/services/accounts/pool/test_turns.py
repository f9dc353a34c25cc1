"""Whose turn it is, on both databases: priorities that age, batches that share, limits and budgets that hold."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import Account
from models.alert_enums import AlertKind
from models.alerts import Alert
from models.batches import Batch
from models.database import execute, now_ms, now_ms_sql
from models.enums import AttemptState, BatchStatus, JobStatus, MediaKind, WorkflowStatus
from models.generation import Attempt
from models.ids import first_id_at
from models.jobs import Job
from models.workflows import Workflow
from services.film.workflows import pause_workflow, resume_workflow
from services.queries.waiting import waiting_reasons
from services.queue.priority import aged_rank, aged_rank_sql
from services.worker.scheduling import schedule
from tests.batch_factories import make_batch
from tests.changed_settings import change_settings
from tests.factories import OWNER, make_script, make_workflow
from tests.pool_factories import PICTURES, FakeUpstream, make_account, make_generation

pytestmark = pytest.mark.usefixtures("either_database", "upstream")
IMAGE = MediaKind.IMAGE


async def running_of(batch: Batch) -> int:
    return await Job.filter(batch_id=batch.id, status=JobStatus.RUNNING).count()


async def age(job: Job, seconds: float) -> None:
    await execute(
        f"UPDATE job SET waiting_since_ms = {now_ms_sql()} - ? WHERE id = ? RETURNING id", int(seconds * 1000), job.id
    )


async def test_a_pass_fills_batches_evenly() -> None:
    await make_account(max_concurrent=10)
    first, second = await make_batch(), await make_batch()
    for _ in range(20):
        await make_generation(batch_id=first.id)
    for _ in range(20):
        await make_generation(batch_id=second.id)
    assert (await schedule(IMAGE)).placed == 10
    assert (await running_of(first), await running_of(second)) == (5, 5)
    assert (await Batch.get(id=first.id)).status is BatchStatus.RUNNING


async def test_a_batch_with_fewer_in_flight_catches_up() -> None:
    account = await make_account(max_concurrent=4)
    first = await make_batch()
    for _ in range(8):
        await make_generation(batch_id=first.id)
    await schedule(IMAGE)
    second = await make_batch()
    for _ in range(8):
        await make_generation(batch_id=second.id)
    await Account.filter(id=account.id).update(max_concurrent=8)
    await schedule(IMAGE)
    assert (await running_of(first), await running_of(second)) == (4, 4)


async def test_waiting_raises_a_job_one_priority_after_the_ageing_time() -> None:
    await make_account(max_concurrent=1)
    low, normal = await make_generation(priority_rank=3), await make_generation(priority_rank=2)
    await age(low, 950)
    await schedule(IMAGE)
    assert (await Job.get(id=low.id)).status is JobStatus.RUNNING, "as urgent as the other now, and older"
    assert (await Job.get(id=normal.id)).status is JobStatus.PENDING


async def test_waiting_never_makes_a_job_urgent() -> None:
    await make_account(max_concurrent=1)
    old, urgent = await make_generation(priority_rank=1), await make_generation(priority_rank=0)
    await age(old, 1_000_000)
    await schedule(IMAGE)
    assert (await Job.get(id=urgent.id)).status is JobStatus.RUNNING


@pytest.mark.parametrize(
    ("rank", "seconds", "present"),
    [(0, 99_999, 0), (1, 99_999, 1), (2, 0, 2), (2, 890, 2), (2, 910, 1), (3, 910, 2), (3, 1_810, 1), (3, 99_999, 1)],
)
async def test_the_database_ages_jobs_as_the_rule_says(rank: int, seconds: float, present: int) -> None:
    job = await make_generation(priority_rank=rank)
    await age(job, seconds)
    rows = await execute(f"SELECT {aged_rank_sql()} AS present FROM job WHERE id = ?", job.id)
    assert rows[0]["present"] == present == aged_rank(rank, int(seconds * 1000), 900_000)


async def test_a_new_job_has_not_waited() -> None:
    job = await make_generation(priority_rank=3)
    assert job.waiting_since_ms is None
    rows = await execute(f"SELECT {aged_rank_sql()} AS present FROM job WHERE id = ?", job.id)
    assert rows[0]["present"] == 3


async def test_nothing_of_a_paused_batch_is_begun() -> None:
    await make_account()
    batch = await make_batch(status=BatchStatus.PAUSED, pause_reason="Somebody looks first.")
    held, other = await make_generation(batch_id=batch.id), await make_generation()
    assert (await schedule(IMAGE)).placed == 1
    assert (await Job.get(id=held.id)).status is JobStatus.PENDING
    assert (await Job.get(id=other.id)).status is JobStatus.RUNNING
    assert await waiting_reasons(OWNER, [held]) == ["The batch is paused. Somebody looks first."]


async def test_a_batch_that_is_paused_during_a_pass_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    await make_account()
    batch = await make_batch()
    await make_generation(batch_id=batch.id)
    from services.accounts.pool import scheduling

    real = scheduling.account_snapshots

    async def rosters(*arguments: Any, **named: Any) -> Any:
        await Batch.filter(id=batch.id).update(status=BatchStatus.PAUSED)
        return await real(*arguments, **named)

    monkeypatch.setattr(scheduling, "account_snapshots", rosters)
    assert (await schedule(IMAGE)).placed == 0
    assert await Attempt.all().count() == 0


async def test_pictures_of_a_paused_workflow_are_not_begun() -> None:
    await make_account()
    workflow = await make_workflow(status=WorkflowStatus.PAUSED)
    await make_generation(workflow_id=workflow.id)
    assert (await schedule(IMAGE)).placed == 0
    await Workflow.filter(id=workflow.id).update(status=WorkflowStatus.RUNNING)
    assert (await schedule(IMAGE)).placed == 1


async def test_a_batch_runs_no_more_at_once_than_it_may() -> None:
    await make_account(max_concurrent=10)
    batch = await make_batch(max_parallel=3)
    jobs = [await make_generation(batch_id=batch.id) for _ in range(6)]
    other = await make_generation()
    assert (await schedule(IMAGE)).placed == 4
    assert await running_of(batch) == 3
    assert (await Job.get(id=other.id)).status is JobStatus.RUNNING
    assert (await schedule(IMAGE)).placed == 0
    waiting = [job for job in jobs if (await Job.get(id=job.id)).status is JobStatus.PENDING]
    assert await waiting_reasons(OWNER, waiting[:1]) == ["The batch has reached its maximum of 3 running jobs."]


async def test_passes_that_race_keep_within_what_a_batch_may() -> None:
    for _ in range(5):
        await make_account(max_concurrent=4)
    parallel, poor = await make_batch(max_parallel=3), await make_batch(credit_budget=17)
    for _ in range(10):
        await make_generation(batch_id=parallel.id)
        await make_generation(batch_id=poor.id)
    for _ in range(3):
        await asyncio.gather(*(schedule(IMAGE) for _ in range(5)))
    assert (await running_of(parallel), await running_of(poor)) == (3, 4)


async def test_passes_that_race_keep_within_what_a_batch_may_that_has_begun_long_ago() -> None:
    for _ in range(5):
        await make_account(max_concurrent=4)
    batch = await make_batch(max_parallel=3, status=BatchStatus.RUNNING, started_at="2026-01-01T00:00:00Z")
    for _ in range(10):
        await make_generation(batch_id=batch.id)
    await asyncio.gather(*(schedule(IMAGE) for _ in range(5)))
    assert await running_of(batch) == 3


async def test_the_last_slots_are_kept_for_urgent_jobs() -> None:
    change_settings(urgent_slot_percent=20)
    await make_account(max_concurrent=5)
    await make_generation(priority_rank=0, status=JobStatus.SUCCEEDED)
    jobs = [await make_generation() for _ in range(8)]
    assert (await schedule(IMAGE)).placed == 4
    assert "reserved for URGENT" in str((await waiting_reasons(OWNER, jobs[-1:]))[0])
    await make_generation(priority_rank=0)
    await make_generation(priority_rank=0)
    assert (await schedule(IMAGE)).placed == 1
    assert (await schedule(IMAGE)).placed == 0


async def test_no_slot_is_kept_for_an_owner_who_has_not_used_urgent_lately() -> None:
    change_settings(urgent_slot_percent=20, urgent_lookback_hours=24)
    await make_account(max_concurrent=5)
    old = await make_generation(priority_rank=0, status=JobStatus.SUCCEEDED)
    long_ago = first_id_at(datetime.now(UTC) - timedelta(hours=25))
    await execute("UPDATE job SET id = ? WHERE id = ? RETURNING id", long_ago, old.id)
    await make_generation("somebody-else", priority_rank=0, status=JobStatus.SUCCEEDED)
    jobs = [await make_generation() for _ in range(8)]
    assert (await schedule(IMAGE)).placed == 5
    assert (await waiting_reasons(OWNER, jobs[-1:]))[0] == "Waiting for a free account slot."


async def test_a_budget_pauses_the_batch_before_it_is_passed() -> None:
    await make_account(max_concurrent=50)
    batch = await make_batch(credit_budget=19)
    for _ in range(50):
        await make_generation(batch_id=batch.id)
    other = await make_generation()
    assert (await schedule(IMAGE)).placed == 5, "four of the batch, and the single one"
    assert (await Batch.get(id=batch.id)).status is BatchStatus.RUNNING, "those four may still cost nothing"
    assert (await Job.get(id=other.id)).status is JobStatus.RUNNING
    await Attempt.all().update(credits_spent=4, state="ACCEPTED")
    assert (await schedule(IMAGE)).placed == 0
    paused = await Batch.get(id=batch.id)
    assert paused.status is BatchStatus.PAUSED
    assert "19 credits" in str(paused.pause_reason)
    (alert,) = await Alert.filter(kind=AlertKind.CREDIT_LOW, batch_id=batch.id)
    assert (alert.owner, alert.resolved_at) == (OWNER, None)
    assert await running_of(batch) == 4


@pytest.mark.parametrize(("budget", "placed"), [(3, 0), (8, 2), (40, 2)])
async def test_a_budget_that_is_changed_during_a_pass_is_the_one_that_counts(
    monkeypatch: pytest.MonkeyPatch, budget: int, placed: int
) -> None:
    await make_account(max_concurrent=5)
    batch = await make_batch(credit_budget=8, status=BatchStatus.RUNNING)
    for _ in range(3):
        await make_generation(batch_id=batch.id)
    change_budget_during_passes(monkeypatch, batch, budget)
    assert (await schedule(IMAGE)).placed == placed


async def test_a_batch_whose_budget_is_raised_during_a_pass_is_not_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    await make_account()
    batch = await make_batch(credit_budget=3, status=BatchStatus.RUNNING)
    await make_generation(batch_id=batch.id)
    change_budget_during_passes(monkeypatch, batch, 30)
    assert (await schedule(IMAGE)).placed == 0
    assert (await Batch.get(id=batch.id)).status is BatchStatus.RUNNING
    assert await Alert.all().count() == 0
    assert (await schedule(IMAGE)).placed == 1


def change_budget_during_passes(monkeypatch: pytest.MonkeyPatch, batch: Batch, budget: int) -> None:
    """After what waits was read, and before anything is written."""
    from services.accounts.pool import scheduling

    real = scheduling.backlog

    async def backlog(*arguments: Any) -> Any:
        found = await real(*arguments)
        await Batch.filter(id=batch.id).update(credit_budget=budget)
        return found

    monkeypatch.setattr(scheduling, "backlog", backlog)


async def test_a_refused_task_leaves_its_share_of_the_budget_to_the_next() -> None:
    await make_account(max_concurrent=50)
    batch = await make_batch(credit_budget=8)
    jobs = [await make_generation(batch_id=batch.id) for _ in range(4)]
    assert (await schedule(IMAGE)).placed == 2
    await Attempt.filter(job_id=jobs[0].id).update(state="ENDED", released_at_ms=1)
    await Job.filter(id=jobs[0].id).update(status=JobStatus.FAILED)
    assert (await schedule(IMAGE)).placed == 1
    assert (await schedule(IMAGE)).placed == 0


async def test_a_batch_of_unknown_price_goes_on_one_by_one_and_holds_up_nobody(upstream: FakeUpstream) -> None:
    upstream.price = None
    await make_account(max_concurrent=50)
    batch = await make_batch(credit_budget=100)
    for _ in range(5):
        await make_generation(batch_id=batch.id)
    other = await make_generation()
    assert (await schedule(IMAGE)).placed == 2, "one of the batch, and the single one"
    assert (await Job.get(id=other.id)).status is JobStatus.RUNNING
    assert (await schedule(IMAGE)).placed == 0
    await Attempt.all().update(credits_spent=30, state="ACCEPTED")
    assert (await schedule(IMAGE)).placed == 1
    assert (await Batch.get(id=batch.id)).status is BatchStatus.RUNNING


async def test_a_workflows_budget_pauses_the_workflow() -> None:
    await make_account(max_concurrent=50)
    workflow = await make_workflow(status=WorkflowStatus.RUNNING)
    await make_script(workflow_id=workflow.id)
    await Workflow.filter(id=workflow.id).update(options={**workflow.options, "credit_budget": 3})
    await make_generation(workflow_id=workflow.id)
    assert (await schedule(IMAGE)).placed == 0
    paused = await Workflow.get(id=workflow.id)
    assert paused.status is WorkflowStatus.PAUSED
    assert "3 credits" in str(paused.pause_reason)
    (alert,) = await Alert.filter(kind=AlertKind.CREDIT_LOW, workflow_id=workflow.id)
    await resume_workflow(OWNER, workflow.id, credit_budget=4)
    assert (await schedule(IMAGE)).placed == 1
    resumed = await Workflow.get(id=workflow.id)
    assert (resumed.status, resumed.pause_reason) == (WorkflowStatus.RUNNING, None)
    assert (await Alert.get(id=alert.id)).resolved_at is not None


async def test_the_time_in_a_paused_workflow_is_no_waiting() -> None:
    workflow = await make_workflow(status=WorkflowStatus.RUNNING)
    await make_script(workflow_id=workflow.id)
    waiting, elsewhere = await make_generation(workflow_id=workflow.id), await make_generation()
    await pause_workflow(OWNER, workflow.id)
    await Job.all().update(waiting_since_ms=1)
    before = await now_ms()
    await resume_workflow(OWNER, workflow.id)
    assert (await Job.get(id=waiting.id)).waiting_since_ms >= before
    assert (await Job.get(id=elsewhere.id)).waiting_since_ms == 1


async def test_jobs_from_before_their_wants_had_a_key_are_placed_too() -> None:
    await make_account(max_concurrent=5)
    for _ in range(3):
        await make_generation(demand_key=None)
    assert (await schedule(IMAGE)).placed == 3


async def test_a_pool_that_can_take_nothing_raises_one_alert_that_ends_with_its_cause() -> None:
    account = await make_account(status="BANNED", status_reason="Punished.")
    await make_generation()
    await schedule(IMAGE)
    await schedule(IMAGE)
    (alert,) = await Alert.filter(kind=AlertKind.POOL_EXHAUSTED)
    assert "BANNED" in alert.message
    await Account.filter(id=account.id).update(status="ACTIVE")
    await schedule(IMAGE)
    assert (await Alert.get(id=alert.id)).resolved_at is not None


async def test_a_job_that_waits_for_another_account_does_not_keep_those_behind_it_from_a_free_one() -> None:
    """However few jobs of a line are read: here one, since one slot is free."""
    failed, other = await make_account(max_concurrent=1), await make_account(max_concurrent=1)
    first = await make_generation()
    await fail_on(failed, first)
    await hold_slot(other)
    behind = await make_generation()
    assert (await schedule(IMAGE)).placed == 1
    assert (await Job.get(id=behind.id)).status is JobStatus.RUNNING
    assert [attempt.account_id for attempt in await Attempt.filter(job_id=behind.id)] == [failed.id]
    assert (await Job.get(id=first.id)).status is JobStatus.PENDING


async def fail_on(account: Account, job: Job) -> None:
    """As if the job had been sent to the account, and upstream had refused it."""
    await Job.filter(id=job.id).update(tries=1)
    await Attempt.create(**attempt_values(account, job), state=AttemptState.ENDED, sends=1, released_at_ms=1)


async def hold_slot(account: Account) -> None:
    busy = await make_generation(status=JobStatus.RUNNING)
    await Attempt.create(**attempt_values(account, busy), state=AttemptState.ACCEPTED)


def attempt_values(account: Account, job: Job) -> dict[str, Any]:
    return {
        "owner": job.owner,
        "job_id": job.id,
        "number": 1,
        "account_id": account.id,
        "provider": "fake",
        "kind": IMAGE,
        "model": PICTURES.name,
        "submit_id": f"submit-{job.id}",
    }
