"""The query of a task's state at upstream."""

from typing import Annotated

import strawberry

from resolvers.fields import query
from resolvers.ids import need
from schema.attempts import UpstreamTask
from schema.context import Info
from services.generation.refresh import upstream_task


@strawberry.type
class UpstreamQueries:
    @query("Queries upstream now for a task that was submitted with this account.")
    async def upstream_task(
        self,
        info: Info,
        account_id: Annotated[strawberry.ID, strawberry.argument(description="The account that submitted it.")],
        history_id: Annotated[str, strawberry.argument(description="Upstream's id of the task.")],
    ) -> UpstreamTask | None:
        task = await upstream_task(info.context.owner, need(account_id, "Account", "accountId"), history_id)
        return None if task is None else UpstreamTask.of(task)
