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
from services.platform.paging import MAX_IDS, PageRequest
from services.queries.batches import batch_jobs


@strawberry.type(description="How a batch uses the account pool, with what the deployment had where nothing was said.")
class AccountStrategy:
    load_balance: LoadBalance = strawberry.field(description="Which account is taken among those that could be.")
    max_concurrent_per_account: int | None = strawberry.field(
        description="Lowers, never raises, the account's own maxConcurrent."
    )
    auto_switch_on_failure: bool = strawberry.field(description="Whether another account is tried where one fails.")
    rate_limit_handling: RateLimitHandling = strawberry.field(
        description="What happens where upstream wants fewer requests."
    )
    switch_on_timeout: bool = strawberry.field(
        description="Whether another account is tried where no result came in time."
    )
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


@strawberry.type(description="Pictures or clips that were asked for together: a job for each, and a policy for all.")
class Batch(Node):
    row: strawberry.Private[BatchRow]
    type: BatchType = strawberry.field(description="What it makes; COMPOSE as soon as one item has an input image.")
    status: BatchStatus = strawberry.field(description="How far it is.")
    project: Project = strawberry.field(description="The caller's project.")
    work_id: str = strawberry.field(description="The caller's id for the work.")
    priority: Priority = strawberry.field(description="Which work goes first.")
    strategy: AccountStrategy = strawberry.field(description="How it uses the account pool.")
    total_count: int = strawberry.field(description="All items that were asked for, with those that were skipped.")
    skipped_count: int = strawberry.field(description="Items that were left out, because there was something already.")
    started_at: datetime | None = strawberry.field(description="When the first of its jobs began.")
    finished_at: datetime | None = strawberry.field(description="When the last of them ended.")
    cancel_reason: str | None = strawberry.field(description="Why cancelBatch was called, where it was said.")
    pause_reason: str | None = strawberry.field(description="Why it paused by itself; null where somebody paused it.")
    credit_budget: int | None = strawberry.field(description="It pauses before it would spend more; null: no limit.")
    max_parallel: int | None = strawberry.field(
        description="How many of its jobs run at once; null: as many as there are slots."
    )
    callback_url: str | None = strawberry.field(description="Where its end is told to.")
    warnings: list[str] = strawberry.field(description="What its payload warned of when it was made.")
    skipped_storyboard_ids: list[str] = strawberry.field(description="The storyboards of the items that were skipped.")
    created_at: datetime = strawberry.field(description="When it was asked for.")

    @resolved("Items that wait.")
    async def pending_count(self, info: Info) -> int:
        return (await self._counts(info)).pending

    @resolved("Items that are being made.")
    async def running_count(self, info: Info) -> int:
        return (await self._counts(info)).running

    @resolved("Items that have their result.")
    async def succeeded_count(self, info: Info) -> int:
        return (await self._counts(info)).succeeded

    @resolved("Items that failed.")
    async def failed_count(self, info: Info) -> int:
        return (await self._counts(info)).failed

    @resolved("Items that were canceled.")
    async def canceled_count(self, info: Info) -> int:
        return (await self._counts(info)).canceled

    @resolved("Finished items over all items, from 0 to 1; failed, canceled and skipped ones are finished, too.")
    async def progress(self, info: Info) -> float:
        return progress_of(self.row.total_count, len(self.row.skipped_storyboard_ids), await self._counts(info))

    async def _counts(self, info: Info) -> Counts:
        return await info.context.loaders.counts_by_batch_id.load(self.row.id)

    @resolved(
        "When it is likely to be done, by what is measured, free and queued now. Null where it has ended or is paused, "
        "and where nobody knows."
    )
    async def estimated_completion(self, info: Info) -> datetime | None:
        seconds = await info.context.loaders.seconds_left_by_batch_id.load(self.row.id)
        return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)

    @resolved("What its attempts cost, as far as that is known.")
    async def credits_spent(self, info: Info) -> int:
        return await info.context.loaders.credits_by_batch_id.load(self.row.id)

    @resolved("What was told to its callback address, newest first, at most 100.")
    async def callback_deliveries(self, info: Info) -> list[CallbackDelivery]:
        return await deliveries_of(info, "batch", self.row.id)

    @paged("Its items' jobs, in the order of the items; without those that newer ones replaced.")
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
    ) -> Connection[Job]:
        statuses, wanted = given(status), given(storyboard_ids)
        if wanted is not None and len(wanted) > MAX_IDS:
            raise BadInputError(f"At most {MAX_IDS} storyboards are taken at once.", path=["storyboardIds"])
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
            project=Project(id=row.project_id, name=row.project_name),
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


@strawberry.type(description="What came of a batch that was asked for.")
class CreateBatchPayload:
    batch: Batch | None = strawberry.field(description="The batch; null where it was only looked at (dryRun).")
    total_count: int = strawberry.field(description="All items that were asked for.")
    skipped_storyboard_ids: list[str] = strawberry.field(description="Left out, because there was something already.")
    queue_count: int = strawberry.field(
        description="Items that are to be generated: neither skipped nor answered by an earlier result."
    )
    estimated_seconds: float | None = strawberry.field(
        description="How long it is likely to take; null where no account can do it, or nobody knows."
    )
    estimated_credits: int | None = strawberry.field(
        description="What it is likely to cost; null where a model does not say what it takes."
    )
    warnings: list[str] = strawberry.field(description="What somebody should know; nothing of it stands in the way.")

    @staticmethod
    def of(admission: Admission) -> "CreateBatchPayload":
        return CreateBatchPayload(
            batch=None if admission.batch is None else Batch.from_row(admission.batch),
            total_count=admission.total_count,
            skipped_storyboard_ids=list(admission.skipped_storyboard_ids),
            queue_count=admission.queue_count,
            estimated_seconds=admission.estimated_seconds,
            estimated_credits=admission.estimated_credits,
            warnings=list(admission.warnings),
        )


@strawberry.type(description="A batch that goes on.")
class RetryBatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
    retried_count: int = strawberry.field(description="How many of its items are generated again.")


@strawberry.type(description="A batch that was canceled.")
class CancelBatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
    canceled_count: int = strawberry.field(description="How many of its items were ended by this.")
    succeeded_count: int = strawberry.field(description="How many have their result, and keep it.")
    affected_storyboard_ids: list[str] = strawberry.field(description="The storyboards of the items that were ended.")


@strawberry.type(description="A batch that was changed.")
class BatchPayload:
    batch: Batch = strawberry.field(description="The batch as it is now.")
