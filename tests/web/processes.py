"""Starts and stops the application of tiny.py as a process."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass
class RunningServer:
    """A server process. url: base address. log: its standard error, after its end."""

    process: subprocess.Popen[str]
    url: str
    greeting: str
    log: list[str] = field(default_factory=list)

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    @property
    def websocket(self) -> str:
        return self.graphql.replace("http://", "ws://")

    def end(self, signal_number: int = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=30)


@contextlib.contextmanager
def running_server(
    data_dir: Path, *, program: Sequence[str] = ("-m", "tests.web.tiny"), **settings: str
) -> Iterator[RunningServer]:
    """Runs the application on a free port, with only the given EKONTE_ settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EKONTE_")}
    environment = {
        **kept,
        "PYTHONPATH": str(REPOSITORY),
        "EKONTE_DATA_DIR": str(data_dir),
        "EKONTE_PORT": "0",
        "EKONTE_LOG_FORMAT": "json",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, *program],
        cwd=data_dir,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
    reader.start()
    try:
        greeting = ""
        while "/readyz" not in greeting:
            line = process.stdout.readline()
            if not line:
                process.wait(timeout=10)
                reader.join(timeout=10)
                raise RuntimeError("the server did not start: " + "".join(log))
            greeting += line
        found = re.search(r"GraphQL +(http://\S+)/graphql", greeting)
        assert found is not None
        yield RunningServer(process, found.group(1), greeting, log)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)
        reader.join(timeout=10)
        process.stdout.close()
        process.stderr.close()
