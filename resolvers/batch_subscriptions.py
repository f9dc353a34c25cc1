"""The subscription to a batch."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers.fields import subscription
from resolvers.ids import missing, need
from schema.batches import Batch
from schema.context import Info
from services.queries.batch_progress import follow_batch
from services.queries.batches import batches_in_order


@strawberry.type
class BatchSubscriptions:
    @subscription(
        "The batch now, then at each change of it or its jobs, at most five times a second; completes when it ends."
    )
    async def batch_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The batch.")]
    ) -> AsyncGenerator[Batch | None, None]:
        context = info.context
        batch_id = need(id, "Batch", "id")
        if (await batches_in_order(context.owner, [batch_id]))[0] is None:
            raise missing("Batch", "id")
        states = follow_batch(context.owner, batch_id, until=context.viewer.expires_at)
        async with contextlib.aclosing(states):
            async for state in states:
                context.clear_loaders()
                context.loaders.batch_by_id.prime(state.id, state.batch)
                context.loaders.counts_by_batch_id.prime(state.id, state.counts)
                yield Batch.from_row(state.batch)
