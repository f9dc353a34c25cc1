"""Opens and closes what a server or worker process needs: settings, database, storage, events, process number."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import anyio.to_thread
import structlog

from errors import ConfigurationError
from models.database import execute, is_open, open_database
from providers.storage import LocalStorage
from services.accounts.pool.scheduling import release_all_leases
from services.accounts.sessions import check_encryption
from services.platform import files
from services.platform.data_folder import unusable_folder
from services.platform.events import open_bus
from services.platform.file_removal import remove_unfinished
from services.platform.files import storage
from services.platform.host import sampling
from services.platform.metrics.recording import record_database_error, watching_event_loop
from services.platform.migrations import database_url, migrate, missing_migrations
from services.platform.process_leases import end_other_workers, process_name, process_number
from services.platform.rate_budget import close_budgets
from services.platform.runtime import open_runtime, runtime
from services.platform.storage_mark import check_storage_mark
from services.platform.tracing import tracing
from services.stores.jobs.claims import release_all
from services.worker.startup_checks import check_surroundings
from services.worker.sweeper import clear_scratch
from settings import Settings, get_settings, use_settings

log = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, with_worker: bool) -> AsyncIterator[str]:
    """Opens everything in order, yields the process's name, and closes everything at the end.

    An SQLite database is migrated first. A server with its own worker on SQLite locks its data folder
    (ConfigurationError where another server holds the lock) and at once releases the work of a killed predecessor.
    Raises ConfigurationError where something cannot be used or reached at the start; `readiness` reports what becomes
    unavailable later.
    """
    use_settings(settings)
    is_alone = settings.is_embedded_database and with_worker
    await check_surroundings(settings)
    async with contextlib.AsyncExitStack() as stack:
        own = stack.enter_context(open_runtime())
        own.has_worker = with_worker
        if is_alone:
            stack.enter_context(_exclusive_lock(settings.data_dir / "server.lock"))
        if settings.is_embedded_database:
            await migrate(settings)
        url = database_url(settings)
        await stack.enter_async_context(open_database(url, settings.data_dir, on_error=record_database_error))
        missing = await missing_migrations(settings)
        if missing:
            raise ConfigurationError(
                f"EKONTE_DATABASE_URL: the database lacks {len(missing)} migrations; run `python server.py migrate`."
            )
        await check_encryption()
        storage_url = settings.storage_url.get_secret_value() if settings.storage_url else None
        files.use_storage(storage_url, settings.data_dir)
        if not settings.is_embedded_database:
            await check_storage_mark(storage())
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        await stack.enter_async_context(open_bus(redis_url))
        stack.push_async_callback(close_budgets)
        name = process_name()
        own.process_number = await stack.enter_async_context(process_number(name))
        for monitor in (tracing(), watching_event_loop(), sampling(own.host_samples)):
            await stack.enter_async_context(monitor)
        if is_alone:
            await end_other_workers(name)
            await _recover_after_kill(settings)
        yield name


async def _recover_after_kill(settings: Settings) -> None:
    released = await release_all()
    await release_all_leases()
    store = storage()
    if isinstance(store, LocalStorage):
        await anyio.to_thread.run_sync(store.clear_incoming)
    removed = await remove_unfinished()
    await anyio.to_thread.run_sync(clear_scratch, settings.data_dir / "scratch", 0.0)
    if released or removed:
        log.info("server.recovered", jobs=released, unfinished_files=removed)


@contextlib.contextmanager
def _exclusive_lock(path: Path):  # type: ignore[no-untyped-def]
    try:
        lock = path.open("a")
    except OSError as error:
        raise unusable_folder(path.parent, error) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                "EKONTE_DATA_DIR: another server uses this data folder; stop it, or choose another folder."
            ) from None
        yield


async def readiness() -> Mapping[str, str | None]:
    """The server's dependencies by name: None where usable, else a text that says what is wrong."""
    settings, own = get_settings(), runtime()
    return {
        "database": await _check(_database_problem()),
        "migrations": await _check(_migrations_problem(settings)),
        "storage": await _check(_storage_problem()),
        "broker": await _check(_broker_problem(settings)),
        "worker": None if own.is_worker_alive or not own.has_worker else "the worker is not running",
    }


async def _check(problem: "asyncio.Future[str | None] | object") -> str | None:
    try:
        async with asyncio.timeout(5):
            return await problem  # type: ignore[misc,no-any-return]
    except TimeoutError:
        return "does not answer"
    except Exception as error:
        log.warning("readiness.failed", error=type(error).__name__)
        return "cannot be reached"


async def _database_problem() -> str | None:
    if not is_open():
        return "is not open"
    await execute("SELECT 1 AS one")
    return None


async def _migrations_problem(settings: Settings) -> str | None:
    missing = await missing_migrations(settings)
    return f"{len(missing)} are missing; run `python server.py migrate`" if missing else None


async def _storage_problem() -> str | None:
    await storage().exists("ready")
    return None


async def _broker_problem(settings: Settings) -> str | None:
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis

    async with Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=3) as redis:
        await redis.ping()
    return None
