"""A real deployment for tests: the server and workers as processes of their own, in one of the two shapes."""

import asyncio
import contextlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil
from redis import Redis

from tests.acceptance.client import Client

REPOSITORY = Path(__file__).parents[2]
POSTGRES_URL = os.environ.get("EKONTE_TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")
REDIS_SERVER = os.environ.get("EKONTE_TEST_REDIS_URL", "redis://127.0.0.1:6379")
SECRET = "a secret of the acceptance tests, long enough"
START_SECONDS = 180.0
END_SECONDS = 20.0
_ADDRESS = re.compile(r"GraphQL +(http://\S+)/graphql")

EMBEDDED, SCALED = "embedded", "scaled out"

# Redis has 16 numbered databases; each deployment takes one of the last, so that two at once stay apart: those of one
# test process after each other, and those of another test process beside it.
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_redis_numbers = itertools.cycle(range(8 + 4 * (_PROCESS % 2), 12 + 4 * (_PROCESS % 2)))


def redis_url(number: int) -> str:
    return urlunsplit(urlsplit(REDIS_SERVER)._replace(path=f"/{number}"))


class Running:
    """A process in a session of its own, so that all its children end with it; what it says is kept in a file."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                arguments,
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """SIGKILL for the whole group, as when a machine's memory runs out; renderers have groups of their own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(timeout=END_SECONDS)

    def end(self) -> tuple[int, float]:
        """SIGTERM to the process alone; (exit code, seconds that it took)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=END_SECONDS)
        return code, time.monotonic() - began


def wait_until(what: str, is_so: Callable[[], object], seconds: float = 180.0) -> None:
    """Asks again and again; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


@dataclass
class Deployment:
    """`shape` EMBEDDED: one process, SQLite, no token. SCALED: PostgreSQL, Redis, a server and workers, tokens."""

    shape: str
    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    database: str | None = None
    url: str = ""
    server: Running | None = None
    workers: list[Running] = field(default_factory=list)
    server_program: tuple[str, ...] = ("server.py",)
    worker_threads: str = "4"
    worker_program: tuple[str, ...] = ("-m", "dramatiq", "tasks")
    redis_url: str = field(default_factory=lambda: redis_url(next(_redis_numbers)))
    _started: int = 0
    _tokens: dict[str, str] = field(default_factory=dict)

    # ------------------------------------------------------------ places

    @property
    def data_dir(self) -> Path:
        return self.root / "data"

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    @property
    def scratch_dir(self) -> Path:
        return self.data_dir / "scratch"

    @property
    def temporary_dir(self) -> Path:
        return self.root / "temporary"

    @property
    def has_tokens(self) -> bool:
        return "EKONTE_SECRET" in self.environment

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "EKONTE_DATA_DIR": str(self.data_dir),
            "EKONTE_PORT": "0",
            "EKONTE_LOG_FORMAT": "json",
            "TMPDIR": str(self.temporary_dir),  # render slots are counted there: other servers' do not hold up this one
        }
        if self.shape == SCALED:
            assert self.database is not None
            own |= {
                "EKONTE_DATABASE_URL": urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{self.database}")),
                "EKONTE_REDIS_URL": self.redis_url,
                "EKONTE_SECRET": SECRET,
                "EKONTE_LEASE_SECONDS": "4",
            }
        return {**_without_settings(), **own, **self.settings}

    # ------------------------------------------------------------ life

    def create(self) -> None:
        """An empty database with all tables; an empty Redis database."""
        self.data_dir.mkdir(parents=True)
        self.temporary_dir.mkdir()
        if self.shape == EMBEDDED:
            shutil.copy(_migrated_file(), self.data_dir / "ekonte.sqlite3")
        else:
            template = _migrated_database()
            self.database = f"ekonte_acceptance_{uuid.uuid4().hex[:12]}"
            _now(_postgres(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"'))
            with Redis.from_url(self.redis_url) as redis:
                redis.flushdb()

    def token(self, user: str = "mira") -> str | None:
        """A bearer token of the command line's making; None where everybody is `local`."""
        if not self.has_tokens:
            return None
        if user not in self._tokens:
            self._tokens[user] = _command(self.environment, "token", "--user", user, "--days", "1").strip()
        return self._tokens[user]

    def client(self, user: str = "mira") -> Client:
        return Client(self.url, self.token(user))

    def start(self) -> None:
        self.start_server()
        if self.shape == SCALED:
            self.start_worker()

    def start_server(self) -> None:
        arguments = [] if self.shape == EMBEDDED else ["--no-worker"]
        server = self._run("server", [sys.executable, *self.server_program, *arguments])
        found: list[str] = []

        def is_greeting() -> bool:
            assert server.process.poll() is None, server.said()
            match = _ADDRESS.search(server.said())
            found[:] = [match[1]] if match else []
            return bool(found)

        wait_until("the server listens", is_greeting, START_SECONDS)
        self.server, self.url = server, found[0]

    def start_worker(self, *queues: str) -> Running:
        """Starts a worker of these queues, of all where none is named."""
        options = ["--processes", "1", "--threads", self.worker_threads, *(["--queues", *queues] if queues else [])]
        worker = self._run("worker", [sys.executable, *self.worker_program, *options])

        def is_started() -> bool:
            assert worker.process.poll() is None, worker.said()
            return "worker.started" in worker.said()

        wait_until("the worker is at work", is_started, START_SECONDS)
        self.workers.append(worker)
        return worker

    def _run(self, name: str, arguments: list[str]) -> Running:
        self._started += 1
        return Running(arguments, self.environment, self.root / f"{self._started:02}-{name}.log")

    @property
    def doer(self) -> Running:
        """The process that does the jobs: the server itself, or the newest worker."""
        if self.shape == EMBEDDED:
            assert self.server is not None
            return self.server
        return self.workers[-1]

    def kill_doer(self) -> None:
        self.doer.kill()
        if self.shape == SCALED:
            self.workers.pop()

    def start_doer(self) -> None:
        if self.shape == EMBEDDED:
            self.start_server()
        else:
            self.start_worker()

    def end_doer(self) -> tuple[int, float]:
        ended = self.doer.end()
        if self.shape == SCALED:
            self.workers.pop()
        return ended

    def close(self) -> None:
        """Ends every process, whatever has become of it, and drops the database."""
        for running in [*self.workers, *([self.server] if self.server else [])]:
            running.kill()
        for process in self.processes():
            process.kill()
        if self.database is not None:
            _now(_postgres(f'DROP DATABASE "{self.database}" WITH (FORCE)'))

    # ------------------------------------------------------------ what is there

    def processes(self) -> list[psutil.Process]:
        """All processes of this deployment, whoever their parent is now: they carry its folder of temporary files, also
        those that get none of its settings.
        """
        found = []
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("TMPDIR") == str(self.temporary_dir)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def renderers(self) -> list[psutil.Process]:
        """Running ffmpeg processes, and workers of the process pool that compute just now."""
        processes = self.processes()
        pool = [(process, _cpu_seconds(process)) for process in processes if "media.worker" in _command_line(process)]
        time.sleep(0.1)
        busy = [process for process, before in pool if _cpu_seconds(process) - before >= 0.02]
        return busy + [process for process in processes if _is_ffmpeg(process)]

    def started_by(self, running: Running) -> list[psutil.Process]:
        """The processes that it and its children have started; other processes of the deployment have their own."""
        return psutil.Process(running.pid).children(recursive=True)

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows straight from the database, past all of our own code. `?` marks a value."""
        if self.shape == EMBEDDED:
            return await asyncio.to_thread(self._sqlite_rows, sql, values)
        for number in range(1, len(values) + 1):
            sql = sql.replace("?", f"${number}", 1)
        connection = await asyncpg.connect(self.environment["EKONTE_DATABASE_URL"])
        try:
            return [dict(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    def _sqlite_rows(self, sql: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
        connection = sqlite3.connect(f"file:{self.data_dir / 'ekonte.sqlite3'}?mode=ro", uri=True, timeout=20)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def logs(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self.root.glob("*.log")):
            yield path.name, path.read_text("utf-8", "replace")


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _is_ffmpeg(process: psutil.Process) -> bool:
    program = _command_line(process).split(" -", 1)[0]
    return process.is_running() and "ffmpeg" in program.rsplit("/", 1)[-1]


def _now(work: Coroutine[Any, Any, None]) -> None:
    """Runs it to its end on a loop of its own, whether or not one is running here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def _without_settings() -> dict[str, str]:
    """This process's environment without whatever EKONTE_ settings somebody has for a server of his own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EKONTE_")}
    # Dozens of processes start; compiling all of our code anew would be a quarter of what each start takes.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def _command(environment: dict[str, str], *arguments: str) -> str:
    """Runs `server.py` with arguments to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "server.py", *arguments],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


_migrated: dict[str, str] = {}
"""By shape the database, or the SQLite file, of this test process that has all tables and no rows: copies of it begin
as an empty one that was migrated does. Bringing it up to date takes longer than starting a server.
"""


def _migrated_database() -> str:
    if SCALED not in _migrated:
        name = f"ekonte_acceptance_{uuid.uuid4().hex[:12]}"
        _now(_postgres(f'CREATE DATABASE "{name}"'))
        _migrated[SCALED] = name
        url = urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))
        _command({**_without_settings(), "EKONTE_DATABASE_URL": url}, "migrate")
    return _migrated[SCALED]


def _migrated_file() -> Path:
    if EMBEDDED not in _migrated:
        folder = tempfile.mkdtemp(prefix="ekonte-acceptance-")
        _migrated[EMBEDDED] = folder
        _command({**_without_settings(), "EKONTE_DATA_DIR": folder}, "migrate")
    return Path(_migrated[EMBEDDED], "ekonte.sqlite3")


def drop_migrated() -> None:
    """At the end of the tests; twice: nothing more."""
    if (name := _migrated.pop(SCALED, None)) is not None:
        _now(_postgres(f'DROP DATABASE "{name}" WITH (FORCE)'))
    if (folder := _migrated.pop(EMBEDDED, None)) is not None:
        shutil.rmtree(folder)


async def _postgres(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES_URL, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def why_not_scaled() -> str | None:
    """Why the scaled-out shape cannot be tried on this machine; None where it can."""
    try:
        _now(_postgres("SELECT 1"))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return f"no PostgreSQL server for tests ({type(error).__name__}); set EKONTE_TEST_POSTGRES_URL"
    try:
        with Redis.from_url(redis_url(8), socket_connect_timeout=5) as redis:
            redis.ping()
    except Exception as error:
        return f"no Redis server for tests ({type(error).__name__}); set EKONTE_TEST_REDIS_URL"
    return None
