"""Replays what an owner's accounts were asked for lately, under another strategy. Reads only.

The simulation takes turns with the event loop, and a process runs one at a time.
"""

import asyncio
import dataclasses
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from errors import BadInputError, EkonteError, not_found
from models.batches import Batch
from models.database import now_ms
from models.enums import MediaKind
from models.generation_requests import AccountStrategy, GenerationRequest
from models.ids import first_id_at, moment_of
from models.jobs import Job
from models.sql import json_text_sql
from models.workflows import Workflow
from providers.pooled import FaultKind
from services.accounts.pool.account_snapshots import account_snapshots
from services.accounts.pool.demands import demand_key, demand_of
from services.accounts.pool.pricing import learned_prices
from services.accounts.pool.quota import next_reset
from services.accounts.pool.replay_records import RecordedTry, ReplayedJob
from services.accounts.pool.replaying import Replay, Rules, Tally, recorded_tally
from services.accounts.pool.urgency import reserved_percents
from services.accounts.pool.waiting import counts_as_try
from services.generation.checking import strategy_faults
from services.platform.faults import collected
from services.platform.owned import owned_rows_sql
from services.platform.providers import pooled_models
from services.platform.runtime import runtime
from services.queries.accounts import live_accounts_in_order
from settings import get_settings

MAX_ATTEMPTS = 2_000
TURN_SECONDS = 0.01
"For so long the simulation runs before the event loop may do something else."
PAGE = 200
LAST_ID = 2**63 - 1

_FAULTS = {kind.value for kind in FaultKind}


@dataclass(frozen=True)
class ReplayRequest:
    """What to replay: the newest `last` attempts of a kind that have ended. changes: fields of AccountStrategy that
    replace those of each job's own; empty: the strategies that the jobs had.
    """

    kind: MediaKind
    changes: Mapping[str, Any]
    last: int = 200
    since: datetime | None = None
    batch_id: int | None = None
    workflow_id: int | None = None


@dataclass(frozen=True)
class StrategyReplay:
    """actual: what really happened; replayed: what would have. Times are milliseconds of the recorded clock."""

    jobs: int
    began_at_ms: int | None
    actual: Tally
    replayed: Tally


class _OneAtATime(asyncio.Lock):
    """Replays of this process: each takes the processor for a while."""


async def replay_strategy(owner: str, request: ReplayRequest) -> StrategyReplay:
    """Replays the owner's attempts. Raises BadInputError for a `last` that is not 1 to MAX_ATTEMPTS, NotFoundError for
    a batch or workflow that the owner does not have. Some dozen statements.
    """
    faults = collected()
    if not 1 <= request.last <= MAX_ATTEMPTS:
        faults.add(BadInputError(f"last must be 1 to {MAX_ATTEMPTS}.", path=["input", "last"]))
    faults.add(*strategy_faults(dataclasses.replace(AccountStrategy(), **request.changes)))
    faults.add(*await _unknown_accounts(owner, request.changes.get("account_ids", ())))
    faults.check()
    if request.batch_id is not None and not await Batch.exists(owner=owner, id=request.batch_id, deleted_at=None):
        raise not_found("batch", ["input", "batchId"])
    if request.workflow_id is not None and not await Workflow.exists(owner=owner, id=request.workflow_id):
        raise not_found("workflow", ["input", "workflowId"])
    async with runtime().state(_OneAtATime):
        jobs = await _jobs(owner, request, await _tries(owner, request))
        settings = get_settings()
        moment_ms = await now_ms()
        pools = await account_snapshots([owner], request.kind, now_ms=moment_ms, zone=settings.timezone)
        batches = await Batch.filter(id__in=list({job.group for job in jobs})).values("id", "max_parallel")
        replay = Replay(
            jobs,
            {provider: found for (_, provider), found in pools.items()},
            {batch["id"]: batch["max_parallel"] for batch in batches if batch["max_parallel"] is not None},
            Rules(
                (await reserved_percents([owner]))[owner],
                max(1, int(settings.priority_ageing_seconds * 1000)),
                _resets(settings.timezone),
            ),
        )
        await _in_turns(replay.steps())
    return StrategyReplay(
        len(jobs), min((job.arrived_at_ms for job in jobs), default=None), recorded_tally(jobs), replay.tally
    )


async def _unknown_accounts(owner: str, account_ids: Sequence[int]) -> list[EkonteError]:
    known = await live_accounts_in_order(owner, account_ids) if account_ids else []
    return [
        not_found("account", ["input", "strategy", "accountIds", str(index)])
        for index, account in enumerate(known)
        if account is None
    ]


async def _in_turns(steps: Iterable[None]) -> None:
    began = time.perf_counter()
    for _ in steps:
        if time.perf_counter() - began > TURN_SECONDS:
            await asyncio.sleep(0)
            began = time.perf_counter()


def _resets(zone: str) -> Callable[[int], int]:
    return lambda at_ms: int(next_reset(datetime.fromtimestamp(at_ms / 1000, UTC), zone).timestamp() * 1000)


async def _tries(owner: str, request: ReplayRequest) -> list[dict[str, Any]]:
    """The newest attempts on accounts that have ended and counted as tries, oldest first."""
    conditions = ["a.kind = ?"]
    values: list[Any] = [request.kind.value]
    of_job = ""
    if request.since is not None:
        conditions.append("a.id >= ?")
        values.append(min(LAST_ID, first_id_at(request.since)))
    for column, value in (("batch_id", request.batch_id), ("workflow_id", request.workflow_id)):
        if value is not None:
            of_job = " JOIN job j ON j.id = a.job_id"
            conditions.append(f"j.{column} = ?")
            values.append(value)
    rows = await owned_rows_sql(
        "SELECT a.id, a.job_id, a.run, a.account_id, a.model, a.placed_at_ms, a.accepted_at_ms, a.released_at_ms,"
        f" a.outcome, a.sends, a.credits_spent, {json_text_sql('a.error', 'kind')} AS fault"
        f" FROM attempt a{of_job} WHERE a.owner = ? AND a.account_id IS NOT NULL AND a.state = 'ENDED'"
        f" AND a.released_at_ms IS NOT NULL AND {' AND '.join(conditions)} ORDER BY a.id DESC LIMIT {request.last}",
        owner,
        *values,
    )
    return [row for row in reversed(rows) if counts_as_try(row["sends"], {"kind": row["fault"]})]


async def _jobs(owner: str, request: ReplayRequest, rows: Sequence[Mapping[str, Any]]) -> list[ReplayedJob]:
    """The runs of jobs that the attempts belong to, with the strategy to replay."""
    tries: dict[tuple[int, int], list[RecordedTry]] = defaultdict(list)
    for row in rows:
        tries[row["job_id"], row["run"]].append(_recorded(row))
    models, learned = pooled_models(), await learned_prices()
    jobs: dict[int, dict[str, Any]] = {}
    ids = list(dict.fromkeys(job_id for job_id, _ in tries))
    for start in range(0, len(ids), PAGE):
        columns = ("id", "params", "priority_rank", "batch_id", "workflow_id", "waiting_since_ms", "retry_count")
        for row in await Job.filter(owner=owner, id__in=ids[start : start + PAGE]).values(*columns):
            jobs[row["id"]] = row
        await asyncio.sleep(0)
    found = []
    for number, ((job_id, run), of_run) in enumerate(sorted(tries.items())):
        if (job := jobs.get(job_id)) is None:
            continue  # removed with its record since
        if number % PAGE == PAGE - 1:
            await asyncio.sleep(0)
        stored = GenerationRequest.from_json(job["params"])
        changed = dataclasses.replace(
            stored, strategy=dataclasses.replace(stored.strategy, **request.changes), inputs=()
        )
        found.append(
            ReplayedJob(
                number=number,
                arrived_at_ms=min(_arrival(job, run), of_run[0].placed_at_ms),
                provider=stored.provider,
                rank=job["priority_rank"],
                group=job["batch_id"] or job["workflow_id"] or 0,
                key=demand_key(changed),
                demand=demand_of(changed, models, learned),
                strategy=changed.strategy,
                tries=tuple(of_run),
            )
        )
    return found


def _arrival(job: Mapping[str, Any], run: int) -> int:
    """Since when the run waited: its job's creation, or what is known of its newest run."""
    created_ms = int(moment_of(job["id"]).timestamp() * 1000)
    is_newest = run == job["retry_count"]
    since_ms: int | None = job["waiting_since_ms"]
    return since_ms if is_newest and since_ms is not None else created_ms


def _recorded(row: Mapping[str, Any]) -> RecordedTry:
    fault = FaultKind(row["fault"]) if row["fault"] in _FAULTS else None
    accepted = row["accepted_at_ms"]
    return RecordedTry(
        account_id=row["account_id"],
        model=row["model"],
        placed_at_ms=row["placed_at_ms"],
        held_ms=max(0, row["released_at_ms"] - row["placed_at_ms"]),
        accepted_ms=None if accepted is None else max(0, accepted - row["placed_at_ms"]),
        fault=fault,
        is_timeout=fault is None and row["outcome"] in ("FAILED", "SWITCHED"),
        credits=row["credits_spent"],
    )


def quantile_seconds(waits_ms: Sequence[int], share: float) -> float | None:
    """The quantile by the nearest rank, in seconds; None without samples."""
    if not waits_ms:
        return None
    ordered = sorted(waits_ms)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] / 1000


def mean_seconds(waits_ms: Sequence[int]) -> float | None:
    return sum(waits_ms) / len(waits_ms) / 1000 if waits_ms else None
