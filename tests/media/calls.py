"""Functions that the tests run in worker processes."""

import os
import time
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
