"""A mark in the storage that must match the one in the database.

Servers and workers on several machines share the database. If each kept its files in a local folder, links would not
work and builds would miss their inputs; so a process whose storage lacks the mark refuses to start.
"""

import asyncio
import secrets
import tempfile
from pathlib import Path

import anyio.to_thread

from errors import ConfigurationError
from providers.storage import Storage
from services.platform.deployment_facts import add_fact, fact

KEY = "ekonte-storage-mark.txt"
FACT = "storage_id"
WAIT_SECONDS = 5.0


async def check_storage_mark(storage: Storage) -> None:
    """Writes the mark if the deployment is new, otherwise compares it. Raises ConfigurationError if it is missing or
    differs.

    Two processes that start a new deployment at once agree, because the database decides which mark is stored.
    """
    mark = secrets.token_hex(16)
    if await add_fact(FACT, mark):
        await _write(storage, mark)
        return
    expected = await fact(FACT)
    deadline = anyio.current_time() + WAIT_SECONDS
    while (found := await _read(storage)) != expected:
        if found is not None or anyio.current_time() > deadline:
            raise ConfigurationError(
                "EKONTE_STORAGE_URL: this is not the storage that the other processes of this database use."
                " Use the same one in all of them: s3://…, or file:///… for a shared folder."
            )
        await asyncio.sleep(0.2)


async def _write(storage: Storage, mark: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mark"
        await anyio.to_thread.run_sync(path.write_text, mark)
        await storage.put(KEY, path)


async def _read(storage: Storage) -> str | None:
    if not await storage.exists(KEY):
        return None
    return b"".join([chunk async for chunk in storage.read(KEY, 0, 32)]).decode()
