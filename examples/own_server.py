"""Runs `server.py` on a free port as a subprocess within a context, with its log in a file."""

import asyncio
import contextlib
import os
import re
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 12.0
POLL_SECONDS = 0.1
WARNING = "ekonte: warning: "
REFUSAL = "ekonte: "
DATA_IN_USE = "another server uses this data folder"
_ADDRESS = re.compile(r"^\s*GraphQL\s+(http\S+)$", re.MULTILINE)


class ServerError(Exception):
    """The server did not start. The text has its last output."""

    @property
    def is_data_in_use(self) -> bool:
        return DATA_IN_USE in str(self)


@contextlib.asynccontextmanager
async def own_server(data: Path, log: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """Starts the server with `data` as its data folder, yields its GraphQL address, and stops it at the end.

    environment: all of its variables, without reading .env; None: this process's own. Raises ServerError if it does not
    start, e.g. because another server uses the same data folder.
    """
    for folder in (data, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # A separate session keeps Ctrl-C in the terminal from stopping it before its users have finished.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "server.py"),
            "--port",
            "0",
            cwd=ROOT if environment is None else data,
            env={**(os.environ if environment is None else environment), "EKONTE_DATA_DIR": str(data)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    async with ending(process):
        yield await _address(process, log)


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    """Waits for the start message, which the server prints when it is ready."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                if found := _ADDRESS.search(tail(log, lines=200)):
                    return found[1]
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise ServerError(f"the server did not start in {START_SECONDS:g} seconds\n{tail(log)}") from None
    said = tail(log)
    # For an invalid setting the error message is enough, without the log.
    refusals = [
        line.removeprefix(REFUSAL)
        for line in said.splitlines()
        if line.startswith(REFUSAL) and not line.startswith(WARNING)
    ]
    raise ServerError("\n".join(refusals) or said or f"it ended with code {process.returncode} without output")


@contextlib.asynccontextmanager
async def ending(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Stops the process when the context is left."""
    try:
        yield
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def warnings(log: Path) -> list[str]:
    """The server's warnings at its start, e.g. of a mistyped variable."""
    return [line.removeprefix(WARNING) for line in tail(log, lines=200).splitlines() if line.startswith(WARNING)]


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file; empty if it does not exist."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).rstrip()
    except FileNotFoundError:
        return ""
