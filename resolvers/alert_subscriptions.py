"""The subscription to the caller's alerts."""

import contextlib
from collections.abc import AsyncGenerator

import strawberry

from resolvers.fields import subscription
from schema.alerts import Alert
from schema.context import Info
from services.queries.alerts import follow_alerts


@strawberry.type
class AlertSubscriptions:
    @subscription(
        "Alerts about the caller's pool, batches, workflows and callbacks, and about the deployment: the open ones to "
        "begin with, then each that is raised, and each again when it is closed. Never completes."
    )
    async def alerts(self, info: Info) -> AsyncGenerator[Alert | None, None]:
        context = info.context
        batches = follow_alerts(context.owner, until=context.viewer.expires_at)
        async with contextlib.aclosing(batches):
            async for rows in batches:
                context.clear_loaders()
                for row in rows:
                    yield Alert.from_row(row)
