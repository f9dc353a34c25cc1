"""The decision table: what becomes of the account and of the job, row by row."""

from dataclasses import replace

import pytest

from models.enums import RateLimitHandling
from providers.pooled import FaultKind
from services.accounts.pool.decisions import AccountEffect, Decision, FaultContext, JobMove, decide

NEXT, SAME, WAIT, FAIL = JobMove.NEXT, JobMove.SAME, JobMove.WAIT, JobMove.FAIL


@pytest.mark.parametrize(
    ("fault", "account", "job"),
    [
        (FaultKind.SESSION_EXPIRED, AccountEffect.HOLD, NEXT),
        (FaultKind.PUNISHED, AccountEffect.HOLD_OR_BAN, NEXT),
        (FaultKind.NO_PERMISSION, AccountEffect.COOL_MODEL, NEXT),
        (FaultKind.NEEDS_CONFIRMATION, AccountEffect.COOL_MODEL, NEXT),
        (FaultKind.OUT_OF_CREDIT, AccountEffect.ASK_BALANCE, NEXT),
        (FaultKind.DAILY_LIMIT, AccountEffect.EXHAUST, NEXT),
        (FaultKind.RATE_LIMIT, AccountEffect.COOL, NEXT),
        (FaultKind.CONCURRENCY_LIMIT, AccountEffect.LOWER_LIMIT, NEXT),
        (FaultKind.RISK_CONTROL, AccountEffect.COOL_LONG, NEXT),
        (FaultKind.MODEL_RISK_CONTROL, AccountEffect.COOL_MODEL, NEXT),
        (FaultKind.CONTENT_REJECTED, AccountEffect.NONE, FAIL),
        (FaultKind.INVALID_INPUT, AccountEffect.NONE, FAIL),
        (FaultKind.GENERATION_FAILED, AccountEffect.NONE, NEXT),
        (FaultKind.UPSTREAM_FAULT, AccountEffect.COUNT_FAILURE, SAME),
        (FaultKind.SUBMIT_LOST, AccountEffect.COOL, NEXT),
        (FaultKind.UNKNOWN, AccountEffect.NONE, NEXT),
    ],
)
def test_each_kind_of_fault_has_its_row(fault: FaultKind, account: AccountEffect, job: JobMove) -> None:
    decision = decide(fault, FaultContext())
    assert (decision.account, decision.job) == (account, job)


def test_every_kind_of_fault_is_in_the_table() -> None:
    assert all(isinstance(decide(fault, FaultContext()), Decision) for fault in FaultKind)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1.0), (2, 2.0), (3, 4.0)])
def test_an_upstream_fault_is_tried_again_on_the_same_account_three_times(failures: int, seconds: float) -> None:
    decision = decide(FaultKind.UPSTREAM_FAULT, FaultContext(step_failures=failures))
    assert decision == Decision(AccountEffect.COUNT_FAILURE, SAME, seconds)


def test_then_the_job_goes_to_another_account() -> None:
    assert decide(FaultKind.UPSTREAM_FAULT, FaultContext(step_failures=4)).job is NEXT


def test_a_task_that_upstream_had_taken_is_not_sent_again_by_the_same_attempt() -> None:
    assert decide(FaultKind.UPSTREAM_FAULT, FaultContext(was_accepted=True)).job is NEXT


@pytest.mark.parametrize("fault", [FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT])
@pytest.mark.parametrize(
    ("handling", "job"),
    [(RateLimitHandling.WAIT, WAIT), (RateLimitHandling.SKIP, FAIL), (RateLimitHandling.SWITCH, NEXT)],
)
def test_a_limit_is_handled_as_the_strategy_says(fault: FaultKind, handling: RateLimitHandling, job: JobMove) -> None:
    assert decide(fault, FaultContext(rate_limit_handling=handling)).job is job


def test_a_task_that_failed_by_a_limit_is_not_waited_for_under_its_old_id() -> None:
    now = FaultContext(was_accepted=True, rate_limit_handling=RateLimitHandling.WAIT)
    assert decide(FaultKind.RATE_LIMIT, now).job is NEXT


def test_limits_do_not_use_the_jobs_attempts_up() -> None:
    assert decide(FaultKind.RATE_LIMIT, FaultContext(attempts=99, max_attempts=5)).job is NEXT


@pytest.mark.parametrize("count", ["same_kind", "step_failures"])
@pytest.mark.parametrize("handling", [RateLimitHandling.SWITCH, RateLimitHandling.WAIT])
def test_a_job_that_meets_nothing_but_rate_limits_ends_at_last(handling: RateLimitHandling, count: str) -> None:
    before = FaultContext(rate_limit_handling=handling, **{count: 49})
    assert decide(FaultKind.RATE_LIMIT, before).job in (NEXT, WAIT)
    last = FaultContext(rate_limit_handling=handling, **{count: 50})
    assert decide(FaultKind.RATE_LIMIT, last) == Decision(AccountEffect.COOL, FAIL)


def test_a_job_that_waits_for_a_free_task_asks_ever_more_seldom() -> None:
    """The account does not cool meanwhile, since it works on other tasks."""
    waits = [
        decide(
            FaultKind.CONCURRENCY_LIMIT,
            FaultContext(rate_limit_handling=RateLimitHandling.WAIT, step_failures=failures),
        )
        for failures in range(1, 101)
    ]
    assert {decision.job for decision in waits} == {WAIT}
    assert [decision.delay_seconds for decision in waits[:7]] == [2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("fault", [FaultKind.SESSION_EXPIRED, FaultKind.PUNISHED, FaultKind.RISK_CONTROL])
def test_the_last_attempt_fails_with_its_own_reason(fault: FaultKind) -> None:
    assert decide(fault, FaultContext(attempts=4, max_attempts=5)).job is NEXT
    assert decide(fault, FaultContext(attempts=5, max_attempts=5)).job is FAIL


@pytest.mark.parametrize("fault", [FaultKind.SESSION_EXPIRED, FaultKind.OUT_OF_CREDIT, FaultKind.UNKNOWN])
def test_without_switching_the_job_fails_where_its_account_does(fault: FaultKind) -> None:
    assert decide(fault, FaultContext(auto_switch_on_failure=False)).job is FAIL


@pytest.mark.parametrize("fault", [FaultKind.UNKNOWN, FaultKind.GENERATION_FAILED])
def test_what_nobody_understands_is_tried_once_more_and_then_fails(fault: FaultKind) -> None:
    assert decide(fault, FaultContext(attempts=2, same_kind=2)).job is FAIL


def test_an_upstream_fault_that_names_a_wait_is_tried_on_another_account_meanwhile() -> None:
    assert decide(FaultKind.UPSTREAM_FAULT, FaultContext(asks_to_wait=True)) == Decision(AccountEffect.COOL, NEXT)
    assert decide(FaultKind.UPSTREAM_FAULT, FaultContext(asks_to_wait=True, attempts=5)).job is FAIL


@pytest.mark.parametrize("fault", [FaultKind.UPSTREAM_FAULT, FaultKind.SUBMIT_LOST])
def test_what_must_not_switch_waits_for_its_account_and_not_for_ever(fault: FaultKind) -> None:
    context = FaultContext(asks_to_wait=True, auto_switch_on_failure=False)
    assert decide(fault, context) == Decision(AccountEffect.COOL, WAIT)
    assert decide(fault, FaultContext(asks_to_wait=True, auto_switch_on_failure=False, step_failures=4)).job is FAIL


def test_lost_submits_end_with_the_attempts_of_the_run() -> None:
    assert decide(FaultKind.SUBMIT_LOST, FaultContext(attempts=4)).job is NEXT
    assert decide(FaultKind.SUBMIT_LOST, FaultContext(attempts=5)).job is FAIL
    assert decide(FaultKind.SUBMIT_LOST, FaultContext(is_overdue=True)).job is FAIL


# ---------------------------------------------------------------- of the job, of the account, of the site


@pytest.mark.parametrize("fault", [FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT])
def test_limits_that_other_jobs_contradict_are_the_jobs_own(fault: FaultKind) -> None:
    waits = [decide(fault, FaultContext(limits=limits, contradictions=2)) for limits in range(2, 8)]
    assert {decision.account for decision in waits} == {AccountEffect.NONE}
    assert {decision.job for decision in waits} == {NEXT}
    assert [decision.delay_seconds for decision in waits] == [2, 4, 8, 16, 32, 60]
    assert decide(fault, FaultContext(limits=8, contradictions=7)) == Decision(AccountEffect.NONE, FAIL)


def test_one_contradicted_limit_is_still_the_accounts() -> None:
    assert decide(FaultKind.RATE_LIMIT, FaultContext(limits=7, contradictions=1)) == Decision(AccountEffect.COOL, NEXT)


def test_a_limit_of_the_job_keeps_the_meaning_of_skip_and_wait() -> None:
    skip = FaultContext(limits=3, contradictions=2, rate_limit_handling=RateLimitHandling.SKIP)
    assert decide(FaultKind.RATE_LIMIT, skip) == Decision(AccountEffect.NONE, FAIL)
    wait = FaultContext(limits=3, contradictions=2, rate_limit_handling=RateLimitHandling.WAIT)
    assert decide(FaultKind.RATE_LIMIT, wait) == Decision(AccountEffect.NONE, SAME, 4.0)


@pytest.mark.parametrize("fault", [FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL])
def test_risk_control_that_other_jobs_contradict_fails_the_job_and_spares_further_accounts(fault: FaultKind) -> None:
    now = FaultContext(attempts=2, same_kind=2, contradictions=2, is_contradicted=True)
    assert decide(fault, now) == Decision(AccountEffect.COOL_BRIEFLY, FAIL)


@pytest.mark.parametrize("fault", [FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL])
def test_an_account_that_has_just_taken_the_model_rests_a_minute_until_another_job_finds_out(fault: FaultKind) -> None:
    now = FaultContext(contradictions=1, is_contradicted=True)
    assert decide(fault, now) == Decision(AccountEffect.COOL_IN_DOUBT, NEXT)


def test_an_account_that_was_not_asked_for_anything_else_cools_as_long_as_ever() -> None:
    assert decide(FaultKind.RISK_CONTROL, FaultContext()) == Decision(AccountEffect.COOL_LONG, NEXT)
    assert decide(FaultKind.RISK_CONTROL, FaultContext(same_kind=2)) == Decision(AccountEffect.COOL_LONG, NEXT)


def test_risk_control_of_three_accounts_fails_the_job_though_nothing_contradicts_it() -> None:
    assert decide(FaultKind.RISK_CONTROL, FaultContext(attempts=2, same_kind=2)).job is NEXT
    assert decide(FaultKind.RISK_CONTROL, FaultContext(attempts=3, same_kind=3)) == Decision(
        AccountEffect.COOL_IN_DOUBT, FAIL
    )


def test_an_account_that_takes_the_model_is_not_kept_from_it_by_one_jobs_missing_permission() -> None:
    first = FaultContext(contradictions=1, is_contradicted=True)
    assert decide(FaultKind.NO_PERMISSION, first) == Decision(AccountEffect.NONE, NEXT)
    second = FaultContext(attempts=2, same_kind=2, contradictions=2, is_contradicted=True)
    assert decide(FaultKind.NO_PERMISSION, second) == Decision(AccountEffect.NONE, FAIL)


def test_a_fault_of_upstream_is_not_counted_on_an_account_that_takes_other_jobs() -> None:
    now = FaultContext(step_failures=2, contradictions=1, is_contradicted=True)
    assert decide(FaultKind.UPSTREAM_FAULT, now) == Decision(AccountEffect.NONE, SAME, 2.0)


@pytest.mark.parametrize(
    "fault", [FaultKind.SESSION_EXPIRED, FaultKind.UPSTREAM_FAULT, FaultKind.RATE_LIMIT, FaultKind.RISK_CONTROL]
)
def test_a_fault_of_the_site_blames_no_account_and_uses_up_no_attempt(fault: FaultKind) -> None:
    now = FaultContext(attempts=99, step_failures=9, is_site_trouble=True, auto_switch_on_failure=False)
    assert decide(fault, now) == Decision(AccountEffect.NONE, NEXT)


def test_a_limit_of_the_site_fails_a_job_that_skips_limits() -> None:
    now = FaultContext(is_site_trouble=True, rate_limit_handling=RateLimitHandling.SKIP)
    assert decide(FaultKind.RATE_LIMIT, now) == Decision(AccountEffect.NONE, FAIL)


@pytest.mark.parametrize("fault", [FaultKind.RISK_CONTROL, FaultKind.UPSTREAM_FAULT, FaultKind.SUBMIT_LOST])
def test_what_may_be_paid_uses_up_an_attempt_although_the_fault_is_the_sites(fault: FaultKind) -> None:
    now = FaultContext(was_accepted=fault is not FaultKind.SUBMIT_LOST, is_site_trouble=True, max_attempts=3)
    assert decide(fault, replace(now, attempts=2)) == Decision(AccountEffect.NONE, NEXT)
    assert decide(fault, replace(now, attempts=3)) == Decision(AccountEffect.NONE, FAIL)


def test_lost_submits_of_a_site_end_with_the_time_out_too() -> None:
    now = FaultContext(is_site_trouble=True, is_overdue=True)
    assert decide(FaultKind.SUBMIT_LOST, now) == Decision(AccountEffect.NONE, FAIL)
