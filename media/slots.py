"""Render slots: limit the number of concurrent renderers on this machine across all processes."""

import asyncio
import contextlib
import fcntl
import os
import random
import tempfile
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

_POLL_SECONDS = (0.02, 0.05)

# Per event loop only the first waiter polls the kernel, so waiting is cheap and first come, first served.
_queues: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = weakref.WeakKeyDictionary()


def slot_folder() -> Path:
    """The folder of the lock files, private to this user. Raises PermissionError where another user owns it."""
    folder = Path(tempfile.gettempdir()) / f"ekonte-render-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"the folder for render slots belongs to another user: {folder.name}")
    return folder


def _try_lock(path: Path) -> int | None:
    # Python opens descriptors as non-inheritable, so a renderer never keeps the slot of a parent that died.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _try_any(folder: Path, limit: int) -> int | None:
    for number in range(limit):
        if (descriptor := _try_lock(folder / f"slot-{number}.lock")) is not None:
            return descriptor
    return None


@contextlib.asynccontextmanager
async def render_slot(limit: int) -> AsyncIterator[None]:
    """Holds one of `limit` slots of this machine and user; waits for a free one without blocking the loop.

    The kernel frees the slots of a process that dies. Must not be nested: a holder must not wait for a second slot.
    """
    if limit < 1:
        raise ValueError("limit must be at least 1")
    folder = slot_folder()
    queue = _queues.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with queue:
        while (descriptor := _try_any(folder, limit)) is None:  # noqa: ASYNC110 other processes set no event
            await asyncio.sleep(random.uniform(*_POLL_SECONDS))
    try:
        yield
    finally:
        os.close(descriptor)
