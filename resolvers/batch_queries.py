"""Queries of the caller's batches, by id and as a list."""

import strawberry

from resolvers.fields import query
from resolvers.ids import Id
from resolvers.lists import ListFilter, listed, several
from resolvers.nodes import load_node
from schema.batch_inputs import BatchFilter
from schema.batches import Batch
from schema.context import Info
from schema.fields import given
from schema.paging import Connection, paged
from services.platform.paging import PageRequest
from services.queries.batches import BATCHES, BatchConditions, batches_where
from services.queries.orders import BATCH_ORDERS


def batch_conditions(wanted: BatchFilter) -> BatchConditions:
    return BatchConditions(
        types=several(wanted.type),
        statuses=several(wanted.status),
        work_id=given(wanted.work_id),
        project_id=given(wanted.project_id),
        created_after=given(wanted.created_after),
        created_before=given(wanted.created_before),
    )


@strawberry.type
class BatchQueries:
    @query("A batch of the caller's; null where there is none.")
    async def batch(self, info: Info, id: Id) -> Batch | None:
        return await load_node(info, id, Batch)

    @paged("The caller's batches, newest first.", BATCH_ORDERS)
    async def batches(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[BatchFilter] = strawberry.UNSET,
    ) -> Connection[Batch] | None:
        where = batches_where(batch_conditions(given(filter) or BatchFilter()))
        return await listed(info.context.owner, BATCHES, where, request, Batch.from_row)
