"""Runs Python work in reused worker processes, which are confined, and killed when their caller is cancelled.

Workers are plain child processes and not tied to an event loop: any loop in any thread may call. A worker that loses
its parent exits at once (its stdin ends), so a killed server leaves nothing running. What each may use is in its
Confinement: workers with different ones are different workers.
"""

import asyncio
import atexit
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from errors import JobErrorCode, JobFailure
from media.answers import read_answer
from media.confinement import Confinement, plain_environment
from media.slots import render_slot
from media.worker import read_message, read_payload, write_raw

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

_MAX_IDLE_SECONDS = 300.0
_MAX_CALLS = 200  # A worker is replaced after this many calls, to free memory that its libraries keep.
_MAX_ANSWER_BYTES = 256 * 1024**2  # of a process that is not trusted
RENDERER = Confinement(8 * 1024**3, 64 * 1024**3, may_start_programs=True, is_trusted=True)


@dataclass(frozen=True)
class Outcome:
    """The end of a call. kind: "value", "error" (value: an exception), "memory", or "died" (value: the exit status,
    negative for a signal)."""

    kind: str
    value: Any


class _Worker:
    def __init__(self, confinement: Confinement) -> None:
        self.confinement = confinement
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "media.worker", confinement.to_argument()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=plain_environment(os.environ),
            start_new_session=True,  # Ctrl-C at a terminal reaches the parent alone, which then ends its workers.
        )
        self.calls = 0
        self.idle_since = 0.0

    def call(self, request: bytes, progress: Callable[[float], None]) -> Outcome:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.calls += 1
        try:
            write_raw(self.process.stdin, request)  # type: ignore[arg-type]
            while True:
                kind, value = self._answer(self.process.stdout)
                if kind != "progress":
                    return Outcome(kind, value)
                progress(value)
        except (EOFError, OSError):
            return Outcome("died", self.process.wait())
        except Exception:  # what was read is no answer: a pickle of anything raises anything
            if self.confinement.is_trusted:
                raise
            self.process.kill()
            return Outcome("died", self.process.wait())

    def _answer(self, stream: Any) -> Any:
        return (
            read_message(stream)
            if self.confinement.is_trusted
            else read_answer(read_payload(stream, _MAX_ANSWER_BYTES))
        )

    @property
    def is_usable(self) -> bool:
        is_fresh = time.monotonic() - self.idle_since < _MAX_IDLE_SECONDS and self.calls < _MAX_CALLS
        return is_fresh and self.process.poll() is None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # unsent bytes of a call that was cut short
                    stream.close()


_lock = threading.Lock()
_idle: list[_Worker] = []
_threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="render-call")


def _take_worker(confinement: Confinement) -> _Worker:
    with _lock:
        fresh = [worker for worker in _idle if worker.is_usable]
        stale = [worker for worker in _idle if worker not in fresh]
        taken = next((worker for worker in reversed(fresh) if worker.confinement == confinement), None)
        _idle[:] = [worker for worker in fresh if worker is not taken]
    for worker in stale:
        worker.end()
    return taken or _Worker(confinement)


async def _take(loop: asyncio.AbstractEventLoop, confinement: Confinement) -> _Worker:
    taking = loop.run_in_executor(_threads, _take_worker, confinement)
    try:
        return await asyncio.shield(taking)
    except asyncio.CancelledError:
        await asyncio.wait([taking])  # starting takes milliseconds; an unclaimed worker would stay for ever
        if taking.exception() is None:
            _give_back(taking.result())
        raise


def _give_back(worker: _Worker) -> None:
    worker.idle_since = time.monotonic()
    with _lock:
        _idle.append(worker)


@atexit.register
def end_workers() -> None:
    """Ends all idle workers; busy ones end with their callers."""
    with _lock:
        workers = list(_idle)
        _idle.clear()
    for worker in workers:
        worker.end()


async def call_in_worker(
    confinement: Confinement,
    function: Callable[..., object],
    arguments: tuple[object, ...],
    *,
    timeout_seconds: float,
    cpu_seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Outcome:
    """The end of function(*arguments) in a worker process with this confinement; the caller holds a slot.

    The function is a top-level one; it, its arguments and its result can be pickled. A worker that died, found no
    memory, or is cancelled or out of time is replaced. Raises TimeoutError after timeout_seconds.
    """
    request = pickle.dumps((function, arguments, cpu_seconds), protocol=pickle.HIGHEST_PROTOCOL)
    loop = asyncio.get_running_loop()

    def tell(fraction: float) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, fraction)

    worker = await _take(loop, confinement)
    call = loop.run_in_executor(_threads, worker.call, request, tell)
    try:
        async with asyncio.timeout(timeout_seconds):
            outcome = await asyncio.shield(call)
    except BaseException:
        worker.process.kill()
        _threads.submit(worker.end)
        await asyncio.wait([call])
        raise
    if outcome.kind in ("died", "memory"):
        _threads.submit(worker.end)
    else:
        _give_back(worker)
    return outcome


async def run_in_worker(
    function: Callable[[*Arguments], Result],
    *args: *Arguments,
    limit: int,
    timeout_seconds: float,
    progress: Callable[[float], None] | None = None,
    confinement: Confinement = RENDERER,
) -> Result:
    """Returns function(*args), computed in a worker process that holds one of `limit` render slots.

    The function is a top-level one; it, its arguments and its result can be pickled. It may call
    media.worker.report_progress, which calls `progress` on this loop. Cancelling kills the worker. Raises what the
    function raises; JobFailure TIMEOUT after timeout_seconds of work (waiting for a slot does not count), and
    JobFailure INTERNAL where the process dies or needs more memory than it may have.
    """
    async with render_slot(limit):
        try:
            outcome = await call_in_worker(
                confinement, function, args, timeout_seconds=timeout_seconds, progress=progress
            )
        except TimeoutError:
            raise JobFailure(
                JobErrorCode.TIMEOUT, f"Rendering took longer than {timeout_seconds:.0f} s.", is_retryable=True
            ) from None
    if outcome.kind == "died":
        message = f"A rendering process crashed (status {outcome.value})."
        raise JobFailure(JobErrorCode.INTERNAL, message, is_retryable=True)
    if outcome.kind == "memory":
        message = f"Rendering takes more than the {confinement.memory_bytes >> 20} MB of memory that it may take."
        raise JobFailure(JobErrorCode.INTERNAL, message, is_retryable=False)
    if outcome.kind == "error":
        raise outcome.value
    return outcome.value  # type: ignore[no-any-return]
