"""Running GraphQL documents against the schema, as one caller."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Any

from strawberry.types import ExecutionResult

import resolvers
from errors import EkonteError
from resolvers.context import build_context
from services.platform.identity import Viewer
from tests.factories import OWNER


def viewer(owner: str = OWNER, expires_at: datetime | None = None) -> Viewer:
    return Viewer(id=owner, name=owner.title(), scopes=("system:read",), expires_at=expires_at)


async def execute(document: str, owner: str = OWNER, key: str | None = None, **variables: Any) -> ExecutionResult:
    return await resolvers.schema.execute(
        document, variable_values=variables, context_value=build_context(viewer(owner), "request-1", key)
    )


async def ask(document: str, owner: str = OWNER, key: str | None = None, **variables: Any) -> dict[str, Any]:
    """The data of an answer without errors."""
    result = await execute(document, owner, key, **variables)
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


async def refused(document: str, owner: str = OWNER, **variables: Any) -> EkonteError:
    """The error of an answer that has exactly one."""
    result = await execute(document, owner, **variables)
    assert result.errors is not None
    assert len(result.errors) == 1
    error = result.errors[0].original_error
    assert isinstance(error, EkonteError), result.errors
    return error


@contextlib.asynccontextmanager
async def subscribed(
    document: str, owner: str = OWNER, expires_at: datetime | None = None, **variables: Any
) -> AsyncIterator[AsyncGenerator[Any, None]]:
    """The results of a subscription; it is closed at the end."""
    source = await resolvers.schema.subscribe(
        document, variable_values=variables, context_value=build_context(viewer(owner, expires_at), "request-1")
    )
    async with contextlib.aclosing(source):
        yield source
