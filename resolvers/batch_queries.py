"""The caller's batches, by id and as a list."""

from typing import Annotated

import strawberry

from resolvers.list_queries import several
from resolvers.node_queries import load_node
from schema.batch_inputs import BatchFilter
from schema.batches import Batch
from schema.context import Info
from schema.fields import resolved
from schema.paging import After, Before, Connection, First, Last, PageNumber, given, listed
from services.platform.paging import page_request
from services.queries.batches import BatchConditions, batches_query


def batch_conditions(wanted: BatchFilter | None) -> BatchConditions:
    if given(wanted) is None or wanted is None:
        return BatchConditions()
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
    @resolved("A batch of the caller's, or null.")
    async def batch(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Batch | None:
        return await load_node(info, id, "Batch")  # type: ignore[no-any-return]

    @resolved("The caller's batches, newest first.")
    async def batches(
        self,
        info: Info,
        filter: Annotated[
            BatchFilter | None, strawberry.argument(description="Which to list; null: all.")
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        page: PageNumber = strawberry.UNSET,
    ) -> Connection[Batch]:
        request = page_request(given(first), given(after), given(last), given(before), given(page))
        query = batches_query(info.context.owner, batch_conditions(filter))
        return await listed(query, request, Batch.from_row)
