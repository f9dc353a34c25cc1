"""The alert STORAGE_LOW: the disk of a host's data folder, or of its file storage folder, is nearly full.

It concerns the whole deployment: its owner is "", every user sees it, and each host has its own cause.
"""

import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread

from models.alert_enums import AlertKind, AlertSeverity
from models.database import now_ms_sql
from services.notifications.alerts.raising import close_alert, close_passed, raise_alert
from settings import Settings

CLOSE_FACTOR = 1.1
"The alert closes when this many times the limit is free, so that it does not flap at the limit."
HOST_LENGTH = 32
"Same as in process names (services/platform/process_leases.process_name)."
HOST_TIMEOUT_MS = 600_000
"A host is gone when none of its processes has renewed its lease for this long."
MIB = 1 << 20


async def check_space(settings: Settings) -> None:
    """Raises or closes this host's alert, and closes alerts of hosts that are gone. Two statements."""
    host = socket.gethostname()[:HOST_LENGTH]
    cause = f"storage:{host}"
    await close_passed(AlertKind.STORAGE_LOW, f"alert.cause = ? OR {_is_host_alive_sql()}", cause)
    free = await anyio.to_thread.run_sync(min_free_bytes, folders(settings))
    if free < settings.storage_low_bytes:
        await raise_alert("", AlertKind.STORAGE_LOW, AlertSeverity.CRITICAL, cause, _message(host, free, settings))
    elif free >= settings.storage_low_bytes * CLOSE_FACTOR:
        await close_alert("", AlertKind.STORAGE_LOW, cause)


def folders(settings: Settings) -> list[Path]:
    """The data folder, and the file storage folder if the storage is a local folder."""
    url = settings.storage_url.get_secret_value() if settings.storage_url is not None else ""
    return [settings.data_dir, *([Path(urlsplit(url).path)] if url.startswith("file:") else ())]


def min_free_bytes(paths: list[Path]) -> int:
    """The least number of free bytes on the disks of those folders that exist. Blocks: run it in a thread."""
    return min(shutil.disk_usage(path).free for path in paths if path.exists())


def _is_host_alive_sql() -> str:
    """An SQL condition: a process of the alert's host held a lease in the last HOST_TIMEOUT_MS ("host:…" holds it)."""
    return (
        "EXISTS (SELECT 1 FROM process_lease WHERE"
        " SUBSTR(process_lease.holder, 1, LENGTH(alert.cause) - 7) = SUBSTR(alert.cause, 9) || ':'"
        f" AND process_lease.until_ms > {now_ms_sql()} - {HOST_TIMEOUT_MS})"
    )


def _message(host: str, free: int, settings: Settings) -> str:
    """Does not name the folder, since every user can read it."""
    return (
        f"The host {host} has {free // MIB:,} MiB of disk left for data and files, less than"
        f" {settings.storage_low_bytes // MIB:,} MiB. When the disk is full, results cannot be stored; downloads are"
        " retried for a day. Free disk space, or delete results earlier (EKONTE_FILE_RETENTION_DAYS)."
    )
