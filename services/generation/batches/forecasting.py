"""Forecasts of the duration and the price of batches, from measured times, free slots and queued jobs. Reads only."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.batches import Batch
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
from services.accounts.pool.pricing import Learned, learned_prices
from services.accounts.pool.timing import usual_ms
from services.accounts.pool.urgency import reserved_percents
from services.generation.batches.estimating import AccountCapacity, Work, time_left
from services.generation.timings import Measured, measured_times, timing_key
from services.platform.providers import pooled_models
from services.queue.priority import aged_rank_sql, group_sql, is_paused_with_workflow_sql
from settings import get_settings

URGENT_RANK = 0
TURNAROUND_MS = 300
"From a slot's release to its next task: the interval of the scheduler."
STORING_MS = 1_500
"From the last slot's release until its result is stored."
_NO_LIMIT = 1 << 30


@dataclass(frozen=True)
class Sort:
    """Jobs with the same demand on the pool: one of their requests, and their number."""

    request: GenerationRequest
    count: int


@dataclass(frozen=True)
class ForecastDemand:
    """The batch to forecast. sorts: the queued jobs by demand key, with a count of 0 if they are only running.
    batch_id: None for a batch that does not exist yet. is_running: some jobs are running, and are assumed to be half
    done.
    """

    sorts: Mapping[str, Sort]
    priority_rank: int
    max_parallel: int | None = None
    batch_id: int | None = None
    is_running: bool = False


@dataclass(frozen=True)
class Forecast:
    """seconds: until all jobs are done; None if no account can run them or if it is unknown. unable: provider -> why no
    account can run some of the jobs.
    """

    seconds: float | None
    unable: Mapping[str, str]


@dataclass(frozen=True)
class _Waiting:
    """The number of waiting jobs of one demand, rank and group (batch, workflow, or 0)."""

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


async def forecast(owner: str, kind: MediaKind, wanted: ForecastDemand) -> Forecast:
    """Forecasts one batch (see `forecasts`)."""
    return (await forecasts(owner, kind, [wanted]))[0]


async def forecasts(owner: str, kind: MediaKind, wanted: Sequence[ForecastDemand]) -> list[Forecast]:
    """Forecasts batches of one owner and kind, in eleven statements however many they are."""
    moment_ms = await now_ms()
    pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
    accounts = {provider: candidates for (_, provider), candidates in pools.items()}
    waiting, sorts = await _waiting(owner, kind)
    for each in wanted:
        sorts |= each.sorts
    keys = {timing_key(sort.request.provider, sort.request.model, kind) for sort in sorts.values()}
    percent = (await reserved_percents([owner]))[owner]
    view = _View(kind, accounts, sorts, await measured_times(keys), await learned_prices(), moment_ms, percent)
    return [_forecast(each, waiting, view) for each in wanted]


async def _waiting(owner: str, kind: MediaKind) -> tuple[list[_Waiting], dict[str, Sort]]:
    """The jobs that wait for the owner's accounts, without paused ones, and one request of each demand."""
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
    """job id -> its request."""
    rows = await Job.filter(id__in=list(job_ids)).values("id", "params") if job_ids else []
    return {row["id"]: GenerationRequest.from_json(row["params"]) for row in rows}


class _View:
    """The accounts with regard to each sort of jobs."""

    def __init__(
        self,
        kind: MediaKind,
        accounts: Mapping[str, Sequence[Candidate]],
        sorts: Mapping[str, Sort],
        measured: Mapping[str, Measured],
        learned: Learned,
        moment_ms: int,
        urgent_percent: float,
    ) -> None:
        models = pooled_models()
        self._urgent_percent = urgent_percent
        self._kind = kind
        self._accounts = accounts
        self._measured = measured
        self._moment_ms = moment_ms
        self._models = models
        self.requests = {key: sort.request for key, sort in sorts.items()}
        self.demands = {key: demand_of(request, models, learned) for key, request in self.requests.items()}

    def candidates(self, key: str) -> Sequence[Candidate]:
        return self._accounts.get(self.requests[key].provider, ())

    def eligibilities(self, key: str) -> list[Eligibility]:
        return [check_eligibility(account, self.demands[key], self._moment_ms) for account in self.candidates(key)]

    def is_pooled(self, key: str) -> bool:
        request = self.requests[key]
        return (request.provider, request.model) in self._models

    def capacities(self, key: str) -> list[AccountCapacity]:
        found = (
            self._capacity(account, self.demands[key], eligibility)
            for account, eligibility in zip(self.candidates(key), self.eligibilities(key), strict=True)
        )
        return [capacity for capacity in found if capacity is not None]

    def _capacity(self, account: Candidate, demand: Demand, eligibility: Eligibility) -> AccountCapacity | None:
        is_available = eligibility.is_free or eligibility.is_busy
        if not is_available and eligibility.until_ms is None:
            return None
        max_jobs = _NO_LIMIT
        if is_available and account.daily_limit is not None:
            max_jobs = account.daily_limit - account.used_today
        if is_available and account.credit_balance is not None and demand.cost:
            max_jobs = min(max_jobs, account.credit_balance // demand.cost)
        return AccountCapacity(
            account_id=account.id,
            slots=slots_of(account, demand),
            busy=account.in_flight - account.detached,
            opens_in=0 if is_available else max(0, (eligibility.until_ms or 0) - self._moment_ms),
            max_jobs=None if max_jobs == _NO_LIMIT else max(0, max_jobs),
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
        available = [
            account
            for account, eligibility in zip(self.candidates(key), self.eligibilities(key), strict=True)
            if eligibility.is_free or eligibility.is_busy
        ]
        slots = sum(slots_of(account, self.demands[key]) for account in available)
        urgent = sum(account.urgent_in_flight for account in available)
        return max(0, slots_reserved_for_urgent(slots, self._urgent_percent) - urgent)


def _forecast(wanted: ForecastDemand, waiting: Sequence[_Waiting], view: _View) -> Forecast:
    unable = {
        view.requests[key].provider: waiting_reason(view.eligibilities(key))[0]
        for key, sort in wanted.sorts.items()
        if sort.count
        and view.is_pooled(key)
        and not any(each.is_free or each.is_busy for each in view.eligibilities(key))
    }
    before = others_before(wanted, waiting)
    work = [
        Work(
            sort.count if (sort := wanted.sorts.get(key)) else 0,
            view.held(key),
            view.capacities(key),
            before.get(key, 0),
        )
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
    """Demand key -> number of jobs of others that run before the batch: all of a higher priority, and of each group of
    equal priority as many as the batch itself has, since groups take turns. The priority of the batch, like that of the
    others, includes the raise by waiting.
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


@dataclass(frozen=True)
class BacklogForecast:
    """count: jobs that wait for an account, paused ones excluded. forecast: until the last of them is done."""

    count: int
    forecast: Forecast


async def backlog_forecast(owner: str, kind: MediaKind) -> BacklogForecast:
    """Forecasts all waiting jobs of an owner and kind, as if they were one batch; batches with a limit of their own are
    forecast too, and the later end counts. Twelve statements.
    """
    moment_ms = await now_ms()
    pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
    waiting, sorts = await _waiting(owner, kind)
    if not waiting:
        return BacklogForecast(0, Forecast(None, {}))
    keys = {timing_key(sort.request.provider, sort.request.model, kind) for sort in sorts.values()}
    accounts = {provider: candidates for (_, provider), candidates in pools.items()}
    percent = (await reserved_percents([owner]))[owner]
    view = _View(kind, accounts, sorts, await measured_times(keys), await learned_prices(), moment_ms, percent)
    groups = {each.group for each in waiting if each.group}
    batches = await Batch.filter(id__in=list(groups), max_parallel__isnull=False).values("id", "max_parallel")
    limits: list[int | None] = [None, *(batch["max_parallel"] for batch in batches)]
    members = [waiting, *([each for each in waiting if each.group == batch["id"]] for batch in batches)]
    found = [
        _forecast(ForecastDemand(_counted(rows, sorts), max(each.rank for each in rows), limit), (), view)
        for rows, limit in zip(members, limits, strict=True)
    ]
    seconds = [each.seconds for each in found if each.seconds is not None]
    whole = Forecast(max(seconds) if len(seconds) == len(found) else None, found[0].unable)
    return BacklogForecast(sum(each.count for each in waiting), whole)


def _counted(rows: Sequence[_Waiting], sorts: Mapping[str, Sort]) -> dict[str, Sort]:
    counts: dict[str, int] = defaultdict(int)
    for each in rows:
        counts[each.key] += each.count
    return {key: Sort(sorts[key].request, count) for key, count in counts.items()}
