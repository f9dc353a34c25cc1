"""How long batches will take and what they will cost, from what is measured, free and queued now. Reads only."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.database import execute, now_ms
from models.enums import JobStatus, MediaKind
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.accounts.pool.account_snapshots import account_snapshots
from services.accounts.pool.choosing import (
    Candidate,
    Demand,
    Eligibility,
    check_eligibility,
    slots_of,
    slots_reserved_for_urgent,
    waiting_reason,
)
from services.accounts.pool.demands import demand_key, demand_of
from services.accounts.pool.pricing import expected_credits
from services.accounts.pool.timing import usual_ms
from services.generation.batches.estimating import Place, Work, time_left
from services.generation.timings import Measured, measured_times, timing_key
from services.platform.providers import pooled_models
from services.queue.priority import aged_rank_sql, group_sql, is_paused_with_workflow_sql
from settings import get_settings

URGENT_RANK = 0
TURNAROUND_MS = 300
"From a slot's release to its next task: the next look at what waits."
STORING_MS = 1_500
"From the last slot's release until its result is stored."
_NO_LIMIT = 1 << 30


@dataclass(frozen=True)
class Sort:
    """Jobs that want the same of the pool: one of their requests, and how many there are."""

    request: GenerationRequest
    count: int


@dataclass(frozen=True)
class ForecastDemand:
    """What is to be forecast. sorts: what is queued, and with a count of 0 what only runs, by demand key. batch_id:
    None for one that is not there yet. is_running: some of it is being made now, and taken to be half done.
    """

    sorts: Mapping[str, Sort]
    priority_rank: int
    max_parallel: int | None = None
    batch_id: int | None = None
    is_running: bool = False


@dataclass(frozen=True)
class Forecast:
    """seconds: until all of it is done, None where no account can do it or that is unknown. unable: by provider why no
    account can do some of it.
    """

    seconds: float | None
    unable: Mapping[str, str]


@dataclass(frozen=True)
class _Waiting:
    """Jobs of one demand, rank and group (batch, workflow, or 0) that wait."""

    key: str
    rank: int
    group: int
    count: int


def sorts_of(requests: Sequence[GenerationRequest]) -> dict[str, Sort]:
    found: dict[str, Sort] = {}
    for request in requests:
        key = demand_key(request)
        known = found.get(key)
        found[key] = Sort(request, 1 if known is None else known.count + 1)
    return found


def price_of(requests: Sequence[GenerationRequest]) -> int | None:
    """Credits that they will take, as far as their models say; None where one of the models does not."""
    models = pooled_models()
    total = 0
    for request in requests:
        if (request.provider, request.model) not in models:
            continue  # made without accounts, for nothing
        credits = expected_credits(request, models)
        if credits is None:
            return None
        total += credits
    return total


async def forecast(owner: str, kind: MediaKind, wanted: ForecastDemand) -> Forecast:
    """As `forecasts`, for one."""
    return (await forecasts(owner, kind, [wanted]))[0]


async def forecasts(owner: str, kind: MediaKind, wanted: Sequence[ForecastDemand]) -> list[Forecast]:
    """Of batches of one owner and kind; eight statements, however many."""
    moment_ms = await now_ms()
    pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
    accounts = {provider: candidates for (_, provider), candidates in pools.items()}
    waiting, sorts = await _waiting(owner, kind)
    for each in wanted:
        sorts |= each.sorts
    keys = {timing_key(sort.request.provider, sort.request.model, kind) for sort in sorts.values()}
    view = _View(kind, accounts, sorts, await measured_times(keys), moment_ms)
    return [_forecast(each, waiting, view) for each in wanted]


async def _waiting(owner: str, kind: MediaKind) -> tuple[list[_Waiting], dict[str, Sort]]:
    """What waits for the owner's accounts, and one request of each demand. What is paused stands in nobody's way."""
    queue = f"pool-{kind.value.lower()}s"
    rows = await execute(
        "SELECT key, rank, grp, COUNT(*) AS number, MIN(id) AS sample FROM (SELECT id,"
        f" COALESCE(demand_key, CAST(id AS TEXT)) AS key, {aged_rank_sql()} AS rank, {group_sql()} AS grp FROM job"
        f" WHERE owner = ? AND queue = ? AND role = 'GENERATE' AND status = ? AND NOT {is_paused_with_workflow_sql()})"
        " AS waiting GROUP BY key, rank, grp",
        owner,
        queue,
        JobStatus.PENDING.value,
    )
    samples = {row["key"]: row["sample"] for row in rows}
    requests = await requests_of(list(samples.values()))
    sorts = {key: Sort(requests[job_id], 0) for key, job_id in samples.items() if job_id in requests}
    return [_Waiting(row["key"], row["rank"], row["grp"], row["number"]) for row in rows if row["key"] in sorts], sorts


async def requests_of(job_ids: Sequence[int]) -> dict[int, GenerationRequest]:
    """What jobs were asked for, by their ids."""
    rows = await Job.filter(id__in=list(job_ids)).values("id", "params") if job_ids else []
    return {row["id"]: GenerationRequest.from_json(row["params"]) for row in rows}


class _View:
    """The accounts as each sort of jobs sees them."""

    def __init__(
        self,
        kind: MediaKind,
        accounts: Mapping[str, Sequence[Candidate]],
        sorts: Mapping[str, Sort],
        measured: Mapping[str, Measured],
        moment_ms: int,
    ) -> None:
        models = pooled_models()
        self._kind = kind
        self._accounts = accounts
        self._measured = measured
        self._moment_ms = moment_ms
        self._models = models
        self.requests = {key: sort.request for key, sort in sorts.items()}
        self.demands = {key: demand_of(request, models) for key, request in self.requests.items()}

    def candidates(self, key: str) -> Sequence[Candidate]:
        return self._accounts.get(self.requests[key].provider, ())

    def verdicts(self, key: str) -> list[Eligibility]:
        return [check_eligibility(account, self.demands[key], self._moment_ms) for account in self.candidates(key)]

    def is_pooled(self, key: str) -> bool:
        request = self.requests[key]
        return (request.provider, request.model) in self._models

    def places(self, key: str) -> list[Place]:
        found = (
            self._place(account, self.demands[key], verdict)
            for account, verdict in zip(self.candidates(key), self.verdicts(key), strict=True)
        )
        return [place for place in found if place is not None]

    def _place(self, account: Candidate, demand: Demand, verdict: Eligibility) -> Place | None:
        works = verdict.is_free or verdict.is_busy
        if not works and verdict.until_ms is None:
            return None
        most = _NO_LIMIT
        if works and account.daily_limit is not None:
            most = account.daily_limit - account.used_today
        if works and account.credit_balance is not None and demand.cost:
            most = min(most, account.credit_balance // demand.cost)
        return Place(
            account_id=account.id,
            slots=slots_of(account, demand),
            busy=account.in_flight,
            opens_in=0 if works else max(0, (verdict.until_ms or 0) - self._moment_ms),
            most=None if most == _NO_LIMIT else max(0, most),
            resets_in=max(0, account.resets_at_ms - self._moment_ms),
        )

    def held(self, key: str) -> list[int]:
        request = self.requests[key]
        measured = self._measured.get(timing_key(request.provider, request.model, self._kind), Measured())
        return [sample + TURNAROUND_MS for sample in self._samples(measured)]

    def _samples(self, measured: Measured) -> list[int]:
        return measured.held or measured.durations or [usual_ms(self._kind, ())]

    def kept_slots(self, key: str) -> int:
        """Slots that only URGENT jobs may take, less those that such jobs hold now."""
        works = [
            account
            for account, verdict in zip(self.candidates(key), self.verdicts(key), strict=True)
            if verdict.is_free or verdict.is_busy
        ]
        slots = sum(slots_of(account, self.demands[key]) for account in works)
        urgent = sum(account.urgent_in_flight for account in works)
        return max(0, slots_reserved_for_urgent(slots, get_settings().urgent_slot_percent) - urgent)


def _forecast(wanted: ForecastDemand, waiting: Sequence[_Waiting], view: _View) -> Forecast:
    unable = {
        view.requests[key].provider: waiting_reason(view.verdicts(key))[0]
        for key, sort in wanted.sorts.items()
        if sort.count and view.is_pooled(key) and not any(each.is_free or each.is_busy for each in view.verdicts(key))
    }
    before = others_before(wanted, waiting)
    work = [
        Work(sort.count if (sort := wanted.sorts.get(key)) else 0, view.held(key), view.places(key), before.get(key, 0))
        for key in {*wanted.sorts, *before}
    ]
    kept = 0 if wanted.priority_rank == URGENT_RANK else max([0, *(view.kept_slots(key) for key in wanted.sorts)])
    left_ms = time_left(work, kept_slots=kept, max_parallel=wanted.max_parallel)
    if left_ms is None or not all(view.is_pooled(key) for key in wanted.sorts):
        return Forecast(None, unable)
    if wanted.is_running:
        left_ms = max(left_ms, *(round(statistics.mean(view.held(key)) / 2) for key in wanted.sorts))
    return Forecast((left_ms + STORING_MS) / 1000 if left_ms else 0.0, unable)


def others_before(wanted: ForecastDemand, waiting: Sequence[_Waiting]) -> dict[str, int]:
    """By demand how many jobs of others go first: all that are more urgent, and of each equally urgent group as many as
    the batch itself has, since they take turns. The batch is as urgent as waiting has made it, like the others.
    """
    of_batch = [each.rank for each in waiting if wanted.batch_id is not None and each.group == wanted.batch_id]
    own_rank = min(of_batch, default=wanted.priority_rank)
    own = sum(sort.count for sort in wanted.sorts.values())
    groups: dict[int, int] = defaultdict(int)
    before: dict[str, int] = defaultdict(int)
    for each in sorted(waiting, key=lambda row: row.key):
        if wanted.batch_id is not None and each.group == wanted.batch_id:
            continue
        if each.rank < own_rank:
            before[each.key] += each.count
        elif each.rank == own_rank:
            taken = min(each.count, own - groups[each.group])
            groups[each.group] += taken
            before[each.key] += taken
    return dict(before)
