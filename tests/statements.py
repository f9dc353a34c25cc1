"""Counting the SQL statements that a piece of code runs."""

import contextlib
from collections.abc import Iterator
from typing import Any

from models.database import connection


@contextlib.contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The statements run on the open database meanwhile, in order."""
    client: Any = connection()
    statements: list[str] = []
    originals = {name: getattr(client, name) for name in ("execute_query", "execute_query_dict", "execute_insert")}

    def counting(original: Any) -> Any:
        async def run(query: str, *arguments: Any, **named: Any) -> Any:
            statements.append(query)
            return await original(query, *arguments, **named)

        return run

    for name, original in originals.items():
        setattr(client, name, counting(original))
    try:
        yield statements
    finally:
        for name in originals:
            delattr(client, name)
