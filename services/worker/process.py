"""What a process holds while it lives: settings, database, storage, events, its number. Server and workers alike."""

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import structlog

from errors import ConfigurationError
from models.database import execute, is_open, open_database
from models.enums import FileState
from models.files import StoredFile
from models.ids import parse_global_id
from providers.storage import LocalStorage
from services.accounts.pool.scheduling import release_all_leases
from services.accounts.sessions import check_encryption
from services.platform import files
from services.platform.data_folder import unusable_folder
from services.platform.events import open_bus
from services.platform.files import remove_unfinished, storage, storage_key
from services.platform.host import sampling
from services.platform.metrics.recording import watching_event_loop
from services.platform.migrations import database_url, migrate, missing_migrations
from services.platform.process_leases import forget_other_workers, process_name, process_number
from services.platform.storage_mark import check_storage_mark
from services.platform.tracing import tracing
from services.stores.jobs.claims import release_all
from services.worker.startup_checks import check_surroundings
from services.worker.sweeper import clear_scratch
from settings import Settings, get_settings, use_settings

log = structlog.get_logger(__name__)


@dataclass
class _State:
    with_worker: bool = False
    is_worker_alive: bool = False


_state = _State()


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, with_worker: bool) -> AsyncIterator[str]:
    """Opens everything, in order, and closes it again; gives the process's name.

    An SQLite database is brought up to date first. A server with its own worker on SQLite is alone on its data folder
    (ConfigurationError where another one is there) and takes up at once whatever a killed one left. What cannot be used
    or reached at the start is a ConfigurationError; what goes away later is told by `readiness`.
    """
    use_settings(settings)
    _state.with_worker = with_worker
    is_alone = settings.is_embedded_database and with_worker
    await check_surroundings(settings)
    async with contextlib.AsyncExitStack() as stack:
        if is_alone:
            stack.enter_context(_only_one(settings.data_dir / "server.lock"))
        if settings.is_embedded_database:
            await migrate(settings)
        await stack.enter_async_context(open_database(database_url(settings), settings.data_dir))
        missing = await missing_migrations(settings)
        if missing:
            raise ConfigurationError(
                f"EKONTE_DATABASE_URL: the database lacks {len(missing)} migrations; run `python server.py migrate`."
            )
        await check_encryption()
        url = settings.storage_url.get_secret_value() if settings.storage_url else None
        files.use_storage(url, settings.data_dir)
        if not settings.is_embedded_database:
            await check_storage_mark(storage())
        redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
        await stack.enter_async_context(open_bus(redis_url))
        name = process_name()
        await stack.enter_async_context(process_number(name))
        for watching in (tracing(), watching_event_loop(), sampling()):
            await stack.enter_async_context(watching)
        if is_alone:
            await forget_other_workers(name)
            await _take_up_what_was_left(settings)
        yield name


async def _take_up_what_was_left(settings: Settings) -> None:
    released = await release_all()
    await release_all_leases()
    store = storage()
    if isinstance(store, LocalStorage):
        await anyio.to_thread.run_sync(store.clear_incoming)
    removed = await remove_unfinished()
    await anyio.to_thread.run_sync(clear_scratch, settings.data_dir / "scratch", 0.0)
    if released or removed:
        log.info("server.took_up", jobs=released, unfinished_files=removed)


@contextlib.contextmanager
def _only_one(path: Path):  # type: ignore[no-untyped-def]
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


def worker_is_alive(is_alive: bool) -> None:
    _state.is_worker_alive = is_alive


async def readiness() -> Mapping[str, str | None]:
    """What the server needs, by name: None where it is there, else a sentence about what is missing."""
    settings = get_settings()
    return {
        "database": await _check(_database_problem()),
        "migrations": await _check(_migrations_problem(settings)),
        "storage": await _check(_storage_problem()),
        "broker": await _check(_broker_problem(settings)),
        "worker": None if _state.is_worker_alive or not _state.with_worker else "the worker is not running",
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


# ---------------------------------------------------------------- files that are served


@dataclass(frozen=True)
class ServedFile:
    """A stored file as the file route wants it."""

    content_type: str
    bytes: int
    sha256: str
    name: str
    path: Path | None
    _key: str

    def stream(self, start: int, end: int) -> "AsyncIterator[bytes_]":
        return storage().read(self._key, start, end)


bytes_ = bytes


async def open_file(file_id: str) -> ServedFile | None:
    """The file behind a global id; None where there is none. Who may see it was decided when its link was signed."""
    parsed = parse_global_id(file_id)
    if parsed is None or parsed[0] != "StoredFile":
        return None
    row = await StoredFile.get_or_none(id=parsed[1], state=FileState.READY, released_at__isnull=True)
    if row is None:
        return None
    key = storage_key(row.owner, row.sha256, row.content_type)
    return ServedFile(row.content_type, row.bytes, row.sha256, row.name, storage().local_path(key), key)
