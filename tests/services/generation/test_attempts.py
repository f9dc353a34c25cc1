"""The steps of an attempt against an upstream in memory, on both databases."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from models.accounts import Account, AccountCooldown, AccountUsage
from models.database import now_ms, transaction
from models.enums import (
    AccountStatus,
    AttemptOutcome,
    AttemptState,
    JobStatus,
    LoadBalance,
    MediaKind,
    Polling,
    RateLimitHandling,
)
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase
from services.film.jobs import cancel_job, retry_job
from services.generation.attempts import claim_steps, extend_steps
from services.generation.batches.pausing import pause_batch, pause_batch_for_budget, resume_batch
from services.generation.orphans import resume_orphans
from services.generation.polling import claim_accounts, extend_accounts, release_account
from services.generation.refresh import refresh_job
from services.generation.submitting import submit_step
from services.worker.scheduling import schedule
from tests.batch_factories import make_batch
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due, make_generation
from tests.services.generation.stepping import newest, poll_all, submit_all, submitted

pytestmark = pytest.mark.usefixtures("either_database")


# ---------------------------------------------------------------- submit


async def test_a_submit_writes_down_the_history_id_and_counts_for_the_day(upstream: FakeUpstream) -> None:
    account = await make_account(credit_balance=10)
    job, attempt = await submitted()
    assert (attempt.state, attempt.sends, attempt.credits_spent) == (AttemptState.ACCEPTED, 1, 4)
    assert attempt.history_id in upstream.tasks
    assert (await AccountUsage.get(account_id=account.id)).count == 1
    assert (await Account.get(id=account.id)).credit_balance == 6
    assert job.message == "Accepted by the provider."


async def test_two_workers_that_claim_at_once_submit_each_attempt_once(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=10)
    for _ in range(8):
        await make_generation()
    await schedule(MediaKind.IMAGE)
    claims = await asyncio.gather(*(claim_steps(AttemptState.PLACED, 8, 60) for _ in range(3)))
    await asyncio.gather(*(submit_step(step) for steps in claims for step in steps))
    assert len(upstream.submits) == len({submit_id for _, submit_id in upstream.submits}) == 8


async def test_a_holder_whose_lease_ran_out_sends_nothing(upstream: FakeUpstream) -> None:
    await make_account()
    await make_generation()
    await schedule(MediaKind.IMAGE)
    (late,) = await claim_steps(AttemptState.PLACED, 1, 60)
    await make_due()
    (now,) = await claim_steps(AttemptState.PLACED, 1, 60)
    await asyncio.gather(submit_step(late), submit_step(now))
    assert len(upstream.submits) == 1


@pytest.mark.parametrize("kind", [FaultKind.SESSION_EXPIRED, FaultKind.PUNISHED])
async def test_an_account_that_is_refused_is_held_until_that_is_confirmed_and_the_job_goes_to_the_next(
    upstream: FakeUpstream, kind: FaultKind
) -> None:
    first, second = await make_account(), await make_account()
    upstream.says = [fault(kind, "Its session has expired.")]
    job, attempt = await submitted()
    assert (attempt.outcome, attempt.account_id) == (AttemptOutcome.SWITCHED, first.id)
    assert attempt.released_at_ms is not None
    account = await Account.get(id=first.id)
    assert (account.status, account.status_reason) == (AccountStatus.ACTIVE, None)
    cooldown = await AccountCooldown.get(account_id=first.id)
    assert (cooldown.kind, cooldown.model, cooldown.cause) == ("", "", kind.value)
    assert (account.look_due_at_ms is not None) is (kind is FaultKind.SESSION_EXPIRED)
    assert job.status is JobStatus.PENDING
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert upstream.submits[0][0] == second.id


async def test_what_upstream_rejects_fails_at_once_and_goes_nowhere_else(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    upstream.says = [fault(FaultKind.CONTENT_REJECTED, "The words break upstream's rules.")]
    job, attempt = await submitted()
    assert (job.status, job.error["message"]) == (JobStatus.FAILED, "The words break upstream's rules.")
    assert job.error["retryable"] is False
    assert len(await attempts_of(job)) == 1
    assert attempt.outcome is AttemptOutcome.FAILED
    assert await AccountCooldown.all().count() == 0


async def test_a_rate_limit_cools_the_account_for_the_kind(upstream: FakeUpstream) -> None:
    account = await make_account()
    upstream.says = [fault(FaultKind.RATE_LIMIT, retry_after_seconds=60)]
    job, _ = await submitted()
    cooldown = await AccountCooldown.get(account_id=account.id)
    assert (cooldown.kind, cooldown.model, cooldown.step) == ("IMAGE", "", 1)
    assert job.status is JobStatus.PENDING
    assert (await schedule(MediaKind.IMAGE)).placed == 0


async def test_a_failed_probe_cools_for_longer(upstream: FakeUpstream) -> None:
    account = await make_account()
    upstream.says = [fault(FaultKind.RATE_LIMIT), fault(FaultKind.RATE_LIMIT)]
    await submitted()
    await AccountCooldown.filter(account_id=account.id).update(until_ms=1)
    await make_due()
    await schedule(MediaKind.IMAGE)
    await submit_all()
    cooldown = await AccountCooldown.get(account_id=account.id)
    assert (cooldown.step, cooldown.probe_attempt_id) == (2, None)


async def test_a_probe_that_is_taken_ends_the_cooldown(upstream: FakeUpstream) -> None:
    account = await make_account(consecutive_failures=3)
    await AccountCooldown.create(account_id=account.id, kind="IMAGE", until_ms=1, reason="Too fast.")
    await submitted()
    assert await AccountCooldown.all().count() == 0
    assert (await Account.get(id=account.id)).consecutive_failures == 0


async def test_a_strategy_that_waits_keeps_the_job_at_its_account(upstream: FakeUpstream) -> None:
    first, _ = await make_account(), await make_account()
    upstream.says = [fault(FaultKind.RATE_LIMIT)]
    job, attempt = await submitted(AccountStrategy(rate_limit_handling=RateLimitHandling.WAIT))
    assert (job.status, attempt.state, attempt.account_id) == (JobStatus.RUNNING, AttemptState.PLACED, first.id)
    await AccountCooldown.all().update(until_ms=1)
    await make_due()
    await submit_all()
    assert [account_id for account_id, _ in upstream.submits] == [first.id]


async def test_a_strategy_that_skips_fails_the_job(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    upstream.says = [fault(FaultKind.RATE_LIMIT)]
    job, _ = await submitted(AccountStrategy(rate_limit_handling=RateLimitHandling.SKIP))
    assert job.status is JobStatus.FAILED


async def test_risk_control_cools_the_model_first_and_then_everything(upstream: FakeUpstream) -> None:
    account = await make_account()
    upstream.says = [fault(FaultKind.RISK_CONTROL)]
    await submitted()
    assert {(row.kind, row.model) for row in await AccountCooldown.all()} == {("IMAGE", "fake-picture")}
    await AccountCooldown.all().update(model="another-model")
    await make_due()
    upstream.says = [fault(FaultKind.RISK_CONTROL)]
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert ("", "") in {(row.kind, row.model) for row in await AccountCooldown.filter(account_id=account.id)}


async def test_what_was_refused_on_an_account_is_not_repeated_by_others_placed_there(upstream: FakeUpstream) -> None:
    await make_account()
    jobs = [await make_generation() for _ in range(3)]
    await schedule(MediaKind.IMAGE)
    first, second, third = await claim_steps(AttemptState.PLACED, 3, 60)
    upstream.says = [fault(FaultKind.RISK_CONTROL)] * 3
    for step in (first, second, third):
        await submit_step(step)
    assert len(upstream.says) == 2
    assert {(await Job.get(id=job.id)).status for job in jobs} == {JobStatus.PENDING}


async def test_a_refusal_for_too_many_at_once_teaches_the_limit(upstream: FakeUpstream) -> None:
    account = await make_account()
    await submitted()
    upstream.says = [fault(FaultKind.CONCURRENCY_LIMIT)]
    await submitted()
    assert (await Account.get(id=account.id)).learned_image_limit == 1
    assert await AccountCooldown.all().count() == 0
    assert (await schedule(MediaKind.IMAGE)).placed == 0


async def test_an_upstream_fault_is_tried_again_on_the_same_account_and_then_on_the_next(
    upstream: FakeUpstream,
) -> None:
    first, second = await make_account(), await make_account()
    upstream.says = [fault(FaultKind.UPSTREAM_FAULT)] * 4
    job, attempt = await submitted()
    for failures in (1, 2, 3):
        job, attempt = await newest(job)
        assert (attempt.number, attempt.state, attempt.failures) == (1, AttemptState.PLACED, failures)
        await make_due()
        await submit_all()
    assert (await Account.get(id=first.id)).consecutive_failures == 4
    assert (await AccountCooldown.get(account_id=first.id)).kind == "IMAGE"
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert [account_id for account_id, _ in upstream.submits] == [second.id]


# ---------------------------------------------------------------- poll


async def test_all_tasks_of_an_account_are_asked_about_in_one_request(upstream: FakeUpstream) -> None:
    await make_account()
    for _ in range(3):
        await submitted()
    upstream.queries.clear()
    await make_due()
    await poll_all()
    assert [len(ids) for _, ids in upstream.queries] == [3]


async def test_a_finished_task_frees_its_slot_and_is_to_be_fetched(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=1)
    job, _ = await submitted()
    waiting = await make_generation()
    upstream.finish()
    await make_due()
    assert await poll_all() == 1
    _, attempt = await newest(job)
    assert attempt.state is AttemptState.FETCHING
    assert attempt.released_at_ms is not None
    assert attempt.upstream["results"] == ["https://upstream.example/1.png"]
    await schedule(MediaKind.IMAGE)
    assert (await Job.get(id=waiting.id)).status is JobStatus.RUNNING


async def test_two_pollers_at_once_ask_about_an_account_once(upstream: FakeUpstream) -> None:
    await make_account()
    await submitted()
    upstream.queries.clear()
    await make_due()
    claims = await asyncio.gather(*(claim_accounts(10) for _ in range(4)))
    assert sum(len(found) for found in claims) == 1


async def test_a_task_that_is_missing_from_an_answer_is_still_running(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    upstream.hidden.add(str(attempt.history_id))
    await make_due()
    await poll_all()
    job, attempt = await newest(job)
    assert (job.status, attempt.state) == (JobStatus.RUNNING, AttemptState.ACCEPTED)
    assert attempt.missing_since_ms is not None


async def test_a_poll_that_fails_loses_nothing(upstream: FakeUpstream) -> None:
    await make_account()
    job, _ = await submitted()
    upstream.query_fault = fault(FaultKind.UPSTREAM_FAULT)
    await make_due()
    await poll_all()
    upstream.query_fault = None
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING


async def test_a_task_that_failed_goes_to_another_account_once_and_then_fails(upstream: FakeUpstream) -> None:
    first, second = await make_account(), await make_account()
    job, _ = await submitted()
    for _ in range(2):
        upstream.finish(TaskPhase.FAILED, fault(FaultKind.UNKNOWN, "A code nobody knows.", upstream_code="9999"))
        await make_due()
        await poll_all()
        await schedule(MediaKind.IMAGE)
        await submit_all()
    job = await Job.get(id=job.id)
    assert (job.status, job.error["upstreamCode"]) == (JobStatus.FAILED, "9999")
    assert [account_id for account_id, _ in upstream.submits] == [first.id, second.id]


# ---------------------------------------------------------------- time-outs


async def timed_out(strategy: AccountStrategy | None = None) -> Job:
    job, attempt = await submitted(strategy)
    await Attempt.filter(id=attempt.id).update(accepted_at_ms=1)
    change_settings(image_timeout_seconds=1.0)
    await make_due()
    await poll_all()
    return await Job.get(id=job.id)


async def test_without_a_result_in_time_the_job_fails_and_the_task_is_kept(upstream: FakeUpstream) -> None:
    await make_account()
    await make_account()
    job = await timed_out()
    assert (job.status, job.error["code"], job.error["retryable"]) == (JobStatus.FAILED, "TIMEOUT", True)
    (attempt,) = await attempts_of(job)
    assert (attempt.is_detached, attempt.state, attempt.released_at_ms) == (True, AttemptState.ACCEPTED, None)
    assert len(upstream.submits) == 1


async def test_time_in_upstreams_queue_does_not_count(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    await Attempt.filter(id=attempt.id).update(accepted_at_ms=1, queued_ms=10**15)
    change_settings(image_timeout_seconds=1.0)
    await make_due()
    await poll_all()
    assert (await Job.get(id=job.id)).status is JobStatus.RUNNING


@pytest.mark.parametrize("load_balance", list(LoadBalance))
async def test_another_account_is_only_tried_after_a_time_out_where_the_strategy_says_so(
    upstream: FakeUpstream, load_balance: LoadBalance
) -> None:
    """Also where the account that timed out is preferred, and its slot is free since upstream forgot the task."""
    first, second = await make_account(priority=1), await make_account(priority=2)
    job = await timed_out(AccountStrategy(switch_on_timeout=True, load_balance=load_balance))
    assert upstream.submits[-1][0] == first.id
    assert job.status is JobStatus.PENDING
    await Attempt.filter(job_id=job.id).update(released_at_ms=await now_ms())
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert upstream.submits[-1][0] == second.id


async def test_retrying_a_timed_out_job_waits_on_for_the_same_task(upstream: FakeUpstream) -> None:
    await make_account()
    job = await timed_out()
    change_settings(image_timeout_seconds=900.0)
    job = await retry_job(OWNER, job.id)
    (attempt,) = await attempts_of(job)
    assert (job.status, attempt.is_detached, attempt.run) == (JobStatus.RUNNING, False, 1)
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING
    assert len(upstream.submits) == 1


# ---------------------------------------------------------------- cancelling


async def test_canceling_before_anything_was_sent_frees_the_slot_at_once(upstream: FakeUpstream) -> None:
    await make_account()
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    await cancel_job(OWNER, job.id)
    job, attempt = await newest(job)
    assert (job.status, attempt.state, attempt.outcome) == (
        JobStatus.CANCELED,
        AttemptState.ENDED,
        AttemptOutcome.CANCELED,
    )
    assert attempt.released_at_ms is not None
    assert await submit_all() == 0


async def test_a_canceled_task_is_asked_to_stop_and_keeps_its_slot_until_it_has(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=1)
    job, attempt = await submitted()
    await cancel_job(OWNER, job.id)
    await make_generation()
    assert (await schedule(MediaKind.IMAGE)).placed == 0
    await make_due()
    await poll_all()
    assert upstream.cancels == [attempt.history_id]
    upstream.finish(TaskPhase.FAILED, fault(FaultKind.GENERATION_FAILED))
    await make_due()
    await poll_all()
    job, attempt = await newest(job)
    assert (job.status, attempt.outcome) == (JobStatus.CANCELED, AttemptOutcome.CANCELED)
    assert attempt.released_at_ms is not None
    assert (await schedule(MediaKind.IMAGE)).placed == 1


async def test_canceling_and_submitting_at_once_never_leaves_a_task_that_nobody_drains(upstream: FakeUpstream) -> None:
    await make_account(max_concurrent=50)
    jobs = [await make_generation() for _ in range(20)]
    await schedule(MediaKind.IMAGE)
    await asyncio.gather(submit_all(), *(cancel_job(OWNER, job.id) for job in jobs))
    for attempt in await Attempt.all():
        assert attempt.state is AttemptState.ENDED or attempt.is_draining
    assert len(upstream.submits) == await Attempt.filter(is_draining=True).count()


async def test_a_canceled_job_that_is_retried_takes_its_task_up_again(upstream: FakeUpstream) -> None:
    await make_account()
    job, _ = await submitted()
    await cancel_job(OWNER, job.id)
    job = await retry_job(OWNER, job.id)
    (attempt,) = await attempts_of(job)
    assert (job.status, attempt.is_draining) == (JobStatus.RUNNING, False)
    assert len(upstream.submits) == 1


async def test_the_leases_of_steps_under_way_are_kept_and_no_others(upstream: FakeUpstream) -> None:
    account = await make_account(max_concurrent=3)
    for _ in range(3):
        await make_generation()
    await schedule(MediaKind.IMAGE)
    held, lost, sent = await claim_steps(AttemptState.PLACED, 3, 5)
    await Attempt.filter(id=lost.attempt.id).update(lease_epoch=lost.epoch + 1)
    await Attempt.filter(id=sent.attempt.id).update(state=AttemptState.SENT)
    before = {attempt.id: attempt.due_at_ms for attempt in await Attempt.filter(account_id=account.id)}
    await extend_steps([held, lost, sent], 60)
    after = {attempt.id: attempt.due_at_ms for attempt in await Attempt.filter(account_id=account.id)}
    assert after[held.attempt.id] > before[held.attempt.id] + 50_000
    assert {key: after[key] for key in after if key != held.attempt.id} == {
        key: before[key] for key in before if key != held.attempt.id
    }


async def test_a_claim_on_an_account_is_kept_by_its_holder_alone(upstream: FakeUpstream) -> None:
    account = await make_account()
    await submitted()
    await make_due()
    (claim,) = await claim_accounts(1, 5)
    until = (await Account.get(id=account.id)).poll_lease_until_ms
    await extend_accounts([replace(claim, epoch=claim.epoch - 1)], 60)
    assert (await Account.get(id=account.id)).poll_lease_until_ms == until
    await extend_accounts([claim], 60)
    assert (await Account.get(id=account.id)).poll_lease_until_ms > until + 50_000
    await release_account(claim)
    await extend_accounts([claim], 60)
    assert (await Account.get(id=account.id)).poll_lease_until_ms == 0


# ---------------------------------------------------------------- abandoned


async def test_a_running_job_without_a_live_attempt_waits_again(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    assert await resume_orphans() == 0
    await Attempt.filter(id=attempt.id).update(state=AttemptState.ENDED, released_at_ms=1)
    assert await resume_orphans() == 1
    assert (await Job.get(id=job.id)).status is JobStatus.PENDING


async def test_asking_for_a_manual_task_that_is_not_visible_yet_keeps_its_slot(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted(polling=Polling.MANUAL)
    upstream.hidden.add(str(attempt.history_id))
    await Attempt.filter(id=attempt.id).update(due_at_ms=attempt.due_at_ms + 3_600_000)
    await refresh_job(OWNER, job.id)
    _, after = await newest(job)
    assert after.due_at_ms is not None
    assert after.due_at_ms > attempt.due_at_ms + 3_000_000
    assert after.released_at_ms is None


async def test_a_canceled_manual_task_is_asked_to_stop_and_ends(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted(polling=Polling.MANUAL)
    await cancel_job(OWNER, job.id)
    await poll_all()
    assert upstream.cancels == [attempt.history_id]
    upstream.finish(TaskPhase.FAILED, fault(FaultKind.GENERATION_FAILED))
    await make_due()
    await poll_all()
    _, attempt = await newest(job)
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, AttemptOutcome.CANCELED)


async def test_what_upstream_says_of_a_former_session_does_not_take_the_renewed_account_out(
    upstream: FakeUpstream,
) -> None:
    account = await make_account()
    await make_generation()
    await schedule(MediaKind.IMAGE)
    (step,) = await claim_steps(AttemptState.PLACED, 1, 60)
    original = upstream.submit

    async def renewed_meanwhile(*arguments: Any) -> Any:
        await Account.filter(id=account.id).update(session_hash="f" * 64)
        return await original(*arguments)

    upstream.submit = renewed_meanwhile  # type: ignore[method-assign]
    upstream.says = [fault(FaultKind.SESSION_EXPIRED)]
    await submit_step(step)
    assert (await Account.get(id=account.id)).status is AccountStatus.ACTIVE


async def test_a_task_that_nobody_waits_for_and_that_never_comes_frees_its_slot(upstream: FakeUpstream) -> None:
    await make_account()
    job, attempt = await submitted()
    upstream.hidden.add(str(attempt.history_id))
    await cancel_job(OWNER, job.id)
    await Attempt.filter(id=attempt.id).update(missing_since_ms=1)
    await poll_all()
    _, attempt = await newest(job)
    assert attempt.state is AttemptState.ENDED
    assert attempt.released_at_ms is not None


async def test_an_image_refusal_does_not_bring_an_old_video_limit_back(upstream: FakeUpstream) -> None:
    account = await make_account(learned_video_limit=1, learned_at_ms=1)
    await submitted()
    upstream.says = [fault(FaultKind.CONCURRENCY_LIMIT)]
    await submitted()
    present = await Account.get(id=account.id)
    assert (present.learned_image_limit, present.learned_video_limit) == (1, 3)


async def test_a_wait_that_upstream_asks_for_slows_all_polls_of_the_account(upstream: FakeUpstream) -> None:
    """At most half an hour, for everything of the account; the task is found afterwards."""
    account = await make_account(max_concurrent=5)
    job, _ = await submitted()
    other, _ = await submitted()
    upstream.query_fault = fault(FaultKind.RATE_LIMIT, retry_after_seconds=999_999)
    upstream.queries.clear()
    await make_due()
    await poll_all()
    assert len(upstream.queries) == 1
    for one in (job, other):
        _, attempt = await newest(one)
        assert 1_700_000 < attempt.due_at_ms - await now_ms() <= 1_800_000
    cooldown = await AccountCooldown.get(account_id=account.id)
    assert (cooldown.kind, cooldown.model) == ("", "")
    upstream.query_fault = None
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING


async def test_a_lost_submit_of_a_canceled_job_keeps_its_slot_no_longer_than_a_day(upstream: FakeUpstream) -> None:
    """The session of the account has expired, so that it cannot be found out whether the provider has the task."""
    account = await make_account()
    job = await make_generation(status=JobStatus.CANCELED)
    now = await now_ms()
    attempt = await Attempt.create(
        owner=job.owner,
        job_id=job.id,
        number=1,
        account_id=account.id,
        provider="fake",
        kind=MediaKind.IMAGE,
        model="fake-picture",
        submit_id="lost",
        state=AttemptState.SENT,
        is_draining=True,
        sent_at_ms=now - 23 * 3600 * 1000,
        due_at_ms=now,
    )
    upstream.query_fault = fault(FaultKind.SESSION_EXPIRED)
    await make_due()
    await poll_all()
    assert (await Attempt.get(id=attempt.id)).released_at_ms is None
    await Attempt.filter(id=attempt.id).update(sent_at_ms=now - 25 * 3600 * 1000)
    await make_due()
    await poll_all()
    ended = await Attempt.get(id=attempt.id)
    assert (ended.state, ended.outcome) == (AttemptState.ENDED, AttemptOutcome.CANCELED)
    assert ended.released_at_ms is not None


async def test_what_was_placed_and_not_sent_when_its_batch_was_paused_waits(upstream: FakeUpstream) -> None:
    await make_account()
    batch = await make_batch()
    job = await make_generation(batch_id=batch.id)
    await schedule(MediaKind.IMAGE)
    await pause_batch(OWNER, batch.id)
    await submit_all()
    job, attempt = await newest(job)
    assert (job.status, attempt.state, upstream.submits) == (JobStatus.PENDING, AttemptState.ENDED, [])
    assert attempt.released_at_ms is not None
    await resume_batch(OWNER, batch.id)
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert len(upstream.submits) == 1


async def test_what_was_placed_when_its_batchs_budget_was_used_up_is_sent(upstream: FakeUpstream) -> None:
    await make_account()
    batch = await make_batch()
    await make_generation(batch_id=batch.id)
    await schedule(MediaKind.IMAGE)
    await transaction(lambda: pause_batch_for_budget(batch.id, "It is used up."))
    await submit_all()
    assert len(upstream.submits) == 1
