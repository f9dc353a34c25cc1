"""Large answers are computed in turns."""

import asyncio
import contextlib

import strawberry

from services.platform.runtime import runtime
from web.turns import Turns, TurnTakingExecutor


@strawberry.type
class Item:
    number: int

    @strawberry.field
    async def later(self) -> int:
        await asyncio.sleep(0)
        return self.number

    @strawberry.field
    def items(self) -> list["Item"]:
        return [Item(number=number) for number in range(3)]


@strawberry.type
class Query:
    @strawberry.field
    def items(self, count: int) -> list[Item]:
        return [Item(number=number) for number in range(count)]

    @strawberry.field
    async def maybe(self) -> list[Item | None]:
        return [Item(number=1), None]


schema = strawberry.Schema(Query, execution_context_class=TurnTakingExecutor)
QUERY = "{ items(count: 300) { number later items { number items { number } } } maybe { number } }"


def expected() -> dict[str, object]:
    inner = [{"number": number, "items": [{"number": each} for each in range(3)]} for number in range(3)]
    items = [{"number": number, "later": number, "items": inner} for number in range(300)]
    return {"items": items, "maybe": [{"number": 1}, None]}


async def test_the_answer_is_the_same_when_every_turn_is_over_at_once(monkeypatch: object) -> None:
    turns = runtime().state(Turns)
    turns.is_over = lambda: True  # type: ignore[method-assign]
    result = await schema.execute(QUERY)
    assert result.errors is None
    assert result.data == expected()


async def test_others_get_their_turn_while_a_large_answer_is_computed() -> None:
    runtime().state(Turns).is_over = lambda: True  # type: ignore[method-assign]
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await schema.execute(QUERY)
    counting.cancel()
    assert rounds > 5


async def test_a_small_answer_is_computed_in_one_turn() -> None:
    result = await schema.execute("{ items(count: 2) { number } }")
    assert result.data == {"items": [{"number": 0}, {"number": 1}]}
    assert not runtime().state(Turns)._waiting


async def test_what_was_cancelled_holds_up_nobody() -> None:
    turns = Turns()
    waiting = [asyncio.create_task(turns.wait()) for _ in range(10)]
    await asyncio.sleep(0)
    for task in waiting[:9]:
        task.cancel()
    async with asyncio.timeout(10):
        await waiting[9]
    for task in waiting[:9]:
        with contextlib.suppress(asyncio.CancelledError):
            await task
