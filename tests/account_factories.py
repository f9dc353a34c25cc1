"""Accounts, what runs on them, and a pooled provider that answers as a test says."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from models.accounts import Account, AccountCooldown
from models.database import now_ms
from models.enums import AccountType, AttemptState, JobRole, JobStatus, JobType, MediaKind, Queue, Site
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import Accepted, Charges, Credential, GenerationOrder, ModelInfo, UploadedFile, UpstreamTask
from services.accounts.sessions import fingerprint, seal, session_hash_key
from services.platform.providers import registry
from tests.factories import OWNER, make_job

_numbers = itertools.count(1)


async def make_account(owner: str = OWNER, session: str | None = None, **values: Any) -> Account:
    number = next(_numbers)
    session = session or f"session-of-account-{number:06}"
    return await Account.create(
        **{
            "owner": owner,
            "name": f"Account {number}",
            "provider": "jimeng",
            "type": AccountType.DOMESTIC,
            "site": Site.CN,
            "session_sealed": seal(session),
            "session_hash": fingerprint(session, await session_hash_key()),
            "session_hint": session[-4:],
            **values,
        }
    )


async def make_attempt(account: Account, job: Job | None = None, **values: Any) -> Attempt:
    """An attempt of a job that runs; the job is made where none is given."""
    job = job or await make_generation_job(account.owner)
    return await Attempt.create(
        **{
            "owner": account.owner,
            "job_id": job.id,
            "number": next(_numbers),
            "account_id": account.id,
            "provider": account.provider,
            "site": account.site,
            "kind": MediaKind.IMAGE,
            "model": "jimeng-4.5",
            "submit_id": f"submit-{next(_numbers)}",
            "state": AttemptState.PLACED,
            "due_at_ms": 0,
            **values,
        }
    )


async def make_generation_job(owner: str = OWNER, **values: Any) -> Job:
    return await make_job(
        owner,
        **{
            "type": JobType.TEXT_TO_IMAGE,
            "role": JobRole.GENERATE,
            "queue": Queue.POOL_IMAGES,
            "stage": None,
            "status": JobStatus.RUNNING,
            "record_id": next(_numbers),
            **values,
        },
    )


async def make_cooldown(account: Account, kind: str = "", model: str = "", seconds: float = 60.0) -> AccountCooldown:
    """One that ends so many seconds from now; negative: that has ended."""
    return await AccountCooldown.create(
        account_id=account.id,
        kind=kind,
        model=model,
        until_ms=await now_ms() + int(seconds * 1000),
        reason="Too many requests.",
    )


class ScriptedPool:
    """A pooled provider whose accounts are known by their sessions. An answer that is an exception is raised."""

    name = "jimeng"
    call_timeout_seconds = 5.0

    def __init__(self) -> None:
        self.alive: dict[str, bool | Exception] = {}
        self.balances: dict[str, int | Exception] = {}
        self.gifts: dict[str, int | Exception] = {}
        self.asked: list[Credential] = []

    async def reachable(self) -> str | None:
        return None

    def models(self) -> Sequence[ModelInfo]:
        return ()

    def credits_for(self, order: GenerationOrder) -> int | None:
        return None

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        self.asked.append(credential)
        return bool(_answer(self.alive.get(credential.session_id, True)))

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        return int(_answer(self.balances.get(credential.session_id, 66)))

    async def charges(
        self, credential: Credential, submit_ids: Collection[str], *, since: float, with_refunds: bool
    ) -> Charges:
        return Charges()

    async def receive_credits(self, credential: Credential) -> int:
        self.asked.append(credential)
        return int(_answer(self.gifts.get(credential.session_id, 0)))

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        raise NotImplementedError

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        raise NotImplementedError

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        raise NotImplementedError

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        raise NotImplementedError

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        raise NotImplementedError

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        raise NotImplementedError


def _answer(answer: int | Exception) -> int:
    if isinstance(answer, Exception):
        raise answer
    return answer


def install_pool(monkeypatch: pytest.MonkeyPatch) -> ScriptedPool:
    """A scripted pool in the place of jimeng."""
    pool = ScriptedPool()
    monkeypatch.setitem(registry(), "jimeng", pool)
    return pool
