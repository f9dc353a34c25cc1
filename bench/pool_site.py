"""A server and an emulator of Jimeng as processes of their own, for benchmarks that use them as any client would.

The server may be of another checkout than this one, so that two of them can be compared with the same emulator.
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
END_SECONDS = 20.0
LOOK_SECONDS = 0.2
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})
_ADDRESS = re.compile(r"GraphQL +(http://\S+)/graphql")
_VARIABLE = re.compile(r"^export (\w+)=(\S+)$", re.MULTILINE)

QUICK = {
    "JIMENG_TIMEOUT_SECONDS": "3",
    "JIMENG_RETRY_SECONDS": "0.1",
    "EKONTE_UNKNOWN_SUBMIT_SECONDS": "4",
    "EKONTE_ACCOUNT_CHECK_SECONDS": "0",
}
"""Shorter than for the real service: unconfirmed submits are given up sooner, and no health check finds out what is
wrong with an account before a scenario's job does."""

_CREATE = """mutation ($input: CreateAccountsInput!) {
  createAccounts(input: $input) { accounts { id name } failures { message } }
}"""
_JOBS = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job {
  id status storyboardId error { code message } attempts { outcome creditsSpent account { name } }
} } }"""


class SiteError(Exception):
    """A process did not start. The text has its last output."""


@dataclass
class Site:
    """seconds: since it was started."""

    emulator_url: str
    server_url: str
    http: httpx.AsyncClient
    accounts: dict[str, str] = field(default_factory=dict)
    started_at: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started_at

    async def do(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation. Raises SiteError with the messages of its errors."""
        answer = await self.http.post(f"{self.server_url}/graphql", json={"query": document, "variables": variables})
        body = answer.json()
        if body.get("errors"):
            raise SiteError("; ".join(error["message"] for error in body["errors"]))
        return dict(body["data"])

    async def ask(self, what: str, body: Mapping[str, Any] | None = None) -> Any:
        """The emulator's own interface: GET without a body, else POST."""
        url = f"{self.emulator_url}/__emulator__/{what}"
        answer = await (self.http.get(url) if body is None else self.http.post(url, json=dict(body)))
        answer.raise_for_status()
        return answer.json()

    async def put_rule(self, name: str, endpoint: str | list[str], **values: Any) -> None:
        await self.ask("rules", {"rules": [{"name": name, "endpoint": endpoint, **values}]})

    async def remove_rule(self, name: str) -> None:
        await self.ask("rules", {"remove": [name]})

    async def hits(self, name: str) -> int:
        rules = (await self.ask("rules"))["rules"]
        return int(next(rule["hits"] for rule in rules if rule["name"] == name))

    async def add(self, *sessions: str, slots: int = 3, emulated: Mapping[str, Any] | None = None) -> None:
        """Accounts upstream and in the pool, preferred in this order by PRIORITY."""
        for session in sessions:
            given = {"image_limit": 100, "video_limit": 100, **(emulated or {})}
            await self.ask("accounts", {"session": session, **given})
        wanted = [
            {
                "name": session,
                "type": "DOMESTIC",
                "sessionId": session,
                "maxConcurrent": slots,
                "priority": len(self.accounts) + n,
            }
            for n, session in enumerate(sessions)
        ]
        made = (await self.do(_CREATE, input={"accounts": wanted}))["createAccounts"]
        self.accounts |= {account["name"]: account["id"] for account in made["accounts"]}

    async def generate(self, kind: str, storyboard: str, prompt: str | None = None, **values: Any) -> str:
        """kind: Image or Video. The id of the new job."""
        document = f"mutation ($input: Generate{kind}Input!) {{ generate{kind}(input: $input) {{ job {{ id }} }} }}"
        given = {"storyboardId": storyboard, "prompt": prompt or f"{storyboard}: a paper boat on a pond", **values}
        return str((await self.do(document, input=given))[f"generate{kind}"]["job"]["id"])

    async def jobs(self, ids: list[str]) -> list[dict[str, Any]]:
        return [dict(job) for job in (await self.do(_JOBS, ids=ids))["nodes"]]

    async def ended(self, ids: list[str], seconds: float) -> tuple[list[dict[str, Any]], float]:
        """The jobs when all have ended, or after so many seconds; and how many seconds it took."""
        began = time.monotonic()
        while True:
            found = await self.jobs(ids)
            passed = time.monotonic() - began
            if all(job["status"] in ENDED for job in found) or passed > seconds:
                return found, passed
            await asyncio.sleep(LOOK_SECONDS)

    async def account(self, session: str, fields: str = "status cooldowns { kind model until reason }") -> Any:
        document = f"query ($id: ID!) {{ account(id: $id) {{ {fields} }} }}"
        return (await self.do(document, id=self.accounts[session]))["account"]

    async def tasks(self) -> list[dict[str, Any]]:
        return list((await self.ask("ledger"))["tasks"])


@contextlib.asynccontextmanager
async def pool_site(
    checkout: Path = ROOT, *, settings: Mapping[str, str] | None = None, emulated: Mapping[str, Any] | None = None
) -> AsyncIterator[Site]:
    """Starts this checkout's emulator and the server of `checkout`, and ends both. settings: environment variables of
    the server; emulated: the emulator's settings.
    """
    with tempfile.TemporaryDirectory(prefix="ekonte-bench-") as name, contextlib.ExitStack() as running:
        folder = Path(name)
        said = await asyncio.to_thread(
            _start,
            running,
            [sys.executable, "-m", "providers.jimeng.emulator", "--port", "0", "--fast"],
            ROOT,
            _plain_environment(),
            folder / "emulator.log",
            "EKONTE_ALLOWED_PRIVATE_HOSTS",
        )
        variables = dict(_VARIABLE.findall(said))
        own = {"EKONTE_DATA_DIR": str(folder / "data"), "EKONTE_PORT": "0", "TMPDIR": name}
        environment = {**_plain_environment(), **QUICK, **variables, **own, **(settings or {})}
        command = [sys.executable, "server.py"]
        log = folder / "server.log"
        said = await asyncio.to_thread(_start, running, command, checkout, environment, log, "GraphQL ")
        match = _ADDRESS.search(said)
        if match is None:
            raise SiteError(said)
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            site = Site(variables["JIMENG_CN_BASE_URL"], match[1], http)
            if emulated:
                await site.ask("settings", emulated)
            yield site


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("EKONTE_", "JIMENG_"))}


def _start(
    running: contextlib.ExitStack, command: list[str], folder: Path, environment: dict[str, str], log: Path, sign: str
) -> str:
    """Starts a process that ends with `running`, and returns its output once it has said `sign`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    running.callback(_end, process)
    deadline = time.monotonic() + START_SECONDS
    while sign not in (said := log.read_text("utf-8", "replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SiteError(said[-2000:])
        time.sleep(0.05)
    time.sleep(0.2)  # the rest of a start message of several lines
    return log.read_text("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def shown(value: Any) -> str:
    """A figure of a table."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.1f}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
