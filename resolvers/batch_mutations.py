"""Mutations that create, retry, pause, resume, cancel and delete batches."""

from typing import Annotated

import strawberry

from models.enums import MediaKind
from resolvers.batch_inputs import batch_input
from resolvers.each_by_id import delete_each
from resolvers.fields import mutation
from resolvers.ids import need
from resolvers.keyed import Repeats
from resolvers.mutating import key_for
from schema.batch_inputs import CreateImageBatchInput, CreateVideoBatchInput, RetryBatchInput
from schema.batches import Batch, BatchPayload, CancelBatchPayload, CreateBatchPayload, RetryBatchPayload
from schema.context import Info
from schema.errors import DeletePayload
from services.generation.batches.admission import create_batch
from services.generation.batches.canceling import cancel_batch, delete_batches
from services.generation.batches.pausing import pause_batch, resume_batch
from services.generation.batches.retrying import retry_batch
from services.platform.not_given import NOT_GIVEN

BatchId = Annotated[strawberry.ID, strawberry.argument(description="The batch.")]


@strawberry.type
class BatchMutations:
    @mutation(
        "Requests up to 1000 pictures. The batch is admitted or refused as a whole: extensions.faults of the error "
        "then lists every fault of every item."
    )
    async def create_image_batch(
        self,
        info: Info,
        input: Annotated[CreateImageBatchInput, strawberry.argument(description="The pictures, and how to make them.")],
    ) -> CreateBatchPayload | None:
        return await _create(info, input, MediaKind.IMAGE)

    @mutation(
        "Requests up to 100 clips. The batch is admitted or refused as a whole: extensions.faults of the error then "
        "lists every fault of every item."
    )
    async def create_video_batch(
        self,
        info: Info,
        input: Annotated[CreateVideoBatchInput, strawberry.argument(description="The clips, and how to make them.")],
    ) -> CreateBatchPayload | None:
        return await _create(info, input, MediaKind.VIDEO)

    @mutation(
        "Generates the failed items of a batch again that may succeed, or some of its storyboards.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def retry_batch(
        self,
        info: Info,
        input: Annotated[RetryBatchInput, strawberry.argument(description="The batch, and which of its items.")],
    ) -> RetryBatchPayload | None:
        number = need(input.id, "Batch", "input", "id")
        forces = input.force_regenerate is True
        done = await retry_batch(info.context.owner, number, list(input.storyboard_ids or ()), forces=forces)
        return RetryBatchPayload.of(done)

    @mutation(
        "Cancels all unfinished items of a batch: waiting ones at once; running ones are asked to stop, and release "
        "their slots when they have. Finished items are kept.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def cancel_batch(
        self,
        info: Info,
        id: BatchId,
        reason: Annotated[
            str | None, strawberry.argument(description="Kept as cancelReason; at most 500 characters.")
        ] = strawberry.UNSET,
    ) -> CancelBatchPayload | None:
        words = None if reason is strawberry.UNSET else reason
        done = await cancel_batch(info.context.owner, need(id, "Batch", "id"), words)
        return CancelBatchPayload(
            batch=Batch.from_row(done.batch),
            canceled_count=len(done.storyboard_ids),
            succeeded_count=done.succeeded_count,
            affected_storyboard_ids=list(done.storyboard_ids),
        )

    @mutation("Pauses a batch: running jobs finish, and no more are started.", repeats=Repeats.IN_TRANSACTION)
    async def pause_batch(self, info: Info, id: BatchId) -> BatchPayload | None:
        return BatchPayload(batch=Batch.from_row(await pause_batch(info.context.owner, need(id, "Batch", "id"))))

    @mutation("Resumes a paused batch.", repeats=Repeats.IN_TRANSACTION)
    async def resume_batch(
        self,
        info: Info,
        id: BatchId,
        credit_budget: Annotated[
            int | None,
            strawberry.argument(
                description="A new budget for a batch paused by its previous one; null: no limit. Not given: unchanged."
            ),
        ] = strawberry.UNSET,
    ) -> BatchPayload | None:
        budget = NOT_GIVEN if credit_budget is strawberry.UNSET else credit_budget
        row = await resume_batch(info.context.owner, need(id, "Batch", "id"), budget)
        return BatchPayload(batch=Batch.from_row(row))

    @mutation("Deletes batches that have ended; their jobs and records stay.", repeats=Repeats.WITH_CLAIM)
    async def delete_batches(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The batches, at most 1000.")],
    ) -> DeletePayload | None:
        return await delete_each(info, ids, "Batch", delete_batches)


async def _create(
    info: Info, input: CreateImageBatchInput | CreateVideoBatchInput, kind: MediaKind
) -> CreateBatchPayload:
    admission = await create_batch(info.context.owner, batch_input(input, kind), key_for(info, input.idempotency_key))
    return CreateBatchPayload.of(admission)
