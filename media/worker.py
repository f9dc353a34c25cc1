"""The program of a worker process: reads pickled calls from stdin, writes results to stdout; see media.processes.

Each message is eight bytes of length, big endian, and a pickle: (function, arguments) in; ("progress", fraction),
("value", result) or ("error", exception) out.
"""

import os
import pickle
import queue
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from errors import EkonteError, JobErrorCode, JobFailure

_LENGTH = struct.Struct(">Q")
_answers: BinaryIO | None = None


def write_raw(stream: BinaryIO, payload: bytes) -> None:
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """The next message. Raises EOFError where the other side has closed the stream."""
    return pickle.loads(_read_exactly(stream, *_LENGTH.unpack(_read_exactly(stream, _LENGTH.size))))  # noqa: S301 our own processes


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


def _portable(error: Exception) -> Exception:
    error.add_note("in a worker process:\n" + traceback.format_exc())
    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 just pickled
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


def main() -> None:
    global _answers
    _answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Output of libraries must not mix with results on stdout.
    os.nice(5)  # The server and its event loop have priority.
    calls: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_take_calls, args=(os.fdopen(os.dup(0), "rb"), calls), daemon=True).start()
    while True:
        payload = calls.get()
        try:
            function, arguments = pickle.loads(payload)  # noqa: S301 from our own parent
            answer: tuple[str, object] = ("value", function(*arguments))
            message = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            message = pickle.dumps(("error", _portable(error)), protocol=pickle.HIGHEST_PROTOCOL)
        _send(_answers, message)


if __name__ == "__main__":
    # As the module media.worker, so that functions that import report_progress find this process's state.
    from media import worker

    sys.exit(worker.main())  # type: ignore[func-returns-value]
