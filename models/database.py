"""Database access: opening the database, statements, transactions, and the database's clock.

Several processes share the rows, so lease and due times come from the database's clock (milliseconds since 1970), and
every change of state is an UPDATE that names the state it expects.
"""

import asyncio
import contextlib
import contextvars
import random
import sqlite3
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext, get_current_context
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from errors import ConfigurationError

T = TypeVar("T")

APP = "ekonte"
MODEL_MODULES = [
    "models.files",
    "models.jobs",
    "models.workflows",
    "models.scripts",
    "models.storyboards",
    "models.films",
    "models.artifacts",
    "models.accounts",
    "models.generation",
    "models.batches",
    "models.callbacks",
    "models.alerts",
    "models.statistics",
    "models.audit",
    "models.revocations",
    "models.workers",
]
BUSY_TRIES = 8
BUSY_TIMEOUT_MS = 10_000


def database_config(url: str | None, data_dir: Path) -> dict[str, Any]:
    """Tortoise's configuration for a URL: postgres://, postgresql://, sqlite://path; None: a file in the data folder.

    Raises ConfigurationError for another scheme.
    """
    return {
        "connections": {"default": _connection(url, data_dir)},
        "apps": {
            APP: {"models": MODEL_MODULES, "default_connection": "default", "migrations": "models.migrations"},
        },
        "use_tz": True,
        "timezone": "UTC",
    }


def sqlite_path(url: str | None, data_dir: Path) -> Path | None:
    """The file of an SQLite database; None where the URL names another database."""
    if url is None:
        return data_dir / "ekonte.sqlite3"
    if url.startswith("sqlite:"):
        return Path(url.removeprefix("sqlite:").removeprefix("//"))
    return None


def _connection(url: str | None, data_dir: Path) -> dict[str, Any]:
    path = sqlite_path(url, data_dir)
    if path is not None:
        return {
            "engine": "models.sqlite",
            "credentials": {"file_path": str(path), "busy_timeout": BUSY_TIMEOUT_MS, "synchronous": "NORMAL"},
        }
    parts = urlsplit(url or "")
    if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or not parts.path.strip("/"):
        raise ConfigurationError(
            "EKONTE_DATABASE_URL: expected postgres://user:password@host:port/name or sqlite://path"
        )
    options = dict(parse_qsl(parts.query))
    return {
        "engine": "tortoise.backends.asyncpg",
        "credentials": {
            "host": parts.hostname,
            "port": parts.port or 5432,
            "user": parts.username or "postgres",
            "password": parts.password,
            "database": parts.path.strip("/"),
            "minsize": 1,
            "maxsize": int(options.pop("maxsize", "10")),
            **options,
        },
    }


class _OpenDatabase:
    """State of the open database besides Tortoise's connections."""

    on_error: Callable[[BaseException], None] | None = None


_open = _OpenDatabase()


@contextlib.asynccontextmanager
async def open_database(
    url: str | None, data_dir: Path, on_error: Callable[[BaseException], None] | None = None
) -> AsyncIterator[None]:
    """Keeps the database open for the running event loop and all its tasks. Only one at a time in a process, since
    Tortoise finds its connections by a process-wide fallback.

    on_error is called with the exception of each failed statement or transaction.
    """
    context = TortoiseContext()
    _open.on_error = on_error
    with context:  # init needs it as the current context; afterwards all tasks find it by the process-wide fallback
        await context.init(config=database_config(url, data_dir), _enable_global_fallback=True)
    try:
        yield
    finally:
        _open.on_error = None
        await context.close_connections()


def is_open() -> bool:
    return get_current_context() is not None


def connection() -> BaseDBAsyncClient:
    """The connection of the running transaction, else the default one."""
    return get_connection("default")


def is_sqlite() -> bool:
    return connection().capabilities.dialect == "sqlite"


def now_ms_sql() -> str:
    """An SQL expression for the database's clock in milliseconds since 1970."""
    if is_sqlite():
        return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    # A subquery is evaluated once per statement, so comparisons with it can use an index; the bare expression would be
    # evaluated for each row, which takes longer than finding the row.
    return "(SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT))"


async def now_ms() -> int:
    rows = await connection().execute_query_dict(f"SELECT {now_ms_sql()} AS now_ms")
    return int(rows[0]["now_ms"])


def placeholders(sql: str) -> str:
    """Replaces `?` placeholders by the dialect's own. The SQL must not contain other question marks."""
    if is_sqlite():
        return sql
    pieces = sql.split("?")
    return "".join(piece + (f"${number}" if number < len(pieces) else "") for number, piece in enumerate(pieces, 1))


async def execute(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Runs one statement with `?` placeholders and returns its rows (SELECT, RETURNING)."""
    try:
        rows = await connection().execute_query_dict(placeholders(sql), list(values))
    except Exception as error:
        if not is_in_transaction():
            _report(error)
        raise
    return [dict(row) for row in rows]


def _report(error: BaseException) -> None:
    if _open.on_error is not None:
        _open.on_error(error)


def error_kind(error: BaseException) -> str | None:
    """Classifies an exception for metrics. busy: a retry would succeed. away: the database cannot be reached. other:
    another error of the database. None: not an error of the database, e.g. one of our exceptions or a unique violation.
    """
    if is_passing(error):
        return "busy"
    if is_away(error):
        return "away"
    return "other" if isinstance(error, OperationalError) and not isinstance(error, IntegrityError) else None


async def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Runs one statement with `?` placeholders for all rows of values in one call; does nothing without rows."""
    if rows:
        await connection().execute_many(placeholders(sql), [list(row) for row in rows])


# ---------------------------------------------------------------- transactions

_after_commit: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar(
    "after_commit", default=None
)


def after_commit(action: Callable[[], None]) -> None:
    """Runs a quick action after the running transaction has committed; immediately if there is none."""
    actions = _after_commit.get()
    if actions is None:
        action()
    else:
        actions.append(action)


def is_in_transaction() -> bool:
    return _after_commit.get() is not None


async def transaction(body: Callable[[], Awaitable[T]]) -> T:
    """Runs `body` in one transaction and returns its result; inside another transaction, as part of that.

    `body` must do SQL only. It may be run again from the start (busy or deadlocked database), and it runs to its end
    even if the caller is cancelled, since cancellation inside Tortoise's transaction would never release the
    connection's lock. Actions given to after_commit run after the commit.
    """
    if is_in_transaction():
        return await body()
    task = asyncio.ensure_future(_run_transaction(body))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


async def _run_transaction(body: Callable[[], Awaitable[T]]) -> T:
    for number in range(BUSY_TRIES):
        actions: list[Callable[[], None]] = []
        token = _after_commit.set(actions)
        try:
            async with in_transaction("default"):
                result = await body()
        except Exception as error:
            _report(error)
            if number == BUSY_TRIES - 1 or not is_passing(error):
                raise
            await asyncio.sleep(random.uniform(0.01, 0.05) * 2**number)
            continue
        finally:
            _after_commit.reset(token)
        for action in actions:
            action()
        return result
    raise AssertionError("unreachable")


def is_away(error: BaseException | None) -> bool:
    """Whether the database could not be reached or closed the connection (PostgreSQL's classes 08 and 57P). The
    statement itself is not at fault, and a later retry may succeed.
    """
    while error is not None:
        state = getattr(error, "sqlstate", None) or ""
        if state.startswith(("08", "57P")):
            return True
        # InternalClientError: a connection that was cut between being taken from the pool and being used.
        if isinstance(error, DBConnectionError | asyncpg.InterfaceError | asyncpg.InternalClientError):
            return True
        if isinstance(error, OSError) and _is_from_driver(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_from_driver(error: BaseException) -> bool:
    """Whether the database's driver raised it, and not, for example, a refused connection to another service."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__", "")).startswith("asyncpg.") for frame, _ in frames)


def is_passing(error: BaseException | None) -> bool:
    """Whether the transaction should be retried: SQLite is busy, or PostgreSQL ended a deadlock (40P01) or a
    serialization conflict (40001). Such a transaction has changed nothing.
    """
    while error is not None:
        if getattr(error, "sqlstate", None) in {"40001", "40P01"}:
            return True
        if isinstance(error, OperationalError | sqlite3.OperationalError):
            text = str(error).lower()
            if "database is locked" in text or "database table is locked" in text or "deadlock detected" in text:
                return True
        error = error.__cause__ or error.__context__
    return False
