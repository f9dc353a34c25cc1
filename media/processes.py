"""Runs CPU-heavy Python work in reused worker processes, which are killed when their caller is cancelled.

Workers are plain child processes and not tied to an event loop: any loop in any thread may call. A worker that loses
its parent exits at once (its stdin ends), so a killed server leaves nothing running.
"""

import asyncio
import atexit
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

from errors import JobErrorCode, JobFailure
from media.slots import render_slot
from media.worker import read_message, write_raw

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

_MAX_IDLE_SECONDS = 300.0
_MAX_CALLS = 200  # A worker is replaced after this many calls, to free memory that its libraries keep.


class _Worker:
    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        # One thread for numeric libraries: a slot stands for one core.
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "media.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C at a terminal reaches the parent alone, which then ends its workers.
        )
        self.calls = 0
        self.idle_since = 0.0

    def call(self, request: bytes, progress: Callable[[float], None]) -> tuple[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.calls += 1
        try:
            write_raw(self.process.stdin, request)  # type: ignore[arg-type]
            while True:
                kind, value = read_message(self.process.stdout)  # type: ignore[arg-type]
                if kind != "progress":
                    return kind, value
                progress(value)
        except (EOFError, OSError):
            return "died", self.process.wait()

    @property
    def is_usable(self) -> bool:
        is_fresh = time.monotonic() - self.idle_since < _MAX_IDLE_SECONDS and self.calls < _MAX_CALLS
        return is_fresh and self.process.poll() is None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # unsent bytes of a call that was cut short
                    continue


_lock = threading.Lock()
_idle: list[_Worker] = []
_threads = ThreadPoolExecutor(max_workers=256, thread_name_prefix="render-call")


def _take_worker() -> _Worker:
    with _lock:
        fresh = [worker for worker in _idle if worker.is_usable]
        stale = [worker for worker in _idle if worker not in fresh]
        taken = fresh.pop() if fresh else None
        _idle[:] = fresh
    for worker in stale:
        worker.end()
    return taken or _Worker()


async def _take(loop: asyncio.AbstractEventLoop) -> _Worker:
    taking = loop.run_in_executor(_threads, _take_worker)
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


async def run_in_worker(
    function: Callable[[*Arguments], Result],
    *args: *Arguments,
    limit: int,
    timeout_seconds: float,
    progress: Callable[[float], None] | None = None,
) -> Result:
    """Returns function(*args), computed in a worker process that holds one of `limit` render slots.

    The function is a top-level one; it, its arguments and its result can be pickled. It may call
    media.worker.report_progress, which calls `progress` on this loop. Cancelling kills the worker. Raises what the
    function raises; JobFailure TIMEOUT after timeout_seconds of work (waiting for a slot does not count), and
    JobFailure INTERNAL where the process dies.
    """
    request = pickle.dumps((function, args), protocol=pickle.HIGHEST_PROTOCOL)
    loop = asyncio.get_running_loop()

    def tell(fraction: float) -> None:
        if progress is not None:
            loop.call_soon_threadsafe(progress, fraction)

    async with render_slot(limit):
        worker = await _take(loop)
        call = loop.run_in_executor(_threads, worker.call, request, tell)
        try:
            async with asyncio.timeout(timeout_seconds):
                kind, value = await asyncio.shield(call)
        except BaseException as error:
            worker.process.kill()
            _threads.submit(worker.end)
            await asyncio.wait([call])
            if isinstance(error, TimeoutError):
                raise JobFailure(
                    JobErrorCode.TIMEOUT, f"Rendering took longer than {timeout_seconds:.0f} s.", is_retryable=True
                ) from None
            raise
    if kind == "died":
        worker.end()
        raise JobFailure(JobErrorCode.INTERNAL, f"A rendering process crashed (status {value}).", is_retryable=True)
    _give_back(worker)
    if kind == "error":
        raise value
    return value  # type: ignore[no-any-return]
