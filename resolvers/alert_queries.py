"""The caller's alerts."""

from typing import Annotated

import strawberry

from schema.alerts import Alert
from schema.context import Info
from schema.fields import resolved
from schema.paging import After, Connection, First, given, listed
from services.platform.paging import page_request
from services.queries.alerts import alerts_query


@strawberry.type
class AlertQueries:
    @resolved(
        "Alerts about the caller's pool, batches, workflows and callbacks, and about the deployment, newest first."
    )
    async def alerts(
        self,
        info: Info,
        open: Annotated[
            bool | None,
            strawberry.argument(description="true: only those that are open; false: only closed ones; null: all."),
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
    ) -> Connection[Alert]:
        request = page_request(given(first), given(after))
        query = alerts_query(info.context.owner, given(open))
        return await listed(query, request, Alert.from_row)
