"""The query of the deployment's status. It covers the work of all owners, so it needs a scope of its own."""

import strawberry

from errors import ForbiddenError
from resolvers.fields import query
from schema.context import Info
from schema.system import SystemStatus
from services.platform.identity import SYSTEM_READ
from services.queries.system_status import system_state
from settings import get_settings


@strawberry.type
class SystemQueries:
    @query(
        "Queues, workers, storage and the load of the server's machine. A token needs the scope `system:read`; on a "
        "server without tokens it is open."
    )
    async def system_status(self, info: Info) -> SystemStatus | None:
        if not info.context.viewer.has_scope(SYSTEM_READ):
            raise ForbiddenError(f"This query needs a token with the scope {SYSTEM_READ}.")
        return SystemStatus.of(await system_state(get_settings()))
