"""Tasks that upstream's answers lack: their slots, the alert, and the result that comes all the same."""

from typing import Any

import pytest

from errors import NotFoundError
from models.accounts import AccountCooldown
from models.alert_enums import AlertKind
from models.alerts import Alert
from models.database import now_ms
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind, SubmitUnknownError
from services.accounts.removing import reset_accounts
from services.film.jobs import cancel_job
from services.generation.stopping import release_slots
from services.worker.scheduling import schedule
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, fault, make_account, make_due, make_generation
from tests.services.generation.stepping import newest, poll_all, submit_all, submitted

pytestmark = pytest.mark.usefixtures("either_database")


async def missing(upstream: FakeUpstream, seconds: float, **values: Any) -> tuple[Job, Attempt]:
    """An accepted task that upstream's answers have lacked for so long, and one more answer without it."""
    job, attempt = await submitted(**values)
    upstream.hidden.add(str(attempt.history_id))
    since_ms = await now_ms() - int(seconds * 1000)
    await Attempt.filter(id=attempt.id).update(missing_since_ms=since_ms)
    await make_due()
    await poll_all()
    return await newest(job)


async def test_a_task_that_upstream_forgets_frees_its_slot_with_an_alert(upstream: FakeUpstream) -> None:
    account = await make_account(max_concurrent=1)
    job, attempt = await missing(upstream, 601)
    assert (job.status, attempt.state) == (JobStatus.RUNNING, AttemptState.ACCEPTED)
    assert attempt.released_at_ms is not None
    assert "lacked the task for 10 minutes" in job.message
    alert = await Alert.get(kind=AlertKind.TASK_MISSING)
    assert (alert.account_id, alert.job_id, alert.resolved_at) == (account.id, job.id, None)
    assert job.global_id in alert.message
    await make_generation()
    assert (await schedule(MediaKind.IMAGE)).placed == 1


async def test_a_task_that_is_missing_for_less_keeps_its_slot(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=1)
    _, attempt = await missing(upstream, 500)
    assert attempt.released_at_ms is None
    assert await Alert.all().count() == 0


async def test_queries_that_fail_are_no_absence(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    upstream.query_fault = fault(FaultKind.UPSTREAM_FAULT)
    change_settings(missing_task_seconds=0.0)
    await make_due()
    await poll_all()
    _, attempt = await newest(job)
    assert (attempt.missing_since_ms, attempt.released_at_ms) == (None, None)


async def test_a_missing_task_that_comes_back_takes_its_slot_again_and_its_alert_is_closed(
    upstream: FakeUpstream,
) -> None:
    await make_account(max_concurrent=1)
    job, _ = await missing(upstream, 601)
    upstream.hidden.clear()
    await make_due()
    await poll_all()
    _, attempt = await newest(job)
    assert (attempt.missing_since_ms, attempt.released_at_ms) == (None, None)
    assert (await Alert.get(kind=AlertKind.TASK_MISSING)).resolved_at is not None
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING
    assert len(upstream.submits) == 1


async def test_canceling_a_missing_task_frees_its_slot_at_once(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=1)
    job, _ = await missing(upstream, 30)
    await cancel_job(OWNER, job.id)
    _, attempt = await newest(job)
    assert (attempt.is_draining, attempt.released_at_ms is not None) == (True, True)
    await make_generation()
    assert (await schedule(MediaKind.IMAGE)).placed == 1
    await make_due()
    await poll_all()
    _, attempt = await newest(job)
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, AttemptOutcome.CANCELED)


async def test_resetting_the_account_frees_the_slots_of_missing_tasks_alone(upstream: FakeUpstream) -> None:
    account = await make_account(max_concurrent=5)
    other, _ = await submitted()
    job, _ = await missing(upstream, 1)
    await reset_accounts(OWNER, [account.id])
    assert (await newest(job))[1].released_at_ms is not None
    assert (await newest(other))[1].released_at_ms is None


async def test_a_person_frees_the_slot_of_any_task_and_its_result_is_still_stored(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=1)
    job, _ = await submitted()
    for _ in range(2):
        assert (await release_slots(OWNER, job.id)).status is JobStatus.RUNNING
    assert (await newest(job))[1].released_at_ms is not None
    await make_due()
    await poll_all()
    assert (await newest(job))[1].released_at_ms is not None
    with pytest.raises(NotFoundError):
        await release_slots("somebody else", job.id)
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING


@pytest.mark.parametrize("is_found", [True, False])
async def test_a_slot_that_was_freed_while_a_submit_was_unknown_is_held_again_by_its_task(
    upstream: FakeUpstream, is_found: bool
) -> None:
    """is_found: upstream shows the task after all; else the draft is sent again."""
    account = await make_account(max_concurrent=1)
    change_settings(unknown_submit_seconds=0.0)
    if is_found:
        upstream.loses_answers = True
    else:
        upstream.says = [SubmitUnknownError("Reset.")]
    job, attempt = await submitted(AccountStrategy(auto_switch_on_failure=False))
    await Attempt.filter(id=attempt.id).update(missing_since_ms=await now_ms() - 1_000, last_sent_at_ms=1)
    await reset_accounts(OWNER, [account.id])
    assert (await Attempt.get(id=attempt.id)).released_at_ms is not None
    await make_due()
    await poll_all()
    upstream.loses_answers = False
    await AccountCooldown.all().update(until_ms=1)
    await make_due()
    await submit_all()
    _, attempt = await newest(job)
    assert (attempt.state, attempt.released_at_ms) == (AttemptState.ACCEPTED, None)
    assert len(upstream.submits) == 1
    await make_generation()
    assert (await schedule(MediaKind.IMAGE)).placed == 0
