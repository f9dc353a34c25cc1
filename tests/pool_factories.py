"""A pool for tests: accounts as rows, jobs that wait for them, and an upstream in memory that does as it is told."""

import itertools
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from errors import JobErrorCode
from models.accounts import Account
from models.database import execute, now_ms_sql
from models.enums import AccountType, JobRole, JobStatus, MediaKind, Priority, Queue, Site
from models.generation import Attempt, GenerationRecord
from models.generation_requests import AccountStrategy, GenerationRequest
from models.jobs import Job
from providers.pooled import (
    Accepted,
    Charges,
    Credential,
    FaultKind,
    GenerationOrder,
    ModelInfo,
    SubmitUnknownError,
    TaskPhase,
    UploadedFile,
    UpstreamFaultError,
    UpstreamTask,
)
from services.accounts.pool.demands import demand_key
from services.accounts.sessions import seal
from tests.factories import OWNER

_numbers = itertools.count(1)

PICTURES = ModelInfo(
    name="fake-picture",
    kind="IMAGE",
    provider="fake",
    sites=("CN", "US"),
    ratios=("1:1", "16:9"),
    resolutions=("2k",),
    durations_seconds=(),
    max_input_images=10,
    credits=4,
)
CLIPS = ModelInfo(
    name="fake-clip",
    kind="VIDEO",
    provider="fake",
    sites=("CN",),
    ratios=("16:9",),
    resolutions=("720p",),
    durations_seconds=(5, 10),
    max_input_images=2,
    credits=20,
)

Answer = Callable[[], Accepted]


def fault(kind: FaultKind, message: str = "Upstream says no.", **more: Any) -> UpstreamFaultError:
    return UpstreamFaultError(kind, JobErrorCode.API_ERROR, message, **more)


@dataclass
class FakeUpstream:
    """A pooled provider. `says`: what the next submits raise, in order (None: taken). Tasks are under `tasks` by their
    history id; `finish` ends one.
    """

    name: str = "fake"
    call_timeout_seconds: float = 2.0
    says: list[Exception | None] = field(default_factory=list)
    loses_answers: bool = False
    "Submits are taken, and their answer is lost."
    tasks: dict[str, UpstreamTask] = field(default_factory=dict)
    submits: list[tuple[int, str]] = field(default_factory=list)
    "(account id, submit id) of each submit that arrived."
    queries: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    query_fault: UpstreamFaultError | None = None
    receives: int = 0
    balance: int = 100
    gift: int = 60
    cancels: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    price: int | None = 4
    spent: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    history_fault: UpstreamFaultError | None = None
    history_asks: list[tuple[int, bool]] = field(default_factory=list)
    "(account id, whether refunds were asked for) of each look at a credit history."

    async def reachable(self) -> str | None:
        return None

    def models(self) -> Sequence[ModelInfo]:
        return (PICTURES, CLIPS)

    def credits_for(self, order: GenerationOrder) -> int | None:
        """price: of pictures; clips cost five times as much."""
        return None if self.price is None else self.price * (5 if order.kind == "VIDEO" else 1)

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        return True

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        return self.balance

    async def charges(
        self, credential: Credential, submit_ids: Collection[str], *, since: float, with_refunds: bool
    ) -> Charges:
        self.history_asks.append((credential.account_id, with_refunds))
        if self.history_fault is not None:
            raise self.history_fault
        spent = {each: self.spent[each] for each in submit_ids if each in self.spent}
        refunded = {each: self.refunded[each] for each in submit_ids if each in self.refunded}
        return Charges(spent, refunded if with_refunds else {})

    async def receive_credits(self, credential: Credential) -> int:
        self.receives += 1
        return self.gift

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        return UploadedFile(f"uri-{credential.account_id}", 64, 48, "png")

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        return UploadedFile(f"vid-{credential.account_id}", 64, 48, duration_ms=2000)

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        said = self.says.pop(0) if self.says else None
        if said is not None:
            raise said
        self.submits.append((credential.account_id, submit_id))
        history_id = str(1000 + next(_numbers))
        self.tasks[history_id] = UpstreamTask(history_id, submit_id, TaskPhase.RUNNING, order.kind, 20)
        if self.loses_answers:
            raise SubmitUnknownError("the connection was reset")
        return Accepted(history_id)

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        self.queries.append((credential.account_id, (*history_ids, *submit_ids)))
        if self.query_fault is not None:
            raise self.query_fault
        known = {task.history_id: task for task in self.tasks.values()}
        known |= {str(task.submit_id): task for task in self.tasks.values()}
        asked = {*history_ids, *submit_ids}
        return {key: task for key, task in known.items() if key in asked and task.history_id not in self.hidden}

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        return task.links

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        self.cancels.append(history_id)
        return True

    def finish(self, phase: TaskPhase = TaskPhase.DONE, why: UpstreamFaultError | None = None, **more: Any) -> None:
        """Ends every task."""
        for history_id, task in self.tasks.items():
            self.tasks[history_id] = UpstreamTask(
                history_id,
                task.submit_id,
                phase,
                task.kind,
                50 if phase is TaskPhase.DONE else 30,
                fault=why,
                links=("https://upstream.example/1.png",) if phase is TaskPhase.DONE else (),
                **more,
            )


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> FakeUpstream:
    """The deployment's only provider."""
    from services.platform import providers

    fake = FakeUpstream()
    monkeypatch.setattr(providers, "registry", lambda: {"fake": fake})
    return fake


async def make_account(owner: str = OWNER, **values: Any) -> Account:
    number = next(_numbers)
    session = f"session-{number}-{secrets.token_hex(4)}"
    return await Account.create(
        **{
            "owner": owner,
            "name": f"Account {number}",
            "provider": "fake",
            "type": AccountType.DOMESTIC,
            "site": Site.CN,
            "session_sealed": seal(session),
            "session_hash": f"{number:064}",
            "session_hint": session[-4:],
            **values,
        }
    )


async def make_generation(
    owner: str = OWNER, kind: MediaKind = MediaKind.IMAGE, strategy: AccountStrategy | None = None, **values: Any
) -> Job:
    """A job that waits for an account, with its record."""
    number = next(_numbers)
    request = GenerationRequest(
        kind=kind,
        provider="fake",
        model=PICTURES.name if kind is MediaKind.IMAGE else CLIPS.name,
        prompt=f"picture {number}",
        storyboard_id=f"shot-{number}",
        strategy=strategy or AccountStrategy(),
        **{name: values.pop(name) for name in ("polling",) if name in values},
    )
    record = await GenerationRecord.create(
        owner=owner,
        kind=kind,
        project_id="default",
        work_id="default",
        storyboard_id=request.storyboard_id,
        provider="fake",
        model=request.model,
        prompt=request.prompt,
        params=request.to_json(),
        request_sha256=request.sha256(),
    )
    job = await Job.create(
        **{
            "owner": owner,
            "type": request.job_type,
            "role": JobRole.GENERATE,
            "queue": Queue.POOL_IMAGES if kind is MediaKind.IMAGE else Queue.POOL_VIDEOS,
            "status": JobStatus.PENDING,
            "priority_rank": list(Priority).index(Priority.NORMAL),
            "target_id": record.id,
            "record_id": record.id,
            "demand_key": demand_key(request),
            "params": request.to_json(),
            **values,
        }
    )
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job.id)
    await GenerationRecord.filter(id=record.id).update(current_job_id=job.id)
    return await Job.get(id=job.id)


async def attempts_of(job: Job) -> list[Attempt]:
    return await Attempt.filter(job_id=job.id).order_by("number")


async def make_due() -> None:
    """Every step, and every job that waits, is due now; polls are nobody's."""
    await execute(f"UPDATE attempt SET due_at_ms = {now_ms_sql()} WHERE due_at_ms IS NOT NULL RETURNING id")
    await execute("UPDATE account SET poll_lease_until_ms = 0 RETURNING id")
    await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE role = 'GENERATE' AND status = 'PENDING' RETURNING id"
    )
