"""Runs the emulator of the Jimeng protocol as a subprocess within a context."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from own_server import ROOT, ending, tail

START_SECONDS = 30.0
POLL_SECONDS = 0.05
READY = "# ready"
REFUSAL = "emulator: "
_VARIABLE = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)


class EmulatorError(Exception):
    """The emulator did not start, or ended unexpectedly. The text is a sentence."""


@dataclass(frozen=True)
class Emulator:
    """environment: variables that make an Ekonte server use it."""

    address: str
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process

    async def get(self, what: str) -> dict[str, Any]:
        """Queries /__emulator__/: `accounts`, or the `ledger` of all accepted tasks."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.get(f"{self.address}/__emulator__/{what}")
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    async def watch(self) -> None:
        """Waits for an unexpected end and raises EmulatorError."""
        code = await self.process.wait()
        raise EmulatorError(f"The emulator ended unexpectedly with exit code {code}; see its log {self.log}.")


@contextlib.asynccontextmanager
async def own_emulator(log: Path, scenario: Path, port: int, *options: str) -> AsyncIterator[Emulator]:
    """Starts the emulator and stops it at the end. scenario: an absolute path; port 0: a free one.

    Raises EmulatorError if it does not start.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = ("-m", "providers.jimeng.emulator", "--port", str(port), "--scenario", str(scenario), *options)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # keeps Ctrl-C from it; the demo stops it
        )
    async with ending(process):
        environment = await _environment(process, log)
        yield Emulator(environment["JIMENG_CN_BASE_URL"], environment, log, process)


async def _environment(process: asyncio.subprocess.Process, log: Path) -> dict[str, str]:
    """Waits until it is ready; returns the variables that it prints."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                said = tail(log, lines=200)
                if READY in said:
                    return dict(_VARIABLE.findall(said))
                await asyncio.sleep(POLL_SECONDS)
    if process.returncode is None:
        raise EmulatorError(f"The emulator did not start in {START_SECONDS:g} seconds; see its log {log}.")
    said = tail(log)
    refusal = next((line.removeprefix(REFUSAL) for line in said.splitlines() if line.startswith(REFUSAL)), None)
    raise EmulatorError(f"The emulator did not start: {refusal or said or f'exit code {process.returncode}'}")
