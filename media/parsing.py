"""Reads files from strangers in confined processes: what goes wrong there is said of the file, never of the server."""

import errno
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple

from errors import EkonteError, FileTooLargeError, JobFailure, UnsupportedFileError
from media.bounds import FileBounds
from media.confinement import Confinement
from media.processes import Outcome, call_in_worker
from media.slots import reading_slot

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

_WALL_FACTOR = 4.0  # of the CPU time; the machine may be busy
_OUTPUT_BYTES = 1024**3
_IMPORTS = (
    "media.recognising",
    "media.checking",
    "PIL.AvifImagePlugin",
    "PIL.WebPImagePlugin",
    "pillow_heif",
    "docx",
    "lxml.etree",
)
# Errors of our own disk or folders; any other of a reader is the file's.
_OURS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.EACCES, errno.EROFS, errno.EMFILE})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The conditions of reading files: slots of this machine, bytes of memory beyond an idle process, CPU seconds."""

    limit: int
    memory_bytes: int = 1024**3
    cpu_seconds: float = 30.0
    bounds: FileBounds = field(default_factory=FileBounds)


async def read_foreign(
    owner: str, reading: Reading, function: Callable[[*Arguments], Result], *args: *Arguments
) -> Result:
    """Returns function(*args), computed in a confined process that holds a reading slot of this owner.

    Raises what the function refuses with (EkonteError, JobFailure), and errors of our own disk as OSError. All else is
    the file's fault: FileTooLargeError where it takes more time or memory than it may, UnsupportedFileError where its
    reader fails or dies. Cancelling kills the process.
    """
    confinement = Confinement(reading.memory_bytes, _OUTPUT_BYTES, imports=_IMPORTS)
    async with reading_slot(reading.limit, owner):
        try:
            outcome = await call_in_worker(
                confinement, function, args,
                timeout_seconds=_WALL_FACTOR * reading.cpu_seconds, cpu_seconds=reading.cpu_seconds,
            )  # fmt: skip
        except TimeoutError:
            raise _too_slow(reading) from None
    if outcome.kind == "value":
        return outcome.value  # type: ignore[no-any-return]
    raise _refusal(outcome, reading)


def _too_slow(reading: Reading) -> FileTooLargeError:
    return FileTooLargeError(f"Reading the file takes longer than the {reading.cpu_seconds:g} s that it may take.")


def _refusal(outcome: Outcome, reading: Reading) -> Exception:
    if outcome.kind == "memory":
        return FileTooLargeError(
            f"Reading the file takes more than the {reading.memory_bytes >> 20} MB of memory that it may take."
        )
    if outcome.kind == "died":
        if outcome.value == -signal.SIGXCPU:
            return _too_slow(reading)
        log.warning("the reader of a file ended with status %s", outcome.value)
        return UnsupportedFileError("The file is broken: the program that read it crashed.")
    error: Exception = outcome.value
    if isinstance(error, EkonteError | JobFailure):
        return error
    if isinstance(error, OSError) and error.errno in _OURS:
        return error
    log.warning("the reader of a file failed: %r", error, exc_info=error)
    return UnsupportedFileError("The file is broken or of an unusual kind, and cannot be read.")
