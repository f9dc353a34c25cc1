"""Counting the SQL statements that a piece of code runs."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from models.database import connection

_is_counted: ContextVar[bool] = ContextVar("is_counted", default=False)


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


@contextlib.contextmanager
def counted_with_transactions() -> Iterator[list[str]]:
    """As counted_statements, those in transactions too. One for many rows (execute_many) counts once."""
    statements: list[str] = []
    replaced: list[tuple[type, str, Any]] = []

    def counting(original: Any) -> Any:
        async def run(self: Any, query: str, *arguments: Any, **named: Any) -> Any:
            if _is_counted.get():  # one method of the driver calls another
                return await original(self, query, *arguments, **named)
            statements.append(query)
            token = _is_counted.set(True)
            try:
                return await original(self, query, *arguments, **named)
            finally:
                _is_counted.reset(token)

        return run

    clients: tuple[type, ...] = (SqliteClient, SqliteTransactionWrapper, AsyncpgDBClient, TransactionWrapper)
    for client in clients:
        for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many"):
            if name in vars(client):
                replaced.append((client, name, vars(client)[name]))
                setattr(client, name, counting(vars(client)[name]))
    try:
        yield statements
    finally:
        for kind, name, original in replaced:
            setattr(kind, name, original)


class StoppedError(Exception):
    """The process "ended" at a write."""


@contextlib.contextmanager
def stopped_at_write(number: int) -> Iterator[None]:
    """Lets so many writes be done (from 0), in transactions too, and raises StoppedError instead of the next one."""
    left = [number]
    replaced: list[tuple[type, str, Any]] = []

    def counting(original: Any) -> Any:
        async def run(self: Any, query: str, *arguments: Any, **named: Any) -> Any:
            if _is_counted.get():  # one method of the driver calls another
                return await original(self, query, *arguments, **named)
            if query.lstrip().split(" ", 1)[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
                if left[0] == 0:
                    raise StoppedError(query)
                left[0] -= 1
            token = _is_counted.set(True)
            try:
                return await original(self, query, *arguments, **named)
            finally:
                _is_counted.reset(token)

        return run

    clients: tuple[type, ...] = (SqliteClient, SqliteTransactionWrapper, AsyncpgDBClient, TransactionWrapper)
    for client in clients:
        for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many"):
            if name in vars(client):
                replaced.append((client, name, vars(client)[name]))
                setattr(client, name, counting(vars(client)[name]))
    try:
        yield
    finally:
        for kind, name, original in replaced:
            setattr(kind, name, original)
