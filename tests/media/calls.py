"""Functions that the tests run in worker processes."""

import errno
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from errors import BadInputError, JobErrorCode, JobFailure
from media.worker import report_progress


def double(number: int) -> int:
    return number * 2


def process_id() -> int:
    return os.getpid()


def sleep_long(started: Path) -> None:
    started.write_text(str(os.getpid()))
    time.sleep(60)


def fail_as_job() -> None:
    raise JobFailure(JobErrorCode.INVALID_INPUT, "Nothing to say.", is_retryable=False, upstream_code="x1")


def fail_as_request() -> None:
    raise BadInputError("Too long.", path=["input", 3])


def fail_oddly() -> None:
    raise KeyError("odd")


def die() -> None:
    os._exit(7)


def count_up() -> str:
    for step in range(5):
        report_progress(step / 4)
    return "done"


def allocate(size: int) -> int:
    return len(bytearray(size))


def compute_for_ever() -> None:
    while True:
        pass


def crash() -> None:
    os.abort()


def look_around() -> dict[str, object]:
    """What the process has of the environment, the network, programs and other processes."""

    def tried(deed: Callable[[], object]) -> str:
        try:
            deed()
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "done"

    secrets = [name for name in os.environ if name.startswith("EKONTE_") or name.endswith("_KEY")]
    return {
        "variables": secrets,
        "core_bytes": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "socket": tried(socket.socket),
        "program": tried(lambda: os.execv(sys.executable, [sys.executable, "-c", "pass"])),
        "signal": tried(lambda: os.kill(os.getppid(), 0)),
    }


class _Call:
    """A pickle of it is a call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


def answer_with_a_call(path: Path) -> object:
    return _Call(path)


def tell_a_huge_answer() -> None:
    """Writes the head of a message that nobody could hold."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, (1 << 62).to_bytes(8, "big"))
        except OSError:
            continue
    time.sleep(60)
