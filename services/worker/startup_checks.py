"""Checks before a process starts that its data folder, database and Redis can be used."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import anyio.to_thread
import asyncpg
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from errors import ConfigurationError
from models.database import database_config, sqlite_path
from services.accounts.health_checks import parse_pause
from services.notifications.callbacks.addresses import check_alert_webhook
from services.platform.data_folder import make_folder
from services.platform.private_files import keep_private
from settings import Settings

CONNECT_TIMEOUT_SECONDS = 3.0


async def check_surroundings(settings: Settings) -> None:
    """Keeps files from other users. Raises ConfigurationError, naming the variable, where the account check pause, data
    folder, alert webhook, database or Redis cannot be used.

    Messages contain neither the URL nor the other side's error text: both may hold a password.
    """
    parse_pause(settings.account_check_pause)
    await anyio.to_thread.run_sync(make_folder, settings.data_dir)
    await anyio.to_thread.run_sync(keep_private, settings)
    await check_alert_webhook(settings)
    await check_database(settings)
    if settings.redis_url is not None:
        await check_redis(settings.redis_url.get_secret_value())


async def check_database(settings: Settings) -> None:
    """Connects once to PostgreSQL, or creates the folder of an SQLite file. Raises ConfigurationError."""
    if settings.database_url is None:
        return
    url = settings.database_url.get_secret_value()
    file = sqlite_path(url, settings.data_dir)
    if file is not None:
        await anyio.to_thread.run_sync(make_folder, file.parent, "EKONTE_DATABASE_URL")
        return
    problem = await _problem(_connect_postgres(url, settings.data_dir))
    if problem is not None:
        raise ConfigurationError(f"EKONTE_DATABASE_URL: the database cannot be used: {problem}.")


async def check_redis(url: str) -> None:
    problem = await _problem(_ping_redis(url))
    if problem is not None:
        raise ConfigurationError(f"EKONTE_REDIS_URL: Redis cannot be used: {problem}.")


async def _connect_postgres(url: str, data_dir: Path) -> None:
    try:
        credentials: dict[str, Any] = database_config(url, data_dir)["connections"]["default"]["credentials"]
    except ValueError:  # the port is not a number
        raise ConfigurationError("EKONTE_DATABASE_URL: expected postgres://user:password@host:port/name.") from None
    names = ("host", "port", "user", "password", "database", "ssl")
    known = {name: credentials[name] for name in names if name in credentials}
    connection = await asyncpg.connect(**known, timeout=CONNECT_TIMEOUT_SECONDS)
    await connection.close()


async def _ping_redis(url: str) -> None:
    try:
        timeout = CONNECT_TIMEOUT_SECONDS
        redis = Redis.from_url(url, socket_connect_timeout=timeout, socket_timeout=timeout)
    except ValueError:
        raise ConfigurationError("EKONTE_REDIS_URL: expected redis://host:port/db.") from None
    async with redis:
        await redis.ping()


async def _problem(connecting: Awaitable[None]) -> str | None:
    """Why connecting failed, without any part of the URL; None where it succeeded."""
    try:
        await connecting
    except ConfigurationError:
        raise
    except (AuthenticationError, asyncpg.InvalidAuthorizationSpecificationError):
        return "it did not accept the user and password"
    except asyncpg.InvalidCatalogNameError:
        return "there is no database with that name"
    except (OSError, TimeoutError, RedisError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        return f"it cannot be reached, or its response is invalid ({type(error).__name__})"
    return None
