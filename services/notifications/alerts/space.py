"""STORAGE_LOW: the disk under a host's data folder, or under files that are kept in a folder, is nearly full.

It concerns the whole deployment, so its owner is "" and everybody sees it; each host has a cause of its own.
"""

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread

from models.database import now_ms_sql
from models.enums import AlertKind, AlertSeverity
from services.notifications.alerts.raising import close_alert, close_passed, raise_alert
from settings import Settings

ROOM_TO_CLOSE = 1.1
"Closed when so many times the limit is free again, so that a disk at the limit does not raise it over and over."
HOST_LENGTH = 32
"As in the names of processes (services/platform/process_leases.process_name)."
GONE_MS = 600_000
"A host none of whose processes has renewed its number for so long is gone, and its disk with it."
MIB = 1 << 20


async def check_space(settings: Settings) -> None:
    """Raises or closes for this host, and closes for hosts that are gone. Two statements."""
    host = socket.gethostname()[:HOST_LENGTH]
    cause = f"storage:{host}"
    await close_passed(AlertKind.STORAGE_LOW, f"alert.cause = ? OR {_host_is_there_sql()}", cause)
    free = await anyio.to_thread.run_sync(least_free, folders(settings))
    if free < settings.storage_low_bytes:
        await raise_alert("", AlertKind.STORAGE_LOW, AlertSeverity.CRITICAL, cause, _words(host, free, settings))
    elif free >= settings.storage_low_bytes * ROOM_TO_CLOSE:
        await close_alert("", AlertKind.STORAGE_LOW, cause)


def folders(settings: Settings) -> list[Path]:
    """The data folder, and the folder of the files where that is another one."""
    url = settings.storage_url.get_secret_value() if settings.storage_url is not None else ""
    return [settings.data_dir, *([Path(urlsplit(url).path)] if url.startswith("file:") else ())]


def least_free(paths: list[Path]) -> int:
    """Free bytes of the fullest disk under the folders that are there. Blocks: for a thread."""
    return min(shutil.disk_usage(path).free for path in paths if path.exists())


def _host_is_there_sql() -> str:
    """Whether a process of the alert's host holds a number, or did until lately. Its holder begins "host:"."""
    return (
        "EXISTS (SELECT 1 FROM process_lease WHERE"
        " SUBSTR(process_lease.holder, 1, LENGTH(alert.cause) - 7) = SUBSTR(alert.cause, 9) || ':'"
        f" AND process_lease.until_ms > {now_ms_sql()} - {GONE_MS})"
    )


def _words(host: str, free: int, settings: Settings) -> str:
    """Without the folder's place: everybody reads it."""
    return (
        f"The host {host} has {free // MIB:,} MiB of disk left for data and files, less than"
        f" {settings.storage_low_bytes // MIB:,} MiB. When it is full, results cannot be stored; fetching them is tried"
        " again for a day. Make room, or let results go sooner (EKONTE_FILE_RETENTION_DAYS)."
    )
