"""Decorators of root fields; unlike Strawberry's own they keep the function's type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension

from resolvers.auditing import Audited
from resolvers.keyed import HonoursKey, Repeats
from resolvers.places import PlacedErrors

F = TypeVar("F", bound=Callable[..., Any])


class ClearLoaders(FieldExtension):
    """Clears the loaders' caches after a mutation, so that its payload shows the state after the change."""

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        try:
            return await next_(source, info, **arguments)
        finally:
            info.context.clear_loaders()


def mutation(description: str, repeats: Repeats = Repeats.BY_SERVICE) -> Callable[[F], F]:
    """A mutation field: a repeated request is answered as `repeats` says, its errors get the path of the argument at
    fault (resolvers.places), each call is written to the audit log (resolvers.auditing), and its payload is loaded
    after the change.
    """
    keyed = [] if repeats is Repeats.BY_SERVICE else [HonoursKey(repeats)]
    extensions = [*keyed, PlacedErrors(), Audited(), ClearLoaders()]  # the last one is the outermost
    return cast(Callable[[F], F], strawberry.mutation(description=description, extensions=extensions))


def subscription(description: str) -> Callable[[F], F]:
    return cast(Callable[[F], F], strawberry.subscription(description=description))
