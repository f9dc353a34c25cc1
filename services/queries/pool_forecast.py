"""What an owner's pool can still make before its reset, and when what waits will have ended. Reads only."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from models.database import now_ms
from models.enums import MediaKind
from services.accounts.pool.account_snapshots import account_snapshots
from services.accounts.pool.quota import next_reset
from services.accounts.pool.remaining import KindTotal, Product, sum_up
from services.generation.batches.forecasting import TURNAROUND_MS, backlog_forecast
from services.generation.timings import Measured, measured_times, timing_key
from services.platform.providers import pooled_models
from settings import get_settings


@dataclass(frozen=True)
class KindForecast:
    """remaining: until the reset. waiting: jobs that wait for an account; last_ends_at: when the last of them will have
    ended (None: nothing waits, or unknown); waits_for: why no account can take some of them now.
    """

    kind: MediaKind
    remaining: KindTotal
    waiting: int
    last_ends_at: datetime | None
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class PoolForecast:
    resets_at: datetime
    kinds: Mapping[MediaKind, KindForecast]


async def pool_forecasts(owner: str, owners: Sequence[str]) -> list[PoolForecast]:
    """The forecast of the caller's own pool, for each of `owners`, which name nobody else. Some thirty statements,
    whatever the pool and its backlog have.
    """
    found = await pool_forecast(owner)
    return [found for _ in owners]


async def pool_forecast(owner: str) -> PoolForecast:
    moment_ms = await now_ms()
    now = datetime.fromtimestamp(moment_ms / 1000, UTC)
    kinds = {kind: await _of_kind(owner, kind, moment_ms) for kind in MediaKind}
    return PoolForecast(next_reset(now, get_settings().timezone), kinds)


async def _of_kind(owner: str, kind: MediaKind, moment_ms: int) -> KindForecast:
    pools = await account_snapshots([owner], kind, now_ms=moment_ms, zone=get_settings().timezone)
    accounts = {provider: candidates for (_, provider), candidates in pools.items()}
    models = [model for model in pooled_models().values() if model.kind == kind.value and model.provider in accounts]
    keys = {(model.provider, model.name): timing_key(model.provider, model.name, kind) for model in models}
    measured = await measured_times(list(keys.values()))
    products = [
        Product(
            model.provider,
            model.name,
            kind,
            tuple(model.sites),
            model.credits,
            _held_ms(measured.get(keys[model.provider, model.name])),
        )
        for model in models
    ]
    backlog = await backlog_forecast(owner, kind)
    seconds = backlog.forecast.seconds
    return KindForecast(
        kind,
        sum_up(accounts, products, moment_ms),
        backlog.count,
        None if seconds is None else datetime.fromtimestamp(moment_ms / 1000, UTC) + timedelta(seconds=seconds),
        tuple(f"{provider}: {reason}" for provider, reason in sorted(backlog.forecast.unable.items())),
    )


def _held_ms(measured: Measured | None) -> int | None:
    """How long a slot was held on average, until its next task; None if nothing was measured."""
    samples = [] if measured is None else measured.held or measured.durations
    return round(statistics.mean(samples)) + TURNAROUND_MS if samples else None
