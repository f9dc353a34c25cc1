"""Benchmark of the pool's slot use: `python -m bench.pool`.

The emulator runs as a separate process and serves small prepared images; the server runs embedded in this process and
is used through its GraphQL schema. The lower bound is ceil(pictures / slots) x upstream's time for one image. Printed
for each run: the ratio bound / makespan (from the first mutation to the last stored picture), the share of the
accounts' slot time that upstream left idle meanwhile, its requests per picture, the server's SQL statements per
picture, CPU of both, and how evenly the accounts were used; and upstream's charges compared with the stored results.

Runs: without faults; with 10 % of submits failing in mixed ways and 3 of 20 accounts dead; and with an upstream time of
0, for the server's own jobs per second.
"""

import argparse
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

ACCOUNTS = 20
SLOTS = 3
DEAD = 3
START_SECONDS = 30.0
REQUEST_BATCH_SIZE = 25

FAULTS = """
[[rules]]
name = "expired"
endpoint = "submit"
sessions = ["bench-0001"]
ret = "1015"

[[rules]]
name = "punished"
endpoint = "submit"
sessions = ["bench-0002"]
ret = "1018"

[[rules]]
name = "unreachable"
endpoint = "submit"
sessions = ["bench-0003"]
ret = "-1"

[[rules]]
name = "busy"
endpoint = "submit"
rate = 0.03
ret = "-1"

[[rules]]
name = "too fast"
endpoint = "submit"
rate = 0.025
ret = "1057"

[[rules]]
name = "too many at once"
endpoint = "submit"
rate = 0.01
ret = "1310"

[[rules]]
name = "taken, and the answer lost"
endpoint = "submit"
rate = 0.02
drop = "after"

[[rules]]
name = "taken, without a history id"
endpoint = "submit"
rate = 0.01
omits_history_id = true

[[rules]]
name = "lost before it was taken"
endpoint = "submit"
rate = 0.005
drop = "before"
"""
"""Shares of submits: 3 + 2.5 + 1 + 2 + 1 + 0.5 = 10 %. Refusals by risk control are not included, since
they cool an account down for at least ten minutes by design, which says nothing about the use of the others.
"""


@dataclass(frozen=True)
class Run:
    name: str
    pictures: int
    seconds: float
    has_faults: bool = False

    @property
    def live_accounts(self) -> int:
        return ACCOUNTS - (DEAD if self.has_faults else 0)

    @property
    def bound_seconds(self) -> float:
        return math.ceil(self.pictures / (self.live_accounts * SLOTS)) * self.seconds


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
    accounts = f'[[accounts]]\nsession = "bench"\ncount = {ACCOUNTS}\nimage_limit = {SLOTS}\ngift_credit = 100000\n'
    scenario.write_text(accounts + (FAULTS if run.has_faults else ""), "utf-8")
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


async def add_accounts() -> None:
    accounts = [
        {"name": f"bench {number}", "type": "DOMESTIC", "sessionId": f"bench-{number:04}", "maxConcurrent": SLOTS}
        for number in range(1, ACCOUNTS + 1)
    ]
    document = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }"
    made = await ask(document, input={"accounts": accounts})
    assert made["createAccounts"]["successCount"] == ACCOUNTS, made


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
        await add_accounts()
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
    slot_seconds = makespan * run.live_accounts * SLOTS
    return {
        "bound_seconds": run.bound_seconds,
        "makespan_seconds": makespan,
        "ratio": run.bound_seconds / makespan,
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


def _slot_seconds(upstream: Emulator) -> float:
    return float(upstream.get("statistics")["slots"]["IMAGE"]["used_seconds"])


def _emulator_numbers(upstream: Emulator) -> tuple[float, dict[str, int]]:
    told = upstream.get("statistics")
    return float(told["cpu_seconds"]), dict(told["requests"])


def _cpu_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def show(run: Run, found: dict[str, Any]) -> None:
    pictures, makespan = run.pictures, found["makespan_seconds"]
    queries = found["requests"].get("query", 0) / pictures
    others = (sum(found["requests"].values()) - found["requests"].get("result", 0)) / pictures
    shares = found["shares"]
    print(
        f"\n{run.name}: {pictures} pictures, {run.live_accounts} live accounts of {SLOTS} slots, {run.seconds:g} s each"
    )
    if run.seconds:
        print(f"  bound / makespan   {found['ratio']:.3f}   ({found['bound_seconds']:.0f} s / {makespan:.1f} s)")
        print(f"  slot time idle     {found['idle_share']:.1%}")
    print(f"  jobs per second    {pictures / makespan:.2f}   (requested in {found['asked_seconds']:.1f} s)")
    print(f"  upstream requests  {queries:.2f} polls, {others:.2f} without downloads, per picture")
    print(f"  SQL statements     {found['statements_per_picture']:.1f} per picture")
    print(f"  CPU                {found['cpu_seconds']:.1f} s server, {found['emulator_cpu_seconds']:.1f} s emulator")
    print(f"  fairness           {shares[0]} to {shares[-1]} pictures per account, over {len(shares)} accounts")
    print(f"  ledger             {found['paid']} paid, {found['stored']} stored, {found['paid_twice']} paid twice")
    print(f"  ended              {found['by_status']}")


def run_alone(run: Run) -> None:
    """Runs in a separate process, since broker and database are bound to the process."""
    statements = _Statements()
    with tempfile.TemporaryDirectory(prefix="ekonte-bench-") as name, emulator(run, Path(name)) as upstream:
        statements.install()
        show(run, asyncio.run(measure(run, Path(name), upstream, statements)))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pictures", type=int, default=1000)
    arguments.add_argument("--seconds", type=float, default=20.0, help="upstream's time for a picture")
    arguments.add_argument("--only", choices=("clean", "faults", "speed"))
    options = arguments.parse_args()
    runs = {
        "clean": Run("Without faults", options.pictures, options.seconds),
        "faults": Run("With faults", options.pictures, options.seconds, has_faults=True),
        "speed": Run("Upstream needs no time", options.pictures, 0.0),
    }
    if options.only is not None:
        run_alone(runs[options.only])
        return
    for name in runs:
        command = [sys.executable, "-m", "bench.pool", "--only", name]
        command += ["--pictures", str(options.pictures), "--seconds", str(options.seconds)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
