"""The end of attempts: their probes and late results, on both databases."""

import pytest

from errors import JobErrorCode
from models.accounts import AccountCooldown
from models.artifacts import JobFile
from models.database import transaction
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind
from services.film.jobs import cancel_job, retry_job
from services.generation.attempts import claim_steps, end_attempt
from services.generation.finishing import finish_step, publish_attempt
from services.generation.outcomes import succeed_generation
from services.generation.submitting import submit_step
from services.worker.scheduling import schedule
from settings import get_settings
from tests.factories import OWNER, make_file
from tests.pool_factories import FakeUpstream, fault, make_account, make_generation

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.mark.parametrize("kind", [FaultKind.CONCURRENCY_LIMIT, FaultKind.OUT_OF_CREDIT, FaultKind.CONTENT_REJECTED])
async def test_a_probe_that_says_nothing_about_its_cooldown_lets_the_next_attempt_be_the_probe(
    upstream: FakeUpstream, kind: FaultKind
) -> None:
    account = await make_account(learned_image_limit=2)
    job = await make_generation()
    await AccountCooldown.create(
        account_id=account.id, kind="IMAGE", model=job.params["model"], until_ms=1, reason="Risk control."
    )
    await schedule(MediaKind.IMAGE)
    (probe,) = await claim_steps(AttemptState.PLACED, 1, 60)
    over = AccountCooldown.get(account_id=account.id, model=job.params["model"])
    assert (await over).probe_attempt_id == probe.attempt.id
    upstream.says = [fault(kind)]
    await submit_step(probe)
    assert (await Attempt.get(id=probe.attempt.id)).state is AttemptState.ENDED
    assert (await AccountCooldown.get(account_id=account.id, model=job.params["model"])).probe_attempt_id is None


async def test_an_attempt_that_somebody_else_has_stays_the_probe(upstream: FakeUpstream) -> None:
    account = await make_account()
    await AccountCooldown.create(account_id=account.id, kind="IMAGE", until_ms=1, reason="Too fast.")
    await make_generation()
    await schedule(MediaKind.IMAGE)
    (probe,) = await claim_steps(AttemptState.PLACED, 1, 60)
    await Attempt.filter(id=probe.attempt.id).update(lease_epoch=probe.epoch + 1)
    assert not await end_attempt(probe.attempt, AttemptOutcome.FAILED)
    assert (await AccountCooldown.get(account_id=account.id)).probe_attempt_id == probe.attempt.id


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING, JobStatus.FAILED])
async def test_a_late_result_ends_its_job_well_also_while_that_waits_for_another_account(
    upstream: FakeUpstream, status: JobStatus
) -> None:
    error = {"code": JobErrorCode.TIMEOUT.value, "message": "Too late.", "retryable": True, "upstreamCode": None}
    job = await make_generation(status=status, error=error)
    assert await transaction(lambda: succeed_generation(job, is_late=True))
    job = await Job.get(id=job.id)
    assert (job.status, job.error, job.due_at_ms) == (JobStatus.SUCCEEDED, None, None)


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.FAILED, JobStatus.CANCELED])
async def test_a_result_in_time_ends_no_job_that_does_not_run(upstream: FakeUpstream, status: JobStatus) -> None:
    job = await make_generation(status=status)
    assert not await succeed_generation(job)
    assert (await Job.get(id=job.id)).status is status


async def test_a_second_result_of_a_job_becomes_a_version_and_its_files_stay(upstream: FakeUpstream) -> None:
    """Two accounts were tried, both had a result, and both were fetched before the first one's was published."""
    await make_account()
    job = await make_generation(strategy=AccountStrategy(switch_on_timeout=True))
    await schedule(MediaKind.IMAGE)
    (step,) = await claim_steps(AttemptState.PLACED, 1, 60)
    await submit_step(step)
    await Attempt.filter(job_id=job.id).update(state=AttemptState.FETCHING, due_at_ms=None)
    first = await Attempt.get(job_id=job.id)
    values = {name: getattr(first, name) for name in ("owner", "job_id", "account_id", "provider", "kind", "model")}
    second = await Attempt.create(
        **values, number=2, submit_id="second", state=AttemptState.FETCHING, placed_at_ms=1, is_detached=True
    )
    files = [await make_file() for _ in range(3)]
    await publish_attempt(first, job, files[:2], None)
    await publish_attempt(second, job, files[1:], None)
    record = await GenerationRecord.get(id=job.record_id)
    assert (record.shown_job_id, record.current_job_id, record.version_count) == (job.id, job.id, 1)
    version = await RecordVersion.get(record_id=record.id)
    kept = await Job.get(id=version.job_id)
    assert (kept.status, kept.batch_id, kept.params) == (JobStatus.SUCCEEDED, None, job.params)
    assert kept.finished_at is not None
    for of_job, expected in ((job, files[:2]), (kept, files[1:])):
        links = await JobFile.filter(job_id=of_job.id).order_by("position")
        assert [(link.position, link.file_id) for link in links] == [(0, expected[0].id), (1, expected[1].id)]
    outcomes = await Attempt.filter(job_id=job.id).values_list("outcome", flat=True)
    assert set(outcomes) == {AttemptOutcome.SUCCEEDED}


async def test_a_step_that_still_takes_its_job_for_canceled_ends_no_attempt_that_was_resumed(
    upstream: FakeUpstream,
) -> None:
    await make_account()
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    (step,) = await claim_steps(AttemptState.PLACED, 1, 60)
    await submit_step(step)
    await Attempt.filter(job_id=job.id).update(state=AttemptState.FETCHING, due_at_ms=1)
    await cancel_job(OWNER, job.id)
    (late,) = await claim_steps(AttemptState.FETCHING, 1, 60)
    assert late.attempt.is_draining
    await retry_job(OWNER, job.id)
    await finish_step(late, get_settings())
    attempt = await Attempt.get(job_id=job.id)
    assert (attempt.state, attempt.is_draining, attempt.outcome) == (
        AttemptState.FETCHING,
        False,
        AttemptOutcome.RUNNING,
    )
    assert (await Job.get(id=job.id)).status is JobStatus.RUNNING
