"""Decorators of root fields; unlike Strawberry's own they keep the function's type."""

import contextlib
import functools
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension

from resolvers.auditing import Audited
from resolvers.keyed import HonoursKey, Repeats
from resolvers.places import PlacedErrors
from schema.fields import NULL_BESIDE_ERROR, resolved
from services.platform.presence import Held, holding

F = TypeVar("F", bound=Callable[..., Any])


class ClearLoaders(FieldExtension):
    """Clears the loaders' caches after a mutation, so that its payload shows the state after the change."""

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        try:
            return await next_(source, info, **arguments)
        finally:
            info.context.clear_loaders()


def query(description: str) -> Callable[[F], F]:
    """A root field of queries, other than a connection (schema.paging.paged). Like those of all root fields its type is
    nullable, so that its error leaves the values of the other fields in the response.
    """
    return resolved(f"{description} {NULL_BESIDE_ERROR}")


def mutation(description: str, repeats: Repeats = Repeats.BY_SERVICE) -> Callable[[F], F]:
    """A mutation field: a repeated request is answered as `repeats` says, its errors get the path of the argument at
    fault (resolvers.places), each call is written to the audit log (resolvers.auditing), and its payload is loaded
    after the change. The payload is nullable: null says that the mutation was refused or failed, and what other
    mutations of the request did stays in the response.
    """
    keyed = [] if repeats is Repeats.BY_SERVICE else [HonoursKey(repeats)]
    extensions = [*keyed, PlacedErrors(), Audited(), ClearLoaders()]  # the last one is the outermost
    return cast(
        Callable[[F], F], strawberry.mutation(description=f"{description} {NULL_BESIDE_ERROR}", extensions=extensions)
    )


def subscription(description: str) -> Callable[[F], F]:
    """A subscription field; while it runs it is one of its owner's, of which there may be only so many. Its type is
    nullable, as those of all root fields.
    """

    def field(function: F) -> F:
        return cast(F, strawberry.subscription(description=f"{description} {NULL_BESIDE_ERROR}")(_counted(function)))

    return field


def _counted(function: F) -> F:
    @functools.wraps(function)
    async def follow(self: Any, info: Any, **arguments: Any) -> AsyncGenerator[Any, None]:
        with holding(Held.SUBSCRIPTIONS, info.context.owner):
            async with contextlib.aclosing(function(self, info, **arguments)) as states:
                async for state in states:
                    yield state

    return cast(F, follow)
