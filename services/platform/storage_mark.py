"""One deployment, one storage: a mark in the storage that must be the one that the database knows.

Servers and workers on several machines share the database. Where each would keep files in a folder of its own, links
would lead nowhere and builds would miss their inputs; a process whose storage lacks the mark refuses to start.
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
    """Writes the mark where the deployment is new, else compares it. ConfigurationError where it is another's or none.

    Two processes that start a new deployment at once agree: the database decides whose mark it is.
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
                " Give all of them the same one: s3://…, or file:///… for a folder that they share."
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
