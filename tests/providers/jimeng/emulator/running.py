"""Runs the emulator as a process with real HTTP."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[4]


@contextlib.contextmanager
def running_emulator(*arguments: str) -> Iterator[dict[str, str]]:
    """Starts it on a free port; yields the variables that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "providers.jimeng.emulator", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        variables: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                variables[name] = value
            if line.startswith("# ready"):
                break
        yield variables
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
