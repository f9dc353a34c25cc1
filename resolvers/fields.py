"""Decorators of root fields. Strawberry's own lose the function's type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from strawberry.extensions import FieldExtension

from resolvers.auditing import Audited
from resolvers.places import PlacedErrors

F = TypeVar("F", bound=Callable[..., Any])


class AnsweredAnew(FieldExtension):
    """Forgets what was looked up before a change, so that the answer shows what is true after it."""

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        try:
            return await next_(source, info, **arguments)
        finally:
            info.context.forget()


def mutation(description: str) -> Callable[[F], F]:
    """A field that changes something: its errors get the path of what they are about (resolvers.places), each call is
    written into the audit log (resolvers.auditing), and its payload is looked up anew.
    """
    extensions = [PlacedErrors(), Audited(), AnsweredAnew()]
    return cast(Callable[[F], F], strawberry.mutation(description=description, extensions=extensions))


def subscription(description: str) -> Callable[[F], F]:
    return cast(Callable[[F], F], strawberry.subscription(description=description))
