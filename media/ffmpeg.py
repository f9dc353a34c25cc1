"""Runs ffmpeg as a subprocess with a render slot, progress, fast cancellation and mapped errors."""

import asyncio
import contextlib
import functools
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg

from errors import JobErrorCode, JobFailure
from media.confinement import plain_environment
from media.processes import RENDERER
from media.rendering import Rendering
from media.slots import render_slot

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_KILL_AFTER_SECONDS = 0.5
_KEPT_LINES = 200
_DISK_FULL = ("No space left on device", "Disk quota exceeded")
# Follow-up lines that do not name the cause.
_CONSEQUENCES = re.compile(
    r"^(Conversion failed|Error while|Error opening (in|out)put files?|Task finished|Terminating|Nothing was written|"
    r"\s*Last message repeated|\[out#|Exiting|Error sending frames|\s*Stream #|Press \[q\])",
)
_PATH = re.compile(r"(?:file:)?(?<![\w.])/(?:[^\s'\":]+/)*([^\s'\":/]+)")


@functools.cache
def ffmpeg_path() -> str:
    """The ffmpeg binary that comes with imageio-ffmpeg."""
    path: str = imageio_ffmpeg.get_ffmpeg_exe()
    return path


def explain(lines: Sequence[str]) -> str:
    """The most informative line of ffmpeg's stderr, without local folders and memory addresses."""
    useful = [line for line in lines if line.strip() and not _CONSEQUENCES.match(line)] or list(lines)
    line = useful[-1].strip() if useful else "no reason given"
    line = re.sub(r"^\[[^\]]*\]\s*", "", re.sub(r" @ 0x[0-9a-f]+", "", line))
    return _PATH.sub(r"\1", line)[:300]


def _failure(lines: Sequence[str], status: int) -> JobFailure:
    if any(words in line for line in lines for words in _DISK_FULL):
        return JobFailure(JobErrorCode.STORAGE_ERROR, "No space is left to render.", is_retryable=True)
    if status < 0:
        return JobFailure(JobErrorCode.INTERNAL, f"ffmpeg was ended by signal {-status}.", is_retryable=True)
    return JobFailure(JobErrorCode.INTERNAL, f"ffmpeg failed: {explain(lines)}", is_retryable=False)


async def _stop(process: asyncio.subprocess.Process) -> None:
    def send(number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    send(signal.SIGTERM)
    try:
        async with asyncio.timeout(_KILL_AFTER_SECONDS):
            await process.wait()
    except BaseException:
        send(signal.SIGKILL)
        await process.wait()
        raise
    finally:
        send(signal.SIGKILL)


async def _follow(
    stream: asyncio.StreamReader, expected_seconds: float | None, progress: Callable[[float], None]
) -> None:
    async for raw in stream:
        key, _, value = raw.decode(errors="replace").strip().partition("=")
        if key == "out_time_us" and expected_seconds and value.lstrip("-").isdigit():
            progress(min(max(int(value) / 1e6 / expected_seconds, 0.0), 1.0))


async def _collect(stream: asyncio.StreamReader, lines: deque[str]) -> None:
    while chunk := await stream.read(65536):
        # ffmpeg may write very long lines; readline() has a limit, so split here.
        text = (lines.pop() if lines else "") + chunk.decode(errors="replace")
        lines.extend(line[-2000:] for line in text.replace("\r", "\n").split("\n"))


async def run_ffmpeg(arguments: Sequence[str], rendering: Rendering, *, expected_seconds: float | None = None) -> str:
    """Runs ffmpeg with these arguments while holding a render slot; returns the end of its stderr.

    Progress is the time written, where expected_seconds (the length of the output) is given.
    Cancelling ends the process within a second. Raises JobFailure: TIMEOUT, STORAGE_ERROR where the disk is full,
    else INTERNAL with the line that names the cause.
    """
    common = ("-nostdin", "-y", "-hide_banner", "-progress", "pipe:1", "-nostats")
    launched = (str(os.getpid()), str(RENDERER.memory_bytes), ffmpeg_path())
    async with render_slot(rendering.limit):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", _LAUNCHER, *launched, *common, *arguments),
            env=plain_environment(os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        readers = asyncio.gather(
            _follow(process.stdout, expected_seconds, rendering.progress),
            _collect(process.stderr, lines),
            process.wait(),
        )
        try:
            async with asyncio.timeout(rendering.timeout_seconds):
                await readers
        except TimeoutError:
            await _stop_quietly(process)
            raise JobFailure(
                JobErrorCode.TIMEOUT,
                f"Rendering took longer than {rendering.timeout_seconds:.0f} s.",
                is_retryable=True,
            ) from None
        except BaseException:
            await _stop_quietly(process)
            raise
    if process.returncode != 0:
        raise _failure(list(lines), process.returncode or 0)
    return "\n".join(lines)


async def _stop_quietly(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(TimeoutError):
        await _stop(process)
