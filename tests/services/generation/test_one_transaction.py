"""The end of an attempt's step is one transaction: interrupted before any of its writes, it changes nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.accounts import Account, AccountCooldown
from models.database import execute, now_ms, transaction
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase, UpstreamTask
from services.accounts.releasing import release_placed
from services.film.jobs import cancel_job, retry_job
from services.generation.attempts import StepLease, claim_steps
from services.generation.detaching import detach
from services.generation.faults import handle_provider_error
from services.generation.finishing import MAX_RETRY_MS, finish_step, publish_attempt
from services.generation.states import abandon_attempt, record_states
from services.generation.submitting import submit_step
from services.generation.unconfirmed_submits import resolve_unconfirmed
from services.worker.scheduling import schedule
from settings import get_settings
from tests.factories import OWNER, make_file
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_generation
from tests.statements import StoppedError, stopped_at_write

pytestmark = pytest.mark.usefixtures("either_database")

TABLES = ("job", "attempt", "job_file", "account", "account_cooldown", "generation_record", "record_version")
MAX_WRITES = 60
End = Callable[[Job, Attempt], Awaitable[object]]


async def everything() -> dict[str, list[dict[str, Any]]]:
    return {table: await execute(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}


async def placed(strategy: AccountStrategy | None = None, **values: Any) -> tuple[Job, Attempt]:
    """A job with an attempt that is the probe of its account's cooldown, in the state that the test gives."""
    account = await make_account(consecutive_failures=2)
    job = await make_generation(strategy=strategy)
    await AccountCooldown.create(account_id=account.id, kind="IMAGE", model="", until_ms=1, reason="Too fast.")
    await schedule(MediaKind.IMAGE)
    (attempt,) = await attempts_of(job)
    if values:
        await Attempt.filter(id=attempt.id).update(**values)
    return await Job.get(id=job.id), await Attempt.get(id=attempt.id)


def task(attempt: Attempt, phase: TaskPhase) -> UpstreamTask:
    return UpstreamTask(str(attempt.history_id), attempt.submit_id, phase, attempt.kind.value, 30)


async def published(job: Job, attempt: Attempt) -> object:
    return await publish_attempt(attempt, job, [await make_file(OWNER, job_id=job.id)], None)


async def in_transaction(attempt: Attempt) -> object:
    return await transaction(lambda: release_placed([attempt.account_id], "Its account is out."))


SENT = {"state": AttemptState.SENT, "sent_at_ms": 1}
ACCEPTED = {"state": AttemptState.ACCEPTED, "accepted_at_ms": 1, "history_id": "77"}
SWITCHING = AccountStrategy(switch_on_timeout=True)
ENDS: dict[str, tuple[dict[str, Any], End]] = {
    "refused for good": (
        SENT,
        lambda _, attempt: handle_provider_error(attempt, fault(FaultKind.CONTENT_REJECTED), was_accepted=False),
    ),
    "refused for now": (
        SENT,
        lambda _, attempt: handle_provider_error(attempt, fault(FaultKind.RATE_LIMIT), was_accepted=False),
    ),
    "tried again there": (
        SENT,
        lambda _, attempt: handle_provider_error(attempt, fault(FaultKind.UPSTREAM_FAULT), was_accepted=False),
    ),
    "drained": (
        {**SENT, "is_draining": True},
        lambda _, attempt: handle_provider_error(attempt, fault(FaultKind.UNKNOWN), was_accepted=False),
    ),
    "timed out": (ACCEPTED, lambda _, attempt: detach(attempt, roll=0.5)),
    "timed out and switched": (ACCEPTED, lambda _, attempt: detach(attempt, roll=0.5)),
    "failed upstream": (
        ACCEPTED,
        lambda _, attempt: record_states([attempt], {"77": task(attempt, TaskPhase.FAILED)}, roll=0.5),
    ),
    "found": (
        {**SENT, "history_id": "77"},
        lambda _, attempt: resolve_unconfirmed(attempt, task(attempt, TaskPhase.RUNNING), roll=0.5),
    ),
    "given up": ({**ACCEPTED, "is_draining": True}, lambda _, attempt: abandon_attempt(attempt)),
    "canceled before it was sent": ({}, lambda job, _: cancel_job(OWNER, job.id)),
    "canceled while it runs": (ACCEPTED, lambda job, _: cancel_job(OWNER, job.id)),
    "taken from its account": ({}, lambda _, attempt: in_transaction(attempt)),
    "published": ({"state": AttemptState.FETCHING}, published),
}


@pytest.mark.parametrize("name", ENDS)
async def test_an_end_that_is_cut_off_has_changed_nothing(upstream: FakeUpstream, name: str) -> None:
    values, end = ENDS[name]
    job, attempt = await placed(SWITCHING if name.endswith("switched") else None, **values)
    files = [await make_file(OWNER, job_id=job.id)] if end is published else []
    before = await everything()

    async def run() -> object:
        present, now = await Job.get(id=job.id), await Attempt.get(id=attempt.id)
        return await (publish_attempt(now, present, files, None) if files else end(present, now))

    for number in range(MAX_WRITES):
        try:
            with stopped_at_write(number):
                await run()
        except StoppedError:
            assert await everything() == before, f"stopped at write {number} of {name!r}"
        else:
            break
    else:
        pytest.fail("it never came to its end")
    assert number > 1, "it writes more than one thing"
    assert await everything() != before


async def test_a_result_that_was_not_stored_for_a_day_ends_attempt_and_job_at_once(upstream: FakeUpstream) -> None:
    job, attempt = await placed(state=AttemptState.FETCHING, fetch_since_ms=await now_ms() - MAX_RETRY_MS, due_at_ms=1)
    before = await everything()
    for number in range(MAX_WRITES):
        try:
            with stopped_at_write(number):
                await finish_step(StepLease(await Attempt.get(id=attempt.id)), get_settings())
        except StoppedError as stopped:
            if "stored_file" in str(stopped):  # files that the step left behind, once it has come to its end
                break
            assert await everything() == before, f"stopped at write {number}"
        else:
            break
    ended, failed = await Attempt.get(id=attempt.id), await Job.get(id=job.id)
    assert (ended.state, ended.outcome, failed.status) == (AttemptState.ENDED, AttemptOutcome.FAILED, JobStatus.FAILED)
    assert ended.error["kind"] == "FINISH"
    assert failed.error["code"] == "STORAGE_ERROR"


async def test_a_retry_that_is_cut_off_has_changed_nothing(upstream: FakeUpstream) -> None:
    job, attempt = await placed(**ACCEPTED)
    await cancel_job(OWNER, job.id)
    before = await everything()
    for number in range(MAX_WRITES):
        try:
            with stopped_at_write(number):
                await retry_job(OWNER, job.id)
        except StoppedError:
            assert await everything() == before, f"stopped at write {number}"
        else:
            break
    goes_on, resumed = await Job.get(id=job.id), await Attempt.get(id=attempt.id)
    assert (goes_on.status, resumed.is_draining, resumed.run) == (JobStatus.RUNNING, False, goes_on.retry_count)


async def test_a_submit_whose_job_has_ended_frees_slot_and_probe_at_once(upstream: FakeUpstream) -> None:
    job, attempt = await placed()
    await Job.filter(id=job.id).update(status=JobStatus.FAILED)
    before = await everything()
    for number in range(MAX_WRITES):
        try:
            with stopped_at_write(number):
                await submit_step(StepLease(attempt))
        except StoppedError:
            assert await everything() == before, f"stopped at write {number}"
        else:
            break
    assert number == 2
    assert (await Attempt.get(id=attempt.id)).outcome is AttemptOutcome.CANCELED
    assert (await AccountCooldown.get(account_id=attempt.account_id)).probe_attempt_id is None


async def test_an_unanswered_submit_says_so_with_its_state_or_not_at_all(upstream: FakeUpstream) -> None:
    """The attempt is stored as sent before the request is sent; what follows is one transaction."""
    account = await make_account()
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    (step,) = await claim_steps(AttemptState.PLACED, 1, 60)
    upstream.says = [TimeoutError("no answer")]
    with pytest.raises(StoppedError), stopped_at_write(2):  # the mark, the move; and not the message
        await submit_step(step)
    attempt = (await attempts_of(job))[-1]
    assert (attempt.state, attempt.account_id) == (AttemptState.SENT, account.id)
    assert attempt.due_at_ms - await now_ms() > 10_000, "it is still the lease of sending"
    assert (await Account.get(id=account.id)).consecutive_failures == 0
