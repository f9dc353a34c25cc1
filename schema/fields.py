"""Decorators for fields that are functions. Strawberry's own lose the function's type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from schema.auditing import Audited
from schema.places import PlacedErrors

F = TypeVar("F", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[F], F]:
    """A field whose value the function finds."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def mutation(description: str) -> Callable[[F], F]:
    """As `resolved`; its errors get the path of what they are about (schema.places), and it is written into the audit
    log (schema.auditing).
    """
    extensions = [PlacedErrors(), Audited()]
    return cast(Callable[[F], F], strawberry.mutation(description=description, extensions=extensions))


def subscription(description: str) -> Callable[[F], F]:
    return cast(Callable[[F], F], strawberry.subscription(description=description))
