"""Slots: limit how many renderings, and how many readers of strangers' files, run on this machine across processes.

Renderings and readers have slots of their own, so that looking at an upload never waits for a film. Owners get slots in
turn (media/fair_queue.py); of the slots for reading no owner gets all, so one owner's files that take long leave room
for another's.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import random
import tempfile
import weakref
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from pathlib import Path

from media.fair_queue import FairQueue

_POLL_SECONDS = (0.02, 0.05)
_OWNER_FILES = 4096  # owners share so many lock files; two of one file share what one owner may hold

# Of each event loop, by kind of slot.
_queues: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, FairQueue]] = weakref.WeakKeyDictionary()
_owner: ContextVar[str] = ContextVar("owner_of_work", default="")


@contextlib.contextmanager
def working_for(owner: str) -> Iterator[None]:
    """Within the context, and in tasks that begin in it, slots are taken for this owner."""
    token = _owner.set(owner)
    try:
        yield
    finally:
        _owner.reset(token)


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


def _try_any(folder: Path, name: str, limit: int) -> int | None:
    for number in range(limit):
        if (descriptor := _try_lock(folder / f"{name}-{number}.lock")) is not None:
            return descriptor
    return None


class _OwnersShareIsHeldError(Exception):
    """The owner holds all that it may hold, perhaps in another process."""


def _try_slot(folder: Path, name: str, limit: int, share: str | None) -> tuple[int, ...] | None:
    """The descriptors that hold a slot and, where there is a share, a part of it; None while no slot is free."""
    if share is None:
        slot = _try_any(folder, name, limit)
        return None if slot is None else (slot,)
    part = _try_any(folder, share, limit - 1)
    if part is None:
        raise _OwnersShareIsHeldError
    try:
        slot = _try_any(folder, name, limit)
    except BaseException:
        os.close(part)
        raise
    if slot is None:
        os.close(part)
        return None
    return (slot, part)


def _share_of(name: str, owner: str) -> str:
    digest = hashlib.sha256(owner.encode()).digest()
    return f"{name}-of-{int.from_bytes(digest[:4], 'big') % _OWNER_FILES}"


@contextlib.asynccontextmanager
async def _slot(name: str, limit: int, owner: str, share: str | None) -> AsyncIterator[None]:
    if limit < 1:
        raise ValueError("limit must be at least 1")
    folder = slot_folder()
    queue = _queues.setdefault(asyncio.get_running_loop(), {}).setdefault(name, FairQueue())
    waiter = queue.join(owner)
    descriptors: tuple[int, ...] | None = None
    try:
        while descriptors is None:
            if queue.next() is not waiter:
                waiter.called.clear()
                await waiter.called.wait()
                continue
            try:
                descriptors = _try_slot(folder, name, limit, share)
            except _OwnersShareIsHeldError:
                waiter.is_resting = True
                queue.call_next()
            if descriptors is None:  # other processes set no event
                await asyncio.sleep(random.uniform(*_POLL_SECONDS))
                waiter.is_resting = False
    finally:
        queue.leave(waiter, with_slot=descriptors is not None)
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
        queue.release(owner)


def render_slot(limit: int) -> contextlib.AbstractAsyncContextManager[None]:
    """Holds one of `limit` render slots of this machine and user; waits for a free one without blocking the loop.

    Within one process a waiting owner (working_for) gets a slot before another owner's further one. The kernel frees
    the slots of a process that dies. Must not be nested: a holder must not wait for a second slot.
    """
    return _slot("slot", limit, _owner.get(), None)


def reading_slot(limit: int, owner: str) -> contextlib.AbstractAsyncContextManager[None]:
    """As render_slot, of the slots for reading strangers' files. Of two and more, an owner holds at most all but one,
    counted over all processes.
    """
    return _slot("reader", limit, owner, _share_of("reader", owner) if limit > 1 else None)
