"""Lets a large answer be computed in turns, so that the event loop stays free for other requests.

graphql-core completes all items of a list without a break, and all values that a dataloader delivers at once. Here an
operation that has used the loop for TURN_SECONDS since the loop's last round waits with what is left; waiting values
continue in order, as many a round as fit into a turn.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from services.platform.runtime import runtime

TURN_SECONDS = 0.1  # most lists are completed in one turn, so that dataloaders load all at once
MAX_RELEASED = 1024


class Turns:
    """The turns of one event loop."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._released = 64
        self._is_pumping = False

    def is_over(self) -> bool:
        """Whether the loop's current round has lasted for a turn, as far as it was seen here."""
        now = time.perf_counter()
        if self._began is None:
            self._began = now
            asyncio.get_running_loop().call_soon(self._next_round)
            return False
        return now - self._began > TURN_SECONDS

    def _next_round(self) -> None:
        self._began = None

    async def wait(self) -> None:
        """Returns in a later round, when those that came before have continued."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if not self._is_pumping:
            self._is_pumping = True
            loop.call_soon(self._pump, None)
        await turn

    def _pump(self, pumped_at: float | None) -> None:
        """Releases as many as the round before suggests: those of the last pump have run since."""
        now = time.perf_counter()
        if pumped_at is not None:
            took = now - pumped_at
            if took > TURN_SECONDS:
                self._released = max(1, self._released // 2)
            elif took < TURN_SECONDS / 2:
                self._released = min(MAX_RELEASED, self._released * 2)
        count = 0
        while self._waiting and count < self._released:
            turn = self._waiting.popleft()
            if not turn.done():  # cancelled with its operation
                turn.set_result(None)
                count += 1
        self._is_pumping = bool(self._waiting)
        if self._is_pumping:
            asyncio.get_running_loop().call_soon(self._pump, now)


class TurnTakingExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor, in turns. Where it already waits, it waits a little longer; results do not change."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._turns = runtime().state(Turns)

    def complete_list_item_value(
        self,
        item: Any,
        completed_results: list[Any],
        item_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        item_path: Path,
        position_context: Any,
    ) -> bool:
        """An item that comes after the turn's end is completed later, like an item that is awaited."""
        if not self._turns.is_over():
            return super().complete_list_item_value(
                item, completed_results, item_type, field_details_list, info, item_path, position_context
            )
        completed_results.append(
            super().complete_awaitable_list_item_value(
                self._in_turn(item), item_type, field_details_list, info, item_path, position_context
            )
        )
        return True

    async def complete_awaitable_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Awaitable[Any],
        position_context: Any,
    ) -> Any:
        """A value that arrives after the turn's end is completed later."""
        return await super().complete_awaitable_value(
            return_type, field_details_list, info, path, self._then_in_turn(result), position_context
        )

    async def _in_turn(self, item: Any) -> Any:
        await self._turns.wait()
        return item

    async def _then_in_turn(self, result: Awaitable[Any]) -> Any:
        value = await result
        if self._turns.is_over():
            await self._turns.wait()
        return value
