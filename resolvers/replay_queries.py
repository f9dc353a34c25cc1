"""The query that replays past attempts under another strategy."""

from typing import Annotated, Any

import strawberry

from resolvers.fields import query
from resolvers.generation_inputs import changed_strategy
from resolvers.ids import maybe
from schema.context import Info
from schema.fields import given
from schema.strategy_replay import ReplayStrategyInput, StrategyReplay
from services.queries.strategy_replay import ReplayRequest, replay_strategy


@strawberry.type
class ReplayQueries:
    @query("What the last attempts would have come to under another strategy. Nothing is changed, and nothing is sent.")
    async def replay_strategy(
        self,
        info: Info,
        input: Annotated[ReplayStrategyInput, strawberry.argument(description="What to replay, and how.")],
    ) -> StrategyReplay | None:
        wanted = given(input.strategy)
        changes: dict[str, Any] = {} if wanted is None else changed_strategy(wanted)
        request = ReplayRequest(
            kind=input.kind,
            changes=changes,
            last=200 if input.last is None else input.last,
            since=given(input.since),
            batch_id=maybe(input.batch_id, "Batch", "input", "batchId"),
            workflow_id=maybe(input.workflow_id, "Workflow", "input", "workflowId"),
        )
        return StrategyReplay.of(await replay_strategy(info.context.owner, request))
