"""The store of attempts: what each change of state writes, and what it leaves."""

from typing import Any

import pytest

from errors import JobErrorCode
from models.database import execute, now_ms
from models.enums import ATTEMPT_TRANSITIONS, AttemptOutcome, AttemptState, JobStatus
from models.generation import Attempt
from models.job_errors import JobError
from models.jobs import Job
from services.platform.leases import Lease
from services.stores import attempts
from services.stores.transitions import ForbiddenTransitionError
from tests.account_factories import make_account, make_attempt

pytestmark = pytest.mark.usefixtures("either_database")

PAIRS = [(old, new) for old in AttemptState for new in AttemptState]
ERROR = JobError(JobErrorCode.TIMEOUT, "Late.", is_retryable=True, kind="TIMEOUT")


async def columns(attempt: Attempt) -> dict[str, Any]:
    return (await execute("SELECT * FROM attempt WHERE id = ?", attempt.id))[0]


def test_the_table_holds_what_attempts_do_and_nothing_else() -> None:
    live = {AttemptState.PLACED, *attempts.UNDER_WAY}
    does = {(state, state) for state in live}  # the step is done again later
    does |= {(state, AttemptState.ENDED) for state in live}
    does |= {
        (AttemptState.PLACED, AttemptState.SENT),
        (AttemptState.SENT, AttemptState.PLACED),  # refused, or certain that upstream does not have it
        (AttemptState.SENT, AttemptState.ACCEPTED),
        (AttemptState.ACCEPTED, AttemptState.FETCHING),
        (AttemptState.ENDED, AttemptState.FETCHING),  # retried, where only storing failed
        (
            AttemptState.ENDED,
            AttemptState.ACCEPTED,
        ),  # retried after a cancel: the provider may have ended it all the same
    }
    assert does == {(old, new) for old, allowed in ATTEMPT_TRANSITIONS.items() for new in allowed}


async def test_every_change_of_the_table_is_written_and_every_other_refused() -> None:
    account = await make_account()
    for old, new in PAIRS:
        attempt = await make_attempt(account, state=old, lease_epoch=2)
        before = await columns(attempt)
        lease = attempts.lease_of(attempt)
        if new not in ATTEMPT_TRANSITIONS[old]:
            with pytest.raises(ForbiddenTransitionError):
                await attempts.transition(lease, to=new, expected=[old], due_in_ms=5)
            assert await columns(attempt) == before, f"{old} to {new} changed something"
            continue
        assert await attempts.transition(Lease(attempt.id, 1), to=new, expected=[old]) == []
        assert await columns(attempt) == before, "the lease is another's"
        before_ms = await now_ms()
        changed = await attempts.transition(lease, to=new, expected=[old], due_in_ms=5, polls=9)
        assert [(each.id, each.job_id) for each in changed] == [(attempt.id, attempt.job_id)]
        after = await Attempt.get(id=attempt.id)
        assert (after.state, after.polls) == (new, 9)
        assert before_ms + 5 <= after.due_at_ms <= await now_ms() + 5
        is_end = new is AttemptState.ENDED
        assert (after.finished_at is not None, after.released_at_ms is not None) == (is_end, is_end)


async def test_an_attempt_ends_with_its_error_in_one_statement_and_keeps_the_time_of_its_slot() -> None:
    attempt = await make_attempt(await make_account(), state=AttemptState.ACCEPTED, released_at_ms=7)
    assert await attempts.end(attempt, AttemptOutcome.FAILED, ERROR)
    after = await Attempt.get(id=attempt.id)
    assert (after.state, after.outcome, after.error) == (AttemptState.ENDED, AttemptOutcome.FAILED, ERROR.to_json())
    assert (after.released_at_ms, after.due_at_ms) == (7, None)
    assert not await attempts.end(attempt, AttemptOutcome.SUCCEEDED), "twice changes nothing"


async def test_a_success_forgets_the_error_of_earlier_tries() -> None:
    attempt = await make_attempt(await make_account(), state=AttemptState.FETCHING, error=ERROR.to_json())
    assert await attempts.end(attempt, AttemptOutcome.SUCCEEDED)
    assert (await Attempt.get(id=attempt.id)).error is None


async def test_nothing_is_sent_of_a_job_that_has_ended() -> None:
    attempt = await make_attempt(await make_account())
    await Job.filter(id=attempt.job_id).update(status=JobStatus.CANCELED)
    before = await columns(attempt)
    assert await attempts.mark_sent(attempt, 30) is None
    assert await columns(attempt) == before
    await Job.filter(id=attempt.job_id).update(status=JobStatus.RUNNING)
    sent_at_ms = await attempts.mark_sent(attempt, 30)
    after = await Attempt.get(id=attempt.id)
    assert (after.state, after.sends, after.sent_at_ms) == (AttemptState.SENT, 1, sent_at_ms)


async def test_an_attempt_is_detached_once_and_is_due_as_much_later() -> None:
    attempt = await make_attempt(await make_account(), state=AttemptState.SENT, due_at_ms=1_000)
    lease = attempts.lease_of(attempt)
    assert await attempts.detach(lease, ERROR, later_ms=60, is_switching=True)
    after = await Attempt.get(id=attempt.id)
    assert (after.is_detached, after.due_at_ms, after.outcome) == (True, 1_060, AttemptOutcome.SWITCHED)
    assert (after.error, after.released_at_ms) == (ERROR.to_json(), None)
    assert after.finished_at is not None
    assert not await attempts.detach(lease, ERROR, later_ms=60, is_switching=False)


async def test_new_attempts_have_all_their_times_from_the_databases_clock() -> None:
    account = await make_account()
    job_id = (await make_attempt(account)).job_id
    before_ms = await now_ms()
    attempt = Attempt(
        owner=account.owner, job_id=job_id, number=2, provider="p", kind="IMAGE", model="m", submit_id="s"
    )
    await attempts.insert_attempts([attempt])
    stored = await Attempt.get(id=attempt.id)
    assert before_ms <= stored.placed_at_ms == stored.due_at_ms <= await now_ms()
    assert int(stored.created_at.timestamp() * 1000 + 0.5) == stored.placed_at_ms
