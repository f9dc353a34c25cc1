"""Batches: pictures or clips that were requested together, and the payloads about them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import strawberry

from errors import BadInputError
from models.batches import Batch as BatchRow
from models.enums import BatchStatus, BatchType, JobStatus, LoadBalance, Priority, RateLimitHandling
from models.generation_requests import AccountStrategy as StoredStrategy
from models.ids import global_id
from schema.callbacks import CallbackDelivery, deliveries_of
from schema.context import Info
from schema.fields import given, resolved
from schema.jobs import PRIORITIES, Job
from schema.paging import Connection, Node, child_connection, paged
from schema.records import Project
from services.generation.batches.admission import Admission
from services.generation.batches.end_states import Counts, progress_of
from services.generation.batches.retrying import Retry
from services.platform.paging import MAX_IDS, PageRequest
from services.queries.batches import batch_jobs
from services.queries.orders import BATCH_JOB_ORDERS


@strawberry.type(description="How a batch uses the account pool, with the deployment's values filled in.")
class AccountStrategy:
    load_balance: LoadBalance = strawberry.field(description="How an account is chosen among the eligible ones.")
    max_concurrent_per_account: int | None = strawberry.field(
        description="Lowers, never raises, the account's own maxConcurrent."
    )
    auto_switch_on_failure: bool = strawberry.field(description="Whether to try another account when one fails.")
    rate_limit_handling: RateLimitHandling = strawberry.field(
        description="What to do when upstream limits the request rate."
    )
    switch_on_timeout: bool = strawberry.field(description="Whether to try another account after a time-out.")
    max_attempts: int = strawberry.field(description="Attempts on accounts before a job fails.")
    account_ids: list[strawberry.ID] = strawberry.field(description="Only these accounts; empty: the whole pool.")

    @staticmethod
    def of(strategy: StoredStrategy) -> "AccountStrategy":
        return AccountStrategy(
            load_balance=strategy.load_balance,
            max_concurrent_per_account=strategy.max_concurrent_per_account,
            auto_switch_on_failure=strategy.auto_switch_on_failure,
            rate_limit_handling=strategy.rate_limit_handling,
            switch_on_timeout=strategy.switch_on_timeout,
            max_attempts=strategy.max_attempts,
            account_ids=[strawberry.ID(global_id("Account", number)) for number in strategy.account_ids],
        )


@strawberry.type(description="Pictures or clips that were requested together: a job for each, and one policy for all.")
class Batch(Node):
    row: strawberry.Private[BatchRow]
    type: BatchType = strawberry.field(description="What it makes; COMPOSE as soon as one item has an input image.")
    status: BatchStatus = strawberry.field(description="Its status.")
    project: Project = strawberry.field(description="The caller's project.")
    work_id: str = strawberry.field(description="The caller's id for the work.")
    priority: Priority = strawberry.field(description="The scheduling priority; setPriority changes it.")
    strategy: AccountStrategy = strawberry.field(description="How it uses the account pool.")
    total_count: int = strawberry.field(description="All requested items, including skipped ones.")
    skipped_count: int = strawberry.field(
        description="Items that were skipped, because their storyboard had a result or was being generated."
    )
    started_at: datetime | None = strawberry.field(description="When its first job started.")
    finished_at: datetime | None = strawberry.field(description="When its last job ended.")
    cancel_reason: str | None = strawberry.field(description="The reason given to cancelBatch.")
    pause_reason: str | None = strawberry.field(description="Why the server paused it; null where a person did.")
    credit_budget: int | None = strawberry.field(description="It pauses before it would spend more; null: no limit.")
    max_parallel: int | None = strawberry.field(
        description="The most jobs that run at once; null: limited only by free slots."
    )
    callback_url: str | None = strawberry.field(description="Where its callback is sent.")
    warnings: list[str] = strawberry.field(description="The warnings of its payload when it was created.")
    skipped_storyboard_ids: list[str] = strawberry.field(description="The storyboards of the items that were skipped.")
    created_at: datetime = strawberry.field(description="When it was requested.")

    @resolved("Waiting items.")
    async def pending_count(self, info: Info) -> int:
        return (await self._counts(info)).pending

    @resolved("Running items.")
    async def running_count(self, info: Info) -> int:
        return (await self._counts(info)).running

    @resolved("Succeeded items.")
    async def succeeded_count(self, info: Info) -> int:
        return (await self._counts(info)).succeeded

    @resolved("Failed items.")
    async def failed_count(self, info: Info) -> int:
        return (await self._counts(info)).failed

    @resolved("Canceled items.")
    async def canceled_count(self, info: Info) -> int:
        return (await self._counts(info)).canceled

    @resolved("Finished items over all items, from 0 to 1; failed, canceled and skipped items count as finished.")
    async def progress(self, info: Info) -> float:
        return progress_of(self.row.total_count, len(self.row.skipped_storyboard_ids), await self._counts(info))

    async def _counts(self, info: Info) -> Counts:
        return await info.context.loaders.counts_by_batch_id.load(self.row.id)

    @resolved(
        "The estimated end, by measured durations, free slots and queued jobs. Null where it has ended or is paused, "
        "or where it is unknown."
    )
    async def estimated_completion(self, info: Info) -> datetime | None:
        seconds = await info.context.loaders.seconds_left_by_batch_id.load(self.row.id)
        return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)

    @resolved("The known credit cost of its attempts; null where nothing is known of what was spent.")
    async def credits_spent(self, info: Info) -> int | None:
        return (await info.context.loaders.credits_by_batch_id.load(self.row.id)).known

    @resolved("Tasks of it whose cost is unknown, and not in creditsSpent.")
    async def credits_unknown_count(self, info: Info) -> int:
        return (await info.context.loaders.credits_by_batch_id.load(self.row.id)).unknown_count

    @resolved("Its callback deliveries, newest first, at most 100.")
    async def callback_deliveries(self, info: Info) -> list[CallbackDelivery]:
        return await deliveries_of(info, "batch", self.row.id)

    @paged("The jobs of its items, in the order of the items, without jobs that newer ones replaced.", BATCH_JOB_ORDERS)
    async def jobs(
        self,
        info: Info,
        request: PageRequest,
        status: Annotated[
            list[JobStatus] | None, strawberry.argument(description="Only in one of these states.")
        ] = strawberry.UNSET,
        storyboard_ids: Annotated[
            list[str] | None, strawberry.argument(description=f"Only for these storyboards, at most {MAX_IDS}.")
        ] = strawberry.UNSET,
    ) -> Connection[Job] | None:
        statuses, wanted = given(status), given(storyboard_ids)
        if wanted is not None and len(wanted) > MAX_IDS:
            raise BadInputError(f"At most {MAX_IDS} storyboards are allowed.", path=["storyboardIds"])
        only = None if wanted is None else tuple(sorted(set(wanted))) or ("",)
        children = batch_jobs(None if statuses is None else sorted(set(statuses)), None if only is None else len(only))
        return await child_connection(info, children, self.row.id, request, Job.from_row, only)

    @staticmethod
    def from_row(row: BatchRow) -> "Batch":
        return Batch(
            row=row,
            id=strawberry.ID(row.global_id),
            type=row.type,
            status=row.status,
            project=Project(project_id=row.project_id, name=row.project_name),
            work_id=row.work_id,
            priority=PRIORITIES.get(row.priority_rank, Priority.NORMAL),
            strategy=AccountStrategy.of(StoredStrategy.from_json(row.strategy)),
            total_count=row.total_count,
            skipped_count=len(row.skipped_storyboard_ids),
            started_at=row.started_at,
            finished_at=row.finished_at,
            cancel_reason=row.cancel_reason,
            pause_reason=row.pause_reason,
            credit_budget=row.credit_budget,
            max_parallel=row.max_parallel,
            callback_url=row.callback_url,
            warnings=list(row.warnings),
            skipped_storyboard_ids=list(row.skipped_storyboard_ids),
            created_at=row.created_at,
        )


@strawberry.type(description="The result of a batch request.")
class CreateBatchPayload:
    batch: Batch | None = strawberry.field(description="The batch; null with dryRun.")
    total_count: int = strawberry.field(description="All requested items.")
    skipped_storyboard_ids: list[str] = strawberry.field(
        description="Skipped, because they had a result or were being generated."
    )
    queue_count: int = strawberry.field(
        description="Items to be generated: neither skipped nor served from a cached result."
    )
    estimated_seconds: float | None = strawberry.field(
        description="The estimated duration; null where no account can do it or it is unknown."
    )
    estimated_credits: int | None = strawberry.field(
        description="The estimated cost; null where a model has no known price."
    )
    known_credits: int = strawberry.field(description="The estimated cost of the items whose price is known.")
    credits_unknown_count: int = strawberry.field(description="Items to be generated whose price is unknown.")
    warnings: list[str] = strawberry.field(description="Warnings that do not prevent the batch.")

    @staticmethod
    def of(admission: Admission) -> "CreateBatchPayload":
        return CreateBatchPayload(
            batch=None if admission.batch is None else Batch.from_row(admission.batch),
            total_count=admission.total_count,
            skipped_storyboard_ids=list(admission.skipped_storyboard_ids),
            queue_count=admission.queue_count,
            estimated_seconds=admission.estimated_seconds,
            estimated_credits=admission.estimated_credits,
            known_credits=admission.known_credits,
            credits_unknown_count=admission.unknown_price_count,
            warnings=list(admission.warnings),
        )


@strawberry.type(description="An item of a batch that was not retried.")
class SkippedItem:
    storyboard_id: str = strawberry.field(description="The item's storyboard.")
    job_id: strawberry.ID = strawberry.field(description="Its job, which has the error.")
    reason: str = strawberry.field(description="Why it was not retried, as human-readable text.")


@strawberry.type(description="A retried batch.")
class RetryBatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
    retried_count: int = strawberry.field(description="How many of its items are generated again.")
    skipped_count: int = strawberry.field(description="How many items were left as they are.")
    skipped: list[SkippedItem] = strawberry.field(
        description="Those items, in the order of the batch: their error is not retryable, or a newer job has replaced "
        "theirs. Naming a storyboard, or forceRegenerate, retries it all the same."
    )

    @staticmethod
    def of(done: Retry) -> "RetryBatchPayload":
        return RetryBatchPayload(
            batch=Batch.from_row(done.batch),
            retried_count=done.retried_count,
            skipped_count=len(done.skipped),
            skipped=[
                SkippedItem(
                    storyboard_id=item.storyboard_id,
                    job_id=strawberry.ID(global_id("Job", item.job_id)),
                    reason=item.reason,
                )
                for item in done.skipped
            ],
        )


@strawberry.type(description="A batch that was canceled.")
class CancelBatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
    canceled_count: int = strawberry.field(description="How many of its items this canceled.")
    succeeded_count: int = strawberry.field(description="How many items have succeeded and keep their result.")
    affected_storyboard_ids: list[str] = strawberry.field(description="The storyboards of the canceled items.")


@strawberry.type(description="A batch that was changed.")
class BatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
