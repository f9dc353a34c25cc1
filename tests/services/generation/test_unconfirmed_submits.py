"""Submits of which it is not known whether upstream took them: looked up, given up, and never paid twice."""

import pytest

from models.accounts import Account, AccountCooldown
from models.database import now_ms
from models.enums import (
    AttemptOutcome,
    AttemptState,
    JobStatus,
    MediaKind,
)
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind, SubmitUnknownError
from services.worker.scheduling import schedule
from tests.changed_settings import change_settings
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due, make_generation
from tests.services.generation.stepping import newest, poll_all, submit_all, submitted

pytestmark = pytest.mark.usefixtures("either_database")


async def test_a_lost_answer_is_looked_up_and_the_draft_is_sent_once(upstream: FakeUpstream) -> None:
    await make_account()
    upstream.loses_answers = True
    job, attempt = await submitted()
    assert (attempt.state, attempt.history_id) == (AttemptState.SENT, None)
    await make_due()
    await poll_all()
    _, attempt = await newest(job)
    assert (attempt.state, attempt.history_id) == (AttemptState.ACCEPTED, next(iter(upstream.tasks)))
    assert len(upstream.submits) == 1


async def test_an_unknown_submit_never_changes_its_account_while_it_is_unknown(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    upstream.says = [SubmitUnknownError("reset")]
    job, _ = await submitted()
    for _ in range(5):
        await make_due()
        await schedule(MediaKind.IMAGE)
        await submit_all()
        await poll_all()
    attempts = await attempts_of(job)
    assert [attempt.state for attempt in attempts] == [AttemptState.SENT]
    assert upstream.submits == []


async def lost(strategy: AccountStrategy | None = None, error: Exception | None = None) -> tuple[Job, Attempt]:
    """A job whose submit was unknown, and whose window has passed without the task."""
    job, _ = await submitted(strategy)
    change_settings(unknown_submit_seconds=0.0)
    await Attempt.filter(state=AttemptState.SENT).update(last_sent_at_ms=1)
    await make_due()
    await poll_all()
    return await newest(job)


async def test_after_the_window_the_job_goes_to_another_account(upstream: FakeUpstream) -> None:
    first, second = await make_account(), await make_account()
    upstream.says = [SubmitUnknownError("Reset.")]
    job, attempt = await lost()
    assert (attempt.outcome, attempt.error["message"]) == (
        AttemptOutcome.SWITCHED,
        "Reset. The provider does not have the task.",
    )
    assert attempt.released_at_ms is not None
    assert job.status is JobStatus.PENDING
    assert (await Account.get(id=first.id)).consecutive_failures == 1
    assert await AccountCooldown.filter(account_id=first.id).count() == 1
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert [account_id for account_id, _ in upstream.submits] == [second.id]


async def test_an_unknown_submit_counts_on_its_account_at_once(upstream: FakeUpstream) -> None:
    account = await make_account()
    page = fault(FaultKind.UPSTREAM_FAULT, retry_after_seconds=99_999)
    upstream.says = [SubmitUnknownError("Jimeng cannot answer.", fault=page)]
    job, attempt = await submitted()
    assert (attempt.state, job.status) == (AttemptState.SENT, JobStatus.RUNNING)
    assert job.message == "Jimeng cannot answer. Checking whether the provider has the task."
    assert (await Account.get(id=account.id)).consecutive_failures == 1
    cooldown = await AccountCooldown.get(account_id=account.id)
    assert 1_700_000 < cooldown.until_ms - await now_ms() <= 1_800_000
    assert attempt.due_at_ms - await now_ms() <= 60_000


async def test_a_job_whose_submits_are_always_lost_fails_in_words(upstream: FakeUpstream) -> None:
    await make_account()
    change_settings(unknown_submit_seconds=0.0)
    upstream.says = [SubmitUnknownError("Reset.") for _ in range(20)]
    job = await make_generation(strategy=AccountStrategy(max_attempts=3))
    for _ in range(6):
        await AccountCooldown.all().update(until_ms=1)
        await make_due()
        await schedule(MediaKind.IMAGE)
        await submit_all()
        await Attempt.filter(state=AttemptState.SENT).update(last_sent_at_ms=1)
        await make_due()
        await poll_all()
    job = await Job.get(id=job.id)
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "NETWORK_ERROR")
    assert "does not have the task" in job.error["message"]
    assert [attempt.sends for attempt in await attempts_of(job)] == [1, 1, 1]


async def test_lost_submits_end_with_the_time_out_of_the_first(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    upstream.says = [SubmitUnknownError("Reset.") for _ in range(2)]
    job, first = await lost()
    await Attempt.filter(id=first.id).update(sent_at_ms=1)
    await make_due()
    await schedule(MediaKind.IMAGE)
    await submit_all()
    await Attempt.filter(state=AttemptState.SENT).update(last_sent_at_ms=1)
    await make_due()
    await poll_all()
    job, attempt = await newest(job)
    assert (job.status, attempt.number, attempt.outcome) == (JobStatus.FAILED, 2, AttemptOutcome.FAILED)
    assert job.error["message"] == "Reset. The provider does not have the task."


async def test_a_strategy_that_does_not_switch_sends_it_again_under_the_same_id(upstream: FakeUpstream) -> None:
    account, _ = await make_account(), await make_account()
    upstream.says = [SubmitUnknownError("Reset.")]
    job, attempt = await lost(AccountStrategy(auto_switch_on_failure=False))
    assert (job.status, attempt.state) == (JobStatus.RUNNING, AttemptState.PLACED)
    assert attempt.due_at_ms > await now_ms()  # its account cools
    await make_due()
    await submit_all()
    assert upstream.submits == [(account.id, attempt.submit_id)]
    _, again = await newest(job)
    assert (again.state, again.sends, again.number) == (AttemptState.ACCEPTED, 2, 1)
    assert again.sent_at_ms == attempt.sent_at_ms
    assert again.last_sent_at_ms > again.sent_at_ms


async def test_a_submit_that_does_not_switch_is_sent_a_bounded_number_of_times(upstream: FakeUpstream) -> None:
    await make_account()
    change_settings(unknown_submit_seconds=0.0)
    upstream.says = [SubmitUnknownError("Reset.") for _ in range(20)]
    job = await make_generation(strategy=AccountStrategy(auto_switch_on_failure=False))
    await schedule(MediaKind.IMAGE)
    for _ in range(8):
        await make_due()
        await submit_all()
        await Attempt.filter(state=AttemptState.SENT).update(last_sent_at_ms=1)
        await make_due()
        await poll_all()
    job, attempt = await newest(job)
    assert (job.status, attempt.sends) == (JobStatus.FAILED, 4)


async def test_the_time_out_counts_from_the_first_send(upstream: FakeUpstream) -> None:
    await make_account()
    upstream.says = [SubmitUnknownError("Reset.")]
    job, attempt = await submitted()
    await Attempt.filter(id=attempt.id).update(sent_at_ms=1)
    change_settings(image_timeout_seconds=1.0)
    await make_due()
    await poll_all()
    job = await Job.get(id=job.id)
    assert (job.status, job.error["code"]) == (JobStatus.FAILED, "TIMEOUT")
    assert "not known whether the provider has the task. Reset." in job.error["message"]


async def test_a_lookup_that_fails_is_no_empty_answer(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    change_settings(unknown_submit_seconds=0.0)
    upstream.loses_answers = True
    job, attempt = await submitted()
    await Attempt.filter(id=attempt.id).update(last_sent_at_ms=1)
    upstream.query_fault = fault(FaultKind.UPSTREAM_FAULT)
    for _ in range(3):
        await make_due()
        await poll_all()
    _, attempt = await newest(job)
    assert (attempt.state, attempt.missing_since_ms) == (AttemptState.SENT, None)
    upstream.query_fault = None
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.ACCEPTED
    assert len(upstream.submits) == 1


async def test_a_worker_that_died_while_sending_is_taken_for_unknown(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    await Attempt.filter(id=attempt.id).update(state=AttemptState.SENT, history_id=None, accepted_at_ms=None)
    await make_due()
    await schedule(MediaKind.IMAGE)
    assert await submit_all() == 0
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.ACCEPTED
    assert len(upstream.submits) == 1


async def test_a_lost_draft_whose_job_went_on_elsewhere_is_never_sent_again(upstream: FakeUpstream) -> None:
    first, second = await make_account(), await make_account()
    upstream.says = [SubmitUnknownError("reset")]
    job, attempt = await submitted(AccountStrategy(switch_on_timeout=True))
    await Attempt.filter(id=attempt.id).update(sent_at_ms=1, last_sent_at_ms=1)
    change_settings(image_timeout_seconds=1.0, unknown_submit_seconds=0.0)
    for _ in range(4):
        await make_due()
        await poll_all()
        await schedule(MediaKind.IMAGE)
        await submit_all()
    assert [account_id for account_id, _ in upstream.submits] == [second.id]
    lost, going = await attempts_of(job)
    assert (lost.account_id, lost.state, lost.sends) == (first.id, AttemptState.ENDED, 1)
    assert lost.released_at_ms is not None
    assert going.state is AttemptState.ACCEPTED
    assert (await Job.get(id=job.id)).status is JobStatus.RUNNING
