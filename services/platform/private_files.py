"""What a process writes is for its own user alone: files 0600, folders 0700, also those of earlier versions."""

import contextlib
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from models.database import sqlite_path
from settings import Settings

UMASK = 0o077
OWN_NAMES = ("files", "cache", "scratch", "server.lock", "local-secret.key", "encryption.key", "ekonte.sqlite3")
"What this program puts into the data folder; other things in it are none of its business."
SQLITE_ENDINGS = ("", "-wal", "-shm", "-journal")


def keep_private(settings: Settings) -> None:
    """Lets new files of this process and its children be for its own user alone, and takes the rights of others from
    what is there already: the data folder, what this program has put there, an SQLite database and a folder of stored
    files elsewhere. Things of other users, and links, are left as they are. Blocking: call it in a thread.
    """
    os.umask(UMASK)
    _tighten(settings.data_dir)
    for name in OWN_NAMES:
        _tighten_all(settings.data_dir / name)
    url = settings.database_url.get_secret_value() if settings.database_url else None
    database = sqlite_path(url, settings.data_dir)
    if database is not None:
        for ending in SQLITE_ENDINGS:
            _tighten(database.with_name(database.name + ending))
    storage = settings.storage_url.get_secret_value() if settings.storage_url else ""
    if storage.startswith("file:"):
        _tighten_all(Path(urlsplit(storage).path))


def _tighten_all(path: Path) -> None:
    _tighten(path)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            _tighten(Path(folder, name))


def _tighten(path: Path) -> None:
    """Takes all rights of others from a file or folder of this user; a folder that all may write to (/tmp) stays."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        is_ours = found.st_uid == os.geteuid() and (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))
        if is_ours and found.st_mode & UMASK and not found.st_mode & stat.S_ISVTX:
            path.chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
