"""What every mutation has around it."""

from typing import Any

import strawberry

from resolvers.context import build_context
from resolvers.fields import ClearLoaders
from schema.context import Info
from tests.resolvers.asking import viewer


@strawberry.type
class Changed:
    @strawberry.field
    def loaders(self, info: Info) -> str:
        return str(id(info.context.loaders))


@strawberry.type
class Query:
    nothing: str = ""


@strawberry.type
class Mutation:
    @strawberry.mutation(extensions=[ClearLoaders()])
    async def change(self, info: Info, fails: bool = False) -> Changed | None:
        SEEN.append(info.context.loaders)
        if fails:
            raise ValueError("refused")
        return Changed()


SEEN: list[Any] = []
SCHEMA = strawberry.Schema(query=Query, mutation=Mutation)


async def test_a_payload_is_loaded_after_the_change() -> None:
    context = build_context(viewer(), "request-1")
    former = context.loaders
    result = await SCHEMA.execute("mutation { change { loaders } }", context_value=context)
    assert SEEN.pop() is former
    assert context.loaders is not former
    assert result.data == {"change": {"loaders": str(id(context.loaders))}}


async def test_after_a_refusal_the_next_field_loads_again_too() -> None:
    context = build_context(viewer(), "request-1")
    await SCHEMA.execute("mutation { a: change(fails: true) { loaders } b: change { loaders } }", context_value=context)
    second, first = SEEN.pop(), SEEN.pop()
    assert second is not first
