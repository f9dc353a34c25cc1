"""The program of a worker process: reads pickled calls from stdin, writes results to stdout; see media.processes.

Each message is eight bytes of length, big endian, and a pickle: (function, arguments, CPU seconds or None) in;
("progress", fraction), ("value", result), ("error", exception), or ("memory", None) out. The one argument is the
process's Confinement.
"""

import contextlib
import errno
import importlib
import os
import pickle
import queue
import resource
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from errors import EkonteError, JobErrorCode, JobFailure
from media.answers import read_answer
from media.confinement import Confinement
from media.sandbox import deny_network, limit_cpu, limit_files, limit_memory

_LENGTH = struct.Struct(">Q")
_answers: BinaryIO | None = None


def write_raw(stream: BinaryIO, payload: bytes) -> None:
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """The next message. Raises EOFError where the other side has closed the stream."""
    return pickle.loads(read_payload(stream))  # noqa: S301 our own processes


def read_payload(stream: BinaryIO, most_bytes: int | None = None) -> bytes:
    """The next message's pickle. Raises EOFError where the other side has closed the stream, ValueError where the
    message tells that it is longer than most_bytes.
    """
    size = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))[0]
    if most_bytes is not None and size > most_bytes:
        raise ValueError(f"a message of {size} bytes")
    return _read_exactly(stream, size)


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    payload = stream.read(size)
    if len(payload) < size:
        raise EOFError
    return payload


def report_progress(fraction: float) -> None:
    """Reports progress to the caller from a function that runs in a worker. Does nothing elsewhere."""
    if _answers is not None:
        message = ("progress", min(max(fraction, 0.0), 1.0))
        _send(_answers, pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL))


def _send(answers: BinaryIO, payload: bytes) -> None:
    """Writes a result. Exits silently where the parent has died meanwhile, without a traceback in its log."""
    try:
        write_raw(answers, payload)
    except BrokenPipeError:
        os._exit(0)


def _portable(error: Exception, *, is_trusted: bool) -> Exception:
    error.add_note("in a worker process:\n" + traceback.format_exc())
    try:
        payload = pickle.dumps(error)
        copy = pickle.loads(payload) if is_trusted else read_answer(payload)  # noqa: S301 just pickled
    except Exception:
        copy = None
    if isinstance(copy, type(error)):
        return error
    if isinstance(error, JobFailure | EkonteError):  # a subclass that cannot travel
        return JobFailure(JobErrorCode.INTERNAL, error.message, is_retryable=False)
    return RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")


def _take_calls(stream: BinaryIO, calls: "queue.SimpleQueue[tuple[Callable[..., object], tuple[object, ...]]]") -> None:
    try:
        while True:
            size = _LENGTH.unpack(_read_exactly(stream, _LENGTH.size))[0]
            calls.put(_read_exactly(stream, size))  # type: ignore[arg-type]
    except EOFError:
        os._exit(0)  # The parent ended or died: nobody needs the result.


def _confine(confinement: Confinement) -> None:
    """Takes from this process what its calls do not need. What they import is imported before its memory is bounded,
    so that the bound is of work alone."""
    if not deny_network(programs=confinement.may_start_programs):
        print("media.worker: this system cannot close the network to a process", file=sys.stderr, flush=True)
    limit_files(confinement.file_bytes)
    for name in confinement.imports:
        importlib.import_module(name)
    limit_memory(confinement.memory_bytes)


def _is_for_want_of_memory(error: BaseException) -> bool:
    """Whether a decoder found no memory, also where it said so by an error of its own."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, MemoryError) or getattr(cause, "errno", None) == errno.ENOMEM:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _call(payload: bytes, *, is_trusted: bool) -> bytes:
    function, arguments, cpu_seconds = pickle.loads(payload)  # noqa: S301 from our own parent
    if cpu_seconds is not None:
        limit_cpu(cpu_seconds)
    try:
        value: object = function(*arguments)
        return pickle.dumps(("value", value), protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        if _is_for_want_of_memory(error):
            return pickle.dumps(("memory", None), protocol=pickle.HIGHEST_PROTOCOL)
        return pickle.dumps(("error", _portable(error, is_trusted=is_trusted)), protocol=pickle.HIGHEST_PROTOCOL)
    finally:
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
            resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def main() -> None:
    global _answers
    _answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Output of libraries must not mix with results on stdout.
    os.nice(5)  # The server and its event loop have priority.
    confinement = Confinement.from_argument(sys.argv[1])
    _confine(confinement)
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_take_calls, args=(os.fdopen(os.dup(0), "rb"), calls), daemon=True).start()
    while True:
        _send(_answers, _call(calls.get(), is_trusted=confinement.is_trusted))


if __name__ == "__main__":
    # As the module media.worker, so that functions that import report_progress find this process's state.
    from media import worker

    sys.exit(worker.main())  # type: ignore[func-returns-value]
