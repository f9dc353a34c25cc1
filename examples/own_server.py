"""A server of one's own: `server.py` on a free port for as long as a block runs, its log in a file."""

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
    """The server did not start. Holds what it said last."""

    @property
    def is_data_in_use(self) -> bool:
        return DATA_IN_USE in str(self)


@contextlib.asynccontextmanager
async def own_server(data: Path, log: Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """Starts the server with `data` as its data folder and gives its GraphQL address; stops it at the end.

    environment: all of its variables, and no file .env is read then; this program's own where none are given. Raises
    ServerError where it does not start, e.g. because another server uses the same data folder.
    """
    for folder in (data, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        # A session of its own keeps Ctrl-C in the terminal from reaching it before whoever uses it has finished.
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
    """Waits for the greeting, which the server prints when it listens."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                if found := _ADDRESS.search(tail(log, lines=200)):
                    return found[1]
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise ServerError(f"the server did not start in {START_SECONDS:g} seconds\n{tail(log)}") from None
    said = tail(log)
    # A setting that cannot be used is said in one sentence; what was logged before it helps nobody.
    refusals = [
        line.removeprefix(REFUSAL)
        for line in said.splitlines()
        if line.startswith(REFUSAL) and not line.startswith(WARNING)
    ]
    raise ServerError("\n".join(refusals) or said or f"it ended with code {process.returncode} and said nothing")


@contextlib.asynccontextmanager
async def ending(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Stops the process when the block is left, however that comes."""
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
    """What the server warned of when it started, such as a mistyped variable."""
    return [line.removeprefix(WARNING) for line in tail(log, lines=200).splitlines() if line.startswith(WARNING)]


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file; nothing where there is no file."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).rstrip()
    except FileNotFoundError:
        return ""
