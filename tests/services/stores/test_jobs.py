"""The store of jobs: what each change of status writes, what it leaves, and whom it tells."""

from typing import Any

import pytest

from errors import JobErrorCode
from models.database import execute, now_ms, transaction
from models.enums import (
    ENDED_JOB_STATUSES,
    JOB_TRANSITIONS,
    LIVE_JOB_STATUSES,
    ArtifactKind,
    JobRole,
    JobStatus,
    JobType,
    Queue,
)
from models.job_errors import JobError
from models.jobs import Job
from services.platform.events import batch_topic, bus, job_topic
from services.platform.leases import Lease
from services.stores.jobs import claims, inserts, moves, waits
from services.stores.jobs.transitions import transition
from services.stores.jobs.which import Jobs, builds_of
from services.stores.transitions import ForbiddenTransitionError
from tests.factories import OWNER, make_build, make_job

pytestmark = pytest.mark.usefixtures("either_database")

PAIRS = [(old, new) for old in JobStatus for new in JobStatus]
ERROR = JobError(JobErrorCode.INTERNAL, "It broke.", is_retryable=True)


async def columns(job: Job) -> dict[str, Any]:
    rows = await execute("SELECT * FROM job WHERE id = ?", job.id)
    return rows[0]


async def held(**values: Any) -> tuple[Job, Lease]:
    job = await make_job(**{"status": JobStatus.RUNNING, "worker": "w", "lease_epoch": 3, "due_at_ms": 1, **values})
    return job, Lease(job.id, 3)


async def test_every_change_of_the_table_is_written_and_every_other_refused() -> None:
    for old, new in PAIRS:
        job = await make_job(status=old, worker="w", message="So far.", lease_epoch=7, due_at_ms=5)
        before = await columns(job)
        if new not in JOB_TRANSITIONS[old]:
            with pytest.raises(ForbiddenTransitionError):
                await transition([job.id], to=new, expected=[old])
            assert await columns(job) == before, f"{old} to {new} changed something"
            continue
        changed = await transition([job.id], to=new, expected=[old])
        assert [each.id for each in changed] == [job.id]
        after = await Job.get(id=job.id)
        assert (after.status, after.version, after.worker, after.due_at_ms) == (new, job.version + 1, None, None)
        assert (after.finished_at is not None) is (new in ENDED_JOB_STATUSES)
        assert after.message == (None if new in ENDED_JOB_STATUSES else "So far.")
        assert after.lease_epoch == (8 if new is JobStatus.CANCELED else 7)
        assert (after.progress == 1) is (new is JobStatus.SUCCEEDED)


def test_the_table_holds_what_jobs_do_and_nothing_else() -> None:
    does = {(status, JobStatus.RUNNING) for status in LIVE_JOB_STATUSES}  # claimed, also from a lease that ran out
    does |= {(JobStatus.RUNNING, JobStatus.PENDING)}  # put back
    does |= {(old, new) for old in LIVE_JOB_STATUSES for new in (JobStatus.FAILED, JobStatus.CANCELED)}
    does |= {(old, JobStatus.SUCCEEDED) for old in moves.LATE}
    does |= {(old, new) for old in moves.REOPENED for new in LIVE_JOB_STATUSES}
    assert does == {(old, new) for old, allowed in JOB_TRANSITIONS.items() for new in allowed}


async def test_a_transition_from_no_state_or_from_one_that_is_forbidden_among_others_is_refused() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    before = await columns(job)
    for expected in ([], [JobStatus.RUNNING, JobStatus.SUCCEEDED]):
        with pytest.raises(ForbiddenTransitionError):
            await transition([job.id], to=JobStatus.FAILED, expected=expected)
    with pytest.raises(ValueError, match="no condition"):
        await transition(Jobs(), to=JobStatus.FAILED, expected=[JobStatus.RUNNING])
    assert await columns(job) == before


async def test_only_jobs_in_an_expected_status_change_and_their_followers_hear_of_it_after_the_commit() -> None:
    running = await make_job(status=JobStatus.RUNNING, batch_id=77)
    ended = await make_job(status=JobStatus.FAILED)
    topics = [job_topic(running.id), job_topic(ended.id), batch_topic(77)]
    with bus().listen(topics) as listener:

        async def body() -> None:
            await transition([running.id, ended.id], to=JobStatus.CANCELED, expected=LIVE_JOB_STATUSES)
            assert await listener.next(0.01) == set()

        await transaction(body)
        assert await listener.next(1) == {job_topic(running.id), batch_topic(77)}
    assert (await Job.get(id=ended.id)).status is JobStatus.FAILED


async def test_whoever_lost_the_lease_changes_nothing() -> None:
    job, lease = await held()
    old = Lease(job.id, lease.epoch - 1)
    before = await columns(job)
    assert not await moves.schedule_retry(old, wait_ms=0, failures=1, error=ERROR, message="Again.")
    assert not await moves.fail(Jobs(lease=old), ERROR)
    assert not await moves.succeed(Jobs(lease=old))
    assert not await waits.sleep_job(old, is_due=False)
    assert not await claims.release(old)
    assert await claims.extend(old, 30) is None
    assert not await claims.is_held_by(old)
    assert await columns(job) == before


async def test_a_job_that_is_put_back_keeps_its_error_and_waits_by_the_databases_clock() -> None:
    job, lease = await held()
    before_ms = await now_ms()
    assert await moves.schedule_retry(lease, wait_ms=5_000, failures=2, error=ERROR, message="Retrying.")
    after = await Job.get(id=job.id)
    assert (after.status, after.failures, after.error, after.message) == (
        JobStatus.PENDING,
        2,
        ERROR.to_json(),
        "Retrying.",
    )
    assert before_ms + 5_000 <= after.due_at_ms <= await now_ms() + 5_000


async def test_a_late_result_ends_a_job_that_waits_for_another_account() -> None:
    job = await make_job(status=JobStatus.PENDING, due_at_ms=5)
    assert await moves.succeed(Jobs(ids=[job.id]), expected=moves.LATE, message="Late.")
    after = await Job.get(id=job.id)
    assert (after.status, after.due_at_ms, after.message) == (JobStatus.SUCCEEDED, None, "Late.")


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_canceled_generation_that_is_retried_runs_on_or_waits_for_an_account(goes_on: bool) -> None:
    job = await make_job(role=JobRole.GENERATE, status=JobStatus.CANCELED, retry_count=1, tries=4, failures=2)
    assert await moves.reopen_generations([job.id], is_resumed=goes_on)
    after = await Job.get(id=job.id)
    assert after.status is (JobStatus.RUNNING if goes_on else JobStatus.PENDING)
    assert (after.due_at_ms is None) is goes_on
    assert (after.retry_count, after.tries, after.failures, after.finished_at) == (2, 0, 0, None)
    assert await moves.reopen_generations([job.id], is_resumed=goes_on) == [], "twice changes nothing"


async def test_new_jobs_have_all_their_times_from_the_databases_clock() -> None:
    before_ms = await now_ms()
    waiting = Job(owner=OWNER, type=JobType.SCRIPT, role=JobRole.STAGE, queue=Queue.PLANNING, target_id=1, batch_id=5)
    done = Job(
        owner=OWNER,
        type=JobType.SCRIPT,
        role=JobRole.STAGE,
        queue=Queue.PLANNING,
        target_id=1,
        status=JobStatus.SUCCEEDED,
    )
    await inserts.insert_jobs([waiting, done])
    waiting, done = await Job.get(id=waiting.id), await Job.get(id=done.id)
    assert before_ms <= waiting.due_at_ms <= await now_ms()  # type: ignore[operator]
    assert waiting.waiting_since_ms == waiting.due_at_ms == int(waiting.created_at.timestamp() * 1000 + 0.5)
    assert done.finished_at == done.created_at == waiting.created_at
    assert (done.due_at_ms, waiting.finished_at) == (None, None)


async def test_builds_are_found_by_what_they_make() -> None:
    parent = await make_job(status=JobStatus.RUNNING)
    clip = await make_build(parent, ArtifactKind.CLIP, 5)
    await make_build(parent, ArtifactKind.CLIP, 6)
    await make_build(parent, ArtifactKind.SPEECH, 5)
    assert [job.id for job in await moves.cancel(builds_of(5, ArtifactKind.CLIP))] == [clip.id]
    assert await Job.filter(role=JobRole.BUILD, status=JobStatus.PENDING).count() == 2


async def test_a_workflows_family_is_its_jobs_and_those_of_its_targets() -> None:
    own, hanging, other = (
        await make_job(workflow_id=1),
        await make_job(target_id=987_654),
        await make_job(workflow_id=2),
    )
    changed = await moves.cancel(Jobs(workflow_id=1, target_ids=[987_654]))
    assert {job.id for job in changed} == {own.id, hanging.id}
    assert (await Job.get(id=other.id)).status is JobStatus.PENDING


def test_an_error_comes_back_as_it_was_stored() -> None:
    with_kind = JobError(JobErrorCode.RATE_LIMIT, "Slower.", True, "1310", "RATE_LIMIT", "log-1")
    for error in (ERROR, with_kind):
        assert JobError.from_json(error.to_json()) == error
    assert set(ERROR.to_json()) == {"code", "message", "retryable", "upstreamCode"}
    assert JobError.from_json(None) is None
    assert JobError.from_json({"message": "Old."}) == JobError(JobErrorCode.INTERNAL, "Old.", is_retryable=True)
