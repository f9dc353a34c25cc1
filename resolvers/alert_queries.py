"""The query of the caller's alerts."""

from typing import Annotated

import strawberry

from resolvers.lists import listed
from schema.alerts import Alert
from schema.context import Info
from schema.fields import given
from schema.paging import Connection, paged
from services.platform.paging import PageRequest
from services.queries.alerts import alerts_query


@strawberry.type
class AlertQueries:
    @paged("Alerts about the caller's pool, batches, workflows and callbacks, and about the deployment, newest first.")
    async def alerts(
        self,
        info: Info,
        request: PageRequest,
        open: Annotated[
            bool | None,
            strawberry.argument(description="true: only open ones; false: only closed ones; null: all."),
        ] = strawberry.UNSET,
    ) -> Connection[Alert] | None:
        query = alerts_query(info.context.owner, given(open))
        return await listed(query, request, Alert.from_row)
