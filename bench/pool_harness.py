"""What benchmarks of pools share: the emulator as a process, the server in this one, and what both did.

A run is measured from the first mutation to the last stored picture. Its lower bound is the time in which slots that
are always busy make as many pictures; see `Run.bound_seconds`.
"""

import asyncio
import collections
import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
REQUEST_BATCH_SIZE = 25


@dataclass(frozen=True)
class Run:
    """pictures: how many are asked for. seconds: that upstream needs for one. rules: the emulator's, as TOML. dead:
    accounts that make nothing. resting: accounts that upstream refuses for the first `resting_seconds`.
    """

    name: str
    pictures: int
    seconds: float
    accounts: int
    slots: int
    rules: str = ""
    dead: int = 0
    resting: int = 0
    resting_seconds: float = 0.0

    @property
    def live_accounts(self) -> int:
        """Those that upstream never takes out."""
        return self.accounts - self.dead - self.resting

    @property
    def bound_seconds(self) -> float:
        """With the accounts that upstream never takes out."""
        return math.ceil(self.pictures / (self.live_accounts * self.slots)) * self.seconds

    @property
    def strict_bound_seconds(self) -> float:
        """Also with those that rest, from the moment at which upstream would take their tasks again."""
        if not self.resting or not self.seconds:
            return self.bound_seconds
        begins = [0.0] * self.live_accounts * self.slots + [self.resting_seconds] * self.resting * self.slots
        ends = sorted(
            begin + self.seconds * number for begin in begins for number in range(1, 1 + math.ceil(self.pictures))
        )
        return ends[self.pictures - 1]


@dataclass
class Emulator:
    port: int
    process: subprocess.Popen[bytes]

    def get(self, name: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/__emulator__/{name}", timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def emulator(run: Run, folder: Path) -> Iterator[Emulator]:
    """Runs the emulator as a process, with this process's environment variables set to use it."""
    scenario = folder / "scenario.toml"
    limits = f"count = {run.accounts}\nimage_limit = {run.slots}\ngift_credit = 100000\n"
    scenario.write_text(f'[[accounts]]\nsession = "bench"\n{limits}{run.rules}', "utf-8")
    port = _free_port()
    command = [sys.executable, "-m", "providers.jimeng.emulator", "--port", str(port)]
    told = subprocess.run([*command, "--print-env"], capture_output=True, text=True, check=True).stdout
    for line in told.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if value and not name.startswith("#"):
            os.environ[name] = value.strip("\"'")
    started = [*command, "--scenario", str(scenario), "--fast", "--seconds-per-image", str(run.seconds)]
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(started, stdout=log, stderr=subprocess.STDOUT)
    try:
        running = Emulator(port, process)
        _wait_for(running)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait_for(running: Emulator) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            running.get("statistics")
        except OSError:
            if time.monotonic() > deadline or running.process.poll() is not None:
                raise
            time.sleep(0.1)
        else:
            return


class _Statements:
    """Counts all SQL statements, including those in transactions."""

    def __init__(self) -> None:
        self.count = 0

    def install(self) -> None:
        from tortoise.backends.sqlite.client import SqliteClient

        for name in ("execute_query", "execute_query_dict", "execute_insert", "execute_many", "execute_script"):
            setattr(SqliteClient, name, self._counting(getattr(SqliteClient, name)))

    def _counting(self, original: Any) -> Any:
        async def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            return await original(*arguments, **named)

        return counted


@contextlib.asynccontextmanager
async def server(folder: Path) -> AsyncIterator[None]:
    """Runs the embedded server without HTTP."""
    from services.platform.logs import configure_logging
    from settings import Settings, use_settings
    from tasks.embedded import running

    settings = Settings(_env_file=None, data_dir=folder / "data", log_level="ERROR")
    configure_logging(settings)
    use_settings(settings)
    async with running(settings, with_worker=True):
        yield


async def ask(document: str, **variables: Any) -> dict[str, Any]:
    import resolvers
    from resolvers.context import build_context
    from services.platform.identity import Viewer

    viewer = Viewer(id="local", name="local", scopes=("system:read",), expires_at=None)
    result = await resolvers.schema.execute(
        document, variable_values=variables, context_value=build_context(viewer, "bench", None)
    )
    if result.errors:
        raise RuntimeError(str(result.errors[0]))
    return dict(result.data or {})


async def add_accounts(run: Run) -> None:
    accounts = [
        {"name": f"bench {number}", "type": "DOMESTIC", "sessionId": f"bench-{number:04}", "maxConcurrent": run.slots}
        for number in range(1, run.accounts + 1)
    ]
    document = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }"
    made = await ask(document, input={"accounts": accounts})
    assert made["createAccounts"]["successCount"] == run.accounts, made


async def ask_for_pictures(count: int) -> None:
    for start in range(0, count, REQUEST_BATCH_SIZE):
        numbers = range(start, min(count, start + REQUEST_BATCH_SIZE))
        fields = " ".join(
            f'p{number}: generateImage(input: {{storyboardId: "shot-{number}", prompt: "shot {number} of a storm"}})'
            " { job { id } }"
            for number in numbers
        )
        await ask(f"mutation {{ {fields} }}")


async def until_all_ended(count: int) -> dict[str, int]:
    """Waits until all jobs have ended; returns their numbers by status."""
    from models.database import execute

    while True:
        rows = await execute("SELECT status, COUNT(*) AS number FROM job WHERE role = 'GENERATE' GROUP BY status")
        by_status = {row["status"]: row["number"] for row in rows}
        if sum(by_status.get(status, 0) for status in ("SUCCEEDED", "FAILED", "CANCELED")) >= count:
            return by_status
        await asyncio.sleep(0.1)


async def measure(run: Run, folder: Path, upstream: Emulator, statements: _Statements) -> dict[str, Any]:
    from models.database import execute

    async with server(folder):
        await add_accounts(run)
        used_before, counted_before, cpu_before = _slot_seconds(upstream), statements.count, _cpu_seconds()
        emulator_cpu_before, requests_before = _emulator_numbers(upstream)
        began = time.monotonic()
        asking = asyncio.create_task(ask_for_pictures(run.pictures))
        await asking
        asked_seconds = time.monotonic() - began
        by_status = await until_all_ended(run.pictures)
        makespan = time.monotonic() - began
        counted, cpu = statements.count - counted_before, _cpu_seconds() - cpu_before
        emulator_cpu, requests = _emulator_numbers(upstream)
        stored = await execute("SELECT COUNT(DISTINCT job_id) AS number FROM job_file")
        shares = await execute(
            "SELECT account.name, COUNT(*) AS number FROM attempt JOIN account ON account.id = attempt.account_id"
            " WHERE attempt.outcome = 'SUCCEEDED' GROUP BY account.name"
        )
    ledger = upstream.get("ledger")
    tasks = ledger["tasks"] if isinstance(ledger, dict) else ledger
    paid = [task for task in tasks if task["charge"] > task.get("refund", 0)]
    per_submit = collections.Counter(task["submit_id"] for task in paid)
    slot_seconds = makespan * run.live_accounts * run.slots
    return {
        "bound_seconds": run.bound_seconds,
        "makespan_seconds": makespan,
        "ratio": run.bound_seconds / makespan,
        "at_once": _most_at_once(tasks),
        "idle_share": 1 - (_slot_seconds(upstream) - used_before) / slot_seconds,
        "asked_seconds": asked_seconds,
        "by_status": by_status,
        "requests": {name: count - requests_before.get(name, 0) for name, count in requests.items()},
        "statements_per_picture": counted / run.pictures,
        "cpu_seconds": cpu,
        "emulator_cpu_seconds": emulator_cpu - emulator_cpu_before,
        "stored": stored[0]["number"],
        "paid": len(paid),
        "paid_twice": sum(1 for count in per_submit.values() if count > 1),
        "shares": sorted(row["number"] for row in shares),
    }


def _most_at_once(tasks: list[dict[str, Any]]) -> int:
    """The most tasks that upstream had under way at one time."""
    now = time.time()
    changes = [(float(task["created_at"]), 1) for task in tasks]
    changes += [(float(task["ended_at"] or now), -1) for task in tasks]
    highest = present = 0
    for _, change in sorted(changes):
        present += change
        highest = max(highest, present)
    return highest


def _slot_seconds(upstream: Emulator) -> float:
    return float(upstream.get("statistics")["slots"]["IMAGE"]["used_seconds"])


def _emulator_numbers(upstream: Emulator) -> tuple[float, dict[str, int]]:
    told = upstream.get("statistics")
    return float(told["cpu_seconds"]), dict(told["requests"])


def _cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def run_alone(run: Run) -> dict[str, Any]:
    """What was measured. To be called once in a process, since broker and database are bound to it."""
    statements = _Statements()
    with tempfile.TemporaryDirectory(prefix="ekonte-bench-") as name, emulator(run, Path(name)) as upstream:
        statements.install()
        return asyncio.run(measure(run, Path(name), upstream, statements))
