"""A pool at work: the emulator and a deployment that uses it as processes of their own, and what both wrote down."""

import asyncio
import contextlib
import hashlib
import json
import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance import pool_documents as documents
from tests.acceptance.client import Client
from tests.acceptance.deployment import EMBEDDED, SECRET, START_SECONDS, Deployment, Running, wait_until
from tests.acceptance.filming import until

ENDED = ("SUCCEEDED", "FAILED", "CANCELED")
IMAGE_MODEL, VIDEO_MODEL = "jimeng-4.5", "jimeng-video-3.5-pro"
QUICK = {
    "JIMENG_TIMEOUT_SECONDS": "3",
    "JIMENG_RETRY_SECONDS": "0.1",
    "EKONTE_UNKNOWN_SUBMIT_SECONDS": "4",
    "EKONTE_LEASE_SECONDS": "4",
    # Else what is wrong with an account would be known before a scenario's job finds out.
    "EKONTE_ACCOUNT_CHECK_SECONDS": "0",
}
_VARIABLE = re.compile(r"^export (\w+)=(\S+)$", re.M)

Task = dict[str, Any]


class Emulator:
    """`python -m providers.jimeng.emulator` on a free port, and its interface under /__emulator__/."""

    def __init__(self, root: Path, *arguments: str) -> None:
        root.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "providers.jimeng.emulator", "--port", "0", "--fast", *arguments]
        self._running = Running(command, {**Deployment(EMBEDDED, root).environment}, root / "emulator.log")
        wait_until("the emulator listens", self._is_listening, START_SECONDS)
        self.environment = dict(_VARIABLE.findall(self._running.said()))
        self.url = self.environment["JIMENG_CN_BASE_URL"]

    def _is_listening(self) -> bool:
        assert self._running.process.poll() is None, self._running.said()
        return "EKONTE_ALLOWED_PRIVATE_HOSTS" in self._running.said()

    def close(self) -> None:
        self._running.kill()

    def ask(self, name: str, body: dict[str, Any] | None = None) -> Any:
        """GET without a body, else POST; the answer, which must be well."""
        url = f"{self.url}/__emulator__/{name}"
        with httpx.Client(trust_env=False, timeout=60) as http:
            answer = http.get(url) if body is None else http.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put_account(self, session: str, **values: Any) -> None:
        self.ask("accounts", {"session": session, **values})

    def put_rule(self, name: str, endpoint: str | list[str], **values: Any) -> None:
        self.ask("rules", {"rules": [{"name": name, "endpoint": endpoint, **values}]})

    def remove_rule(self, name: str) -> None:
        self.ask("rules", {"remove": [name]})

    def hits(self, name: str) -> int:
        return int(next(rule["hits"] for rule in self.ask("rules")["rules"] if rule["name"] == name))

    def account(self, session: str) -> dict[str, Any]:
        return next(account for account in self.ask("accounts")["accounts"] if account["session"] == session)

    def tasks(self, *, session: str | None = None) -> list[Task]:
        """All tasks that were taken, in order; each with the storyboard that its prompt begins with."""
        found = self.ask("ledger")["tasks"]
        return [
            {**task, "storyboard": storyboard_of(task["prompt"])}
            for task in found
            if session is None or task["account"] == session
        ]

    def peaks(self, kind: str) -> dict[str, int]:
        """By session how many tasks of the kind it had under way at most."""
        peaks = self.ask("statistics")["peak_in_flight"]
        return {peak["account"]: peak["tasks"] for peak in peaks if peak["kind"] == kind}

    def in_flight(self, kind: str) -> int:
        return sum(account["in_flight"][kind] for account in self.ask("accounts")["accounts"])


def prompt_for(storyboard: str) -> str:
    return f"{storyboard}: a paper boat on a pond"


def storyboard_of(prompt: str) -> str:
    """The storyboard that a prompt of `prompt_for` names; blends have a `#` or two before it."""
    return prompt.lstrip("#").split(":", 1)[0]


@dataclass
class Site:
    """An emulator and a deployment that uses it. Each user of it has a pool of its own."""

    emulator: Emulator
    deployment: Deployment

    def close(self) -> None:
        self.deployment.close()
        self.emulator.close()

    async def know_durations(self, milliseconds: int = 500) -> None:
        """Writes that results came so fast before: the first look at a task then comes after a second, not after five
        or ten.
        """
        for key in (f"jimeng/{IMAGE_MODEL}/IMAGE", f"jimeng/{VIDEO_MODEL}/VIDEO"):
            values = (key, json.dumps([milliseconds] * 8))
            sql = "INSERT INTO model_timing (key, durations_ms) VALUES (?, ?) RETURNING key"
            if self.deployment.shape == EMBEDDED:
                await asyncio.to_thread(self._write_to_sqlite, sql, values)
            else:
                await self.deployment.rows(sql, *values)

    def _write_to_sqlite(self, sql: str, values: tuple[str, ...]) -> None:
        path = self.deployment.data_dir / "ekonte.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as connection:
            connection.execute(sql, values).fetchall()
            connection.commit()

    def pool(self, user: str) -> "Pool":
        return Pool(self, user, self.deployment.client(user))


def open_site(shape: str, root: Path, *arguments: str, has_users: bool = False, **settings: str) -> Site:
    """Starts both. arguments: the emulator's; settings: environment variables of the deployment, by their names."""
    emulator = Emulator(root / "emulator", *arguments)
    users = {"EKONTE_SECRET": SECRET} if has_users else {}
    deployment = Deployment(shape, root, {**QUICK, **emulator.environment, **users, **settings})
    site = Site(emulator, deployment)
    try:
        deployment.create()
        deployment.start()
    except BaseException:
        site.close()
        raise
    return site


@dataclass
class Pool:
    """One user's accounts and jobs. Use it as an async context manager."""

    site: Site
    user: str
    client: Client
    ids: dict[str, str] = field(default_factory=dict)
    "Account ids by session."
    jobs: dict[str, str] = field(default_factory=dict)
    "The newest job of each storyboard."

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.http.aclose()

    async def reconnect(self) -> None:
        """After a restart the server may be at another address."""
        await self.client.http.aclose()
        self.client = self.site.deployment.client(self.user)

    @property
    def emulator(self) -> Emulator:
        return self.site.emulator

    # ------------------------------------------------------------ accounts

    async def add(self, *sessions: str, emulated: dict[str, Any] | None = None, **values: Any) -> list[str]:
        """Accounts upstream and in the pool, used in this order by PRIORITY. values: of NewAccountInput."""
        for session in sessions:
            self.emulator.put_account(session, **{"image_limit": 100, "video_limit": 100, **(emulated or {})})
        known = len(self.ids)
        wanted = [
            {"name": session, "type": "DOMESTIC", "sessionId": session, "priority": known + number, **values}
            for number, session in enumerate(sessions)
        ]
        payload = await self.client.do(documents.CREATE_ACCOUNTS, input={"accounts": wanted})
        assert payload["failures"] == [], payload["failures"]
        self.ids |= {account["name"]: account["id"] for account in payload["accounts"]}
        return [self.ids[session] for session in sessions]

    async def account(self, session: str) -> dict[str, Any]:
        return dict(await self.client.do(documents.ACCOUNT, id=self.ids[session]))

    # ------------------------------------------------------------ jobs

    async def image(self, storyboard: str, **values: Any) -> str:
        """The id of a new job; values: of GenerateImageInput."""
        return await self._generate(documents.GENERATE_IMAGE, storyboard, values)

    async def clip(self, storyboard: str, **values: Any) -> str:
        return await self._generate(documents.GENERATE_VIDEO, storyboard, values)

    async def _generate(self, document: str, storyboard: str, values: dict[str, Any]) -> str:
        wanted = {"storyboardId": storyboard, "prompt": prompt_for(storyboard), **values}
        job = (await self.client.do(document, input=wanted))["job"]
        self.jobs[storyboard] = job["id"]
        return str(job["id"])

    async def images(self, storyboards: Sequence[str], **values: Any) -> list[str]:
        return [await self.image(storyboard, **values) for storyboard in storyboards]

    async def job(self, job_id: str) -> dict[str, Any]:
        return dict(await self.client.do(documents.JOB, id=job_id))

    async def ended(self, job_id: str, *expected: str, seconds: float = 540.0) -> dict[str, Any]:
        """The job once it has ended; in one of the expected ways (SUCCEEDED where none is named)."""
        found: dict[str, Any] = {}

        async def ask() -> bool:
            found.update(await self.job(job_id))
            return found["status"] in ENDED

        try:
            await until("", ask, seconds, every_seconds=0.2)
        except AssertionError:
            raise AssertionError(f"{found.get('storyboardId')} has not ended in {seconds:g} s: {found}") from None
        assert found["status"] in (expected or ("SUCCEEDED",)), f"{found['storyboardId']}: {found}"
        return found

    async def all_ended(self, storyboards: Collection[str], seconds: float = 540.0) -> dict[str, dict[str, Any]]:
        """By storyboard its newest job, once all have ended. They are read a hundred at a time."""
        open_ids = {self.jobs[storyboard]: storyboard for storyboard in storyboards}
        found: dict[str, dict[str, Any]] = {}

        async def ask() -> bool:
            ids = list(open_ids)[:100]
            states = await self.client.do(documents.STATES, ids=ids) if ids else []
            for state in states:
                if state["status"] in ENDED:
                    found[open_ids.pop(state["id"])] = state
            return not open_ids

        try:
            await until("", ask, seconds, every_seconds=0.2)
        except AssertionError:
            left = [await self.job(job_id) for job_id in list(open_ids)[:5]]
            raise AssertionError(f"not ended in {seconds:g} s: {sorted(open_ids.values())}; such as {left}") from None
        return found

    async def slots_are_free(self, seconds: float = 540.0) -> None:
        """Waits until no attempt is under way any more."""

        async def ask() -> bool:
            return not await self.site.deployment.rows("SELECT id FROM attempt WHERE state <> 'ENDED'")

        await until("all attempts have ended", ask, seconds, every_seconds=0.2)

    # ------------------------------------------------------------ the ledger

    async def faults(self, storyboards: Collection[str], *, pictures: int = 4) -> dict[str, str]:
        """By storyboard what is wrong, where exactly one paid task with its results stored was expected.

        Paid: taken and not given back. Each stored file is read over its link, and must be the paid task's.
        """
        paid: dict[str, list[Task]] = defaultdict(list)
        for task in self.emulator.tasks():
            if task["charge"] > task["refund"]:
                paid[task["storyboard"]].append(task)
        found: dict[str, str] = {}
        for storyboard in storyboards:
            job = await self.job(self.jobs[storyboard])
            fault = await self._fault(job, paid[storyboard], pictures)
            if fault is not None:
                found[storyboard] = fault
        return found

    async def _fault(self, job: dict[str, Any], paid: Sequence[Task], pictures: int) -> str | None:
        charges = ", ".join(f"{task['history_id']} of {task['account']}" for task in paid)
        if job["status"] != "SUCCEEDED":
            return f"its job is {job['status']} ({job['error']}), paid: {charges or 'nothing'}"
        if len(paid) != 1:
            return f"paid {len(paid)} times: {charges or 'nothing'}"
        wanted = pictures if job["type"].endswith("IMAGE") else 1
        if len(job["files"]) != wanted:
            return f"{len(job['files'])} files are stored, {wanted} were made"
        for number, file in enumerate(job["files"]):
            content = await self.client.bytes_of(file["url"])
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                return f"its file {number + 1} is not what its hash says"
            if job["type"].endswith("IMAGE") and f"{paid[0]['history_id']}-".encode() not in content:
                return f"its file {number + 1} is of another task than {paid[0]['history_id']}"
        return None

    async def check_ledger(self, storyboards: Collection[str], *, pictures: int = 4) -> None:
        """Each storyboard paid exactly once and stored, and nothing that nobody asked for."""
        faults = await self.faults(storyboards, pictures=pictures)
        assert not faults, "\n".join(f"{storyboard}: {fault}" for storyboard, fault in sorted(faults.items()))
        mine = set(self.ids)
        strangers = {task["storyboard"] for task in self.emulator.tasks() if task["account"] in mine} - set(self.jobs)
        assert not strangers, f"tasks that nobody asked for: {sorted(strangers)}"

    def charges(self, storyboard: str) -> list[tuple[str, int]]:
        """Account and credits in the end, of each task that was taken for a storyboard."""
        return [
            (task["account"], task["charge"] - task["refund"])
            for task in self.emulator.tasks()
            if task["storyboard"] == storyboard
        ]


def attempts_of(job: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    """(account, outcome, our error code, upstream's code) of each try."""
    return [
        (
            attempt["account"]["name"],
            attempt["outcome"],
            attempt["error"] and attempt["error"]["code"],
            attempt["error"] and attempt["error"]["upstreamCode"],
        )
        for attempt in job["attempts"]
    ]


def route_of(attempt: dict[str, Any]) -> dict[str, str | None]:
    """By account what spoke against it; None for the one that was chosen."""
    return {
        candidate["account"]["name"]: None if candidate["chosen"] else candidate["reason"]
        for candidate in attempt["route"]
    }
