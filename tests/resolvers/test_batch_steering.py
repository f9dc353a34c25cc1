"""Canceling, retrying, pausing and deleting batches."""

from typing import Any

from errors import BadInputError, ConflictError, ErrorCode, NotFoundError
from models.batches import Batch
from models.enums import AttemptState, BatchStatus, JobStatus
from models.generation import Attempt, GenerationRecord, RecordVersion
from models.jobs import Job
from services.generation.records.deleting import delete_records
from tests.account_factories import make_attempt
from tests.batch_factories import columns, end, make_batch, make_batch_of, present, storyboard_of
from tests.factories import OTHER, OWNER
from tests.pool_factories import make_account, make_generation
from tests.record_factories import finish
from tests.resolvers.asking import ask, refused
from tests.resolvers.batch_documents import faults_of
from tests.statements import counted_with_transactions

P, R, S, F, C = (
    JobStatus.PENDING,
    JobStatus.RUNNING,
    JobStatus.SUCCEEDED,
    JobStatus.FAILED,
    JobStatus.CANCELED,
)
CANCEL = """mutation ($id: ID!, $reason: String) { cancelBatch(id: $id, reason: $reason) {
  canceledCount succeededCount affectedStoryboardIds
  batch { status cancelReason canceledCount pendingCount runningCount finishedAt } } }"""
RETRY = """mutation ($input: RetryBatchInput!) { retryBatch(input: $input) {
  retriedCount
  batch { status pendingCount succeededCount failedCount jobs { nodes { storyboardId retryCount } } } } }"""
DELETE = """mutation ($ids: [ID!]!) { deleteBatches(ids: $ids) {
  deletedIds successCount failedCount failures { path targetId code } } }"""


async def cancel(batch: Batch, reason: str | None = None) -> Any:
    return (await ask(CANCEL, id=batch.global_id, reason=reason))["cancelBatch"]


async def retry(batch: Batch, *storyboard_ids: str, force: bool = False) -> Any:
    given = {"id": batch.global_id, "storyboardIds": list(storyboard_ids), "forceRegenerate": force}
    return (await ask(RETRY, input=given))["retryBatch"]


async def statuses(*jobs: Job) -> list[JobStatus]:
    return [(await Job.get(id=job.id)).status for job in jobs]


async def test_canceling_ends_what_is_not_done_and_leaves_what_is(either_database: str) -> None:
    batch, jobs = await make_batch_of([P, R, R, S, F])
    account = await make_account()
    placed = await make_attempt(account, jobs[1], state=AttemptState.PLACED)
    accepted = await make_attempt(account, jobs[2], state=AttemptState.ACCEPTED, history_id="h")
    done = await cancel(batch, "The client is gone.")
    assert (done["canceledCount"], done["succeededCount"]) == (3, 1)
    assert done["affectedStoryboardIds"] == [storyboard_of(job) for job in jobs[:3]]
    assert (done["batch"]["status"], done["batch"]["cancelReason"]) == ("CANCELED", "The client is gone.")
    assert (done["batch"]["canceledCount"], done["batch"]["pendingCount"], done["batch"]["runningCount"]) == (3, 0, 0)
    assert await statuses(*jobs) == [C, C, C, S, F]
    unsent, draining = await Attempt.get(id=placed.id), await Attempt.get(id=accepted.id)
    assert (unsent.state, unsent.released_at_ms is not None) == (AttemptState.ENDED, True)
    assert (draining.state, draining.is_draining, draining.released_at_ms) == (AttemptState.ACCEPTED, True, None)


async def test_canceling_twice_changes_nothing_more(database: None) -> None:
    batch, _ = await make_batch_of([P, S])
    await cancel(batch, "First.")
    before = await columns(batch)
    again = await cancel(batch, "Second.")
    assert (again["canceledCount"], again["succeededCount"], again["affectedStoryboardIds"]) == (0, 1, [])
    assert again["batch"]["cancelReason"] == "First."
    assert await columns(batch) == before


async def test_an_ended_batch_cannot_be_canceled(database: None) -> None:
    batch, _ = await make_batch_of([S, F], status=BatchStatus.PARTIALLY_FAILED)
    before = await columns(batch)
    error = await refused(CANCEL, id=batch.global_id)
    assert (type(error), error.path) == (ConflictError, ["id"])
    assert await columns(batch) == before


async def test_a_long_reason_and_somebody_elses_batch_are_refused(database: None) -> None:
    batch, jobs = await make_batch_of([P])
    assert (await refused(CANCEL, id=batch.global_id, reason="x" * 501)).path == ["reason"]
    for batch_id in (batch.global_id, "batch_1", "job_1"):
        error = await refused(CANCEL, OTHER, id=batch_id)
        assert (type(error), error.path) == (NotFoundError, ["id"])
    assert await statuses(*jobs) == [P]


async def test_canceling_many_takes_as_many_statements_as_canceling_few(either_database: str) -> None:
    counts = []
    for count in (3, 60):
        batch, _ = await make_batch_of([P] * count)
        with counted_with_transactions() as made:
            await cancel(batch)
        counts.append(len(made))
    assert counts[0] == counts[1]


async def test_all_that_failed_is_retried(either_database: str) -> None:
    batch, jobs = await make_batch_of([S, F, F, C], status=BatchStatus.PARTIALLY_FAILED)
    await Job.filter(id=jobs[1].id).update(retry_count=2)
    done = await retry(batch)
    assert (done["retriedCount"], done["batch"]["status"]) == (2, "RUNNING")
    assert await statuses(*jobs) == [S, P, P, C]
    assert [job["retryCount"] for job in done["batch"]["jobs"]["nodes"]] == [0, 3, 1, 0]
    assert (await retry(batch))["retriedCount"] == 0


async def test_named_storyboards_are_retried_where_they_failed_or_were_canceled(either_database: str) -> None:
    batch, jobs = await make_batch_of([S, F, F, C, P])
    done = await retry(batch, *(storyboard_of(job) for job in (jobs[0], jobs[1], jobs[3], jobs[4])))
    assert done["retriedCount"] == 2
    assert await statuses(*jobs) == [S, P, F, P, P]


async def test_what_upstream_still_has_is_waited_for_again(database: None) -> None:
    batch, jobs = await make_batch_of([F], status=BatchStatus.FAILED)
    account = await make_account()
    attempt = await make_attempt(account, jobs[0], state=AttemptState.ACCEPTED, is_detached=True, history_id="h")
    await retry(batch)
    assert await statuses(*jobs) == [R]
    resumed = await Attempt.get(id=attempt.id)
    assert (resumed.is_detached, resumed.run) == (False, 1)


async def test_what_succeeded_is_made_again_only_where_that_is_forced(either_database: str) -> None:
    batch, jobs = await make_batch_of([P, P])
    files = await finish(jobs[0])
    await end(jobs[1], F)
    done = await retry(batch, force=True)
    assert (done["retriedCount"], done["batch"]["pendingCount"], done["batch"]["succeededCount"]) == (2, 2, 0)
    assert sorted(job["retryCount"] for job in done["batch"]["jobs"]["nodes"]) == [1, 1]
    former = await Job.get(id=jobs[0].id)
    newest = await Job.filter(batch_id=batch.id).order_by("-id").first()
    assert newest is not None
    record = await GenerationRecord.get(id=former.record_id)
    assert (former.status, former.is_superseded) == (S, True)
    assert (record.current_job_id, record.shown_job_id) == (newest.id, former.id)
    assert newest.params == former.params
    await finish(newest)
    assert [version.job_id for version in await RecordVersion.all()] == [former.id]
    assert len(files) == 2


async def test_what_has_gone_on_elsewhere_is_left_out_and_a_conflict_where_it_was_named(either_database: str) -> None:
    batch, jobs = await make_batch_of([F, F, F], status=BatchStatus.FAILED)
    other = await make_generation()
    await GenerationRecord.filter(id=jobs[0].record_id).update(current_job_id=other.id)
    await delete_records(OWNER, [jobs[1].record_id], with_files=False)
    named = [storyboard_of(job) for job in jobs]
    error = await refused(RETRY, input={"id": batch.global_id, "storyboardIds": named})
    assert error.code is ErrorCode.CONFLICT
    assert faults_of(error) == {"storyboardIds.0": "CONFLICT", "storyboardIds.1": "CONFLICT"}
    assert await statuses(*jobs) == [F, F, F]
    assert (await present(batch)).status is BatchStatus.FAILED
    assert (await retry(batch))["retriedCount"] == 1
    assert await statuses(*jobs) == [F, F, P]


async def test_storyboards_that_the_batch_does_not_have_are_not_found(database: None) -> None:
    batch, jobs = await make_batch_of([F], status=BatchStatus.FAILED, skipped_storyboard_ids=["skipped"])
    given = {"id": batch.global_id, "storyboardIds": [storyboard_of(jobs[0]), "nothing", "skipped"]}
    error = await refused(RETRY, input=given)
    assert faults_of(error) == {"storyboardIds.1": "NOT_FOUND", "storyboardIds.2": "NOT_FOUND"}
    assert "was skipped" in error.faults[1].message
    assert await statuses(*jobs) == [F]


async def test_too_many_storyboards_and_batches_that_are_not_there_are_refused(database: None) -> None:
    batch, _ = await make_batch_of([F], status=BatchStatus.FAILED)
    error = await refused(RETRY, input={"id": batch.global_id, "storyboardIds": ["s"] * 1001})
    assert (type(error), error.path) == (BadInputError, ["input", "storyboardIds"])
    missing = await refused(RETRY, OTHER, input={"id": batch.global_id})
    assert (type(missing), missing.path) == (NotFoundError, ["input", "id"])


async def test_retrying_one_job_takes_its_batch_up_again(database: None) -> None:
    batch, jobs = await make_batch_of([S, F], status=BatchStatus.PARTIALLY_FAILED)
    await ask("mutation ($id: ID!) { retryJob(id: $id) { job { id } } }", id=jobs[1].global_id)
    assert (await present(batch)).status is BatchStatus.RUNNING


async def test_a_batch_is_paused_and_resumed_with_another_budget(database: None) -> None:
    batch, _ = await make_batch_of([P], status=BatchStatus.PENDING, credit_budget=5)
    fields = "{ batch { status creditBudget pauseReason } }"
    paused = await ask(f"mutation ($id: ID!) {{ pauseBatch(id: $id) {fields} }}", id=batch.global_id)
    assert paused["pauseBatch"]["batch"]["status"] == "PAUSED"
    resume = f"mutation ($id: ID!, $budget: Int) {{ resumeBatch(id: $id, creditBudget: $budget) {fields} }}"
    assert (await ask(resume, id=batch.global_id, budget=9))["resumeBatch"]["batch"] == {
        "status": "PENDING",
        "creditBudget": 9,
        "pauseReason": None,
    }
    assert (await refused(resume, id=batch.global_id, budget=-1)).path == ["creditBudget"]


async def test_only_ended_batches_are_deleted_and_their_jobs_stay(either_database: str) -> None:
    ended, jobs = await make_batch_of([S], status=BatchStatus.SUCCEEDED)
    live, _ = await make_batch_of([P])
    foreign = await make_batch(OTHER, status=BatchStatus.SUCCEEDED)
    ids = [ended.global_id, live.global_id, foreign.global_id, "job_1", ended.global_id]
    done = (await ask(DELETE, ids=ids))["deleteBatches"]
    assert (done["deletedIds"], done["successCount"], done["failedCount"]) == ([ended.global_id], 1, 3)
    assert [(failure["path"], failure["code"]) for failure in done["failures"]] == [
        (["ids", "1"], "CONFLICT"),
        (["ids", "2"], "NOT_FOUND"),
        (["ids", "3"], "NOT_FOUND"),
    ]
    found = await ask(
        "query ($batch: ID!, $job: ID!) { batch(id: $batch) { id } node(id: $batch) { id }"
        " job(id: $job) { batch { id } } batches { nodes { id } } jobs(filter: {batchId: $batch}) { totalCount } }",
        batch=ended.global_id,
        job=jobs[0].global_id,
    )
    assert found == {
        "batch": None,
        "node": None,
        "job": {"batch": None},
        "batches": {"nodes": [{"id": live.global_id}]},
        "jobs": {"totalCount": 1},
    }
    assert (await ask(DELETE, ids=[ended.global_id]))["deleteBatches"]["failures"][0]["code"] == "NOT_FOUND"
    assert (await refused(DELETE, ids=["batch_1"] * 1001)).path == ["ids"]
