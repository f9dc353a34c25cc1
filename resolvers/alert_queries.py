"""The query of the caller's alerts."""

from typing import Annotated

import strawberry

from resolvers.lists import listed
from schema.alerts import Alert
from schema.context import Info
from schema.fields import given
from schema.paging import Connection, paged
from services.platform.paging import PageRequest
from services.queries.alerts import ALERTS, alerts_where
from services.queries.orders import ALERT_ORDERS


@strawberry.type
class AlertQueries:
    @paged(
        "Alerts about the caller's pool, batches, workflows and callbacks, and about the deployment, newest first.",
        ALERT_ORDERS,
    )
    async def alerts(
        self,
        info: Info,
        request: PageRequest,
        open: Annotated[
            bool | None,
            strawberry.argument(description="true: only open ones; false: only closed ones; null: all."),
        ] = strawberry.UNSET,
    ) -> Connection[Alert] | None:
        return await listed(info.context.owner, ALERTS, alerts_where(given(open)), request, Alert.from_row)
