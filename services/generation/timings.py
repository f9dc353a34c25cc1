"""Measured times of models, stored in the database and cached by each process for two seconds."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from models.enums import MediaKind
from models.generation import ModelTiming
from services.accounts.pool.timing import MAX_SAMPLES, with_sample
from services.platform.runtime import runtime
from services.stores import model_timings

CACHE_SECONDS = 2.0
MAX_HELD_SAMPLES = 50


@dataclass(frozen=True)
class Measured:
    """Milliseconds, oldest first. durations: from the provider's acceptance to its end, without its queue. held: how
    long a task held its slot, including submit and the delay until its end was polled.
    """

    durations: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


class TimingCache(dict[str, tuple[float, Measured]]):
    """timing_key -> (monotonic time of the last read in seconds, the value read)."""


def timing_key(provider: str, model: str, kind: MediaKind) -> str:
    return f"{provider}/{model}/{kind.value}"


async def durations(provider: str, model: str, kind: MediaKind) -> list[int]:
    """The newest durations in milliseconds; empty if nothing was measured."""
    return (await _measured(timing_key(provider, model, kind))).durations


async def measured_times(keys: Collection[str]) -> dict[str, Measured]:
    """Measured times by timing_key, without keys that have none. One statement."""
    rows = await ModelTiming.filter(key__in=list(keys)) if keys else []
    return {row.key: _of_row(row) for row in rows}


async def record_times(provider: str, model: str, kind: MediaKind, *, duration_ms: int, held_ms: int | None) -> None:
    """Adds the measurements of one task. Of two concurrent calls one may be lost, which a sample tolerates."""
    key = timing_key(provider, model, kind)
    known = await _measured(key)
    held = known.held if held_ms is None else with_sample(known.held, held_ms, MAX_HELD_SAMPLES)
    measured = Measured(with_sample(known.durations, duration_ms, MAX_SAMPLES), held)
    runtime().state(TimingCache)[key] = (time.monotonic(), measured)
    await model_timings.write(key, measured.durations, measured.held)


async def _measured(key: str) -> Measured:
    cache = runtime().state(TimingCache)
    cached = cache.get(key)
    if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
        return cached[1]
    row = await ModelTiming.get_or_none(key=key)
    measured = Measured() if row is None else _of_row(row)
    cache[key] = (time.monotonic(), measured)
    return measured


def _of_row(row: ModelTiming) -> Measured:
    return Measured([int(sample) for sample in row.durations_ms], [int(sample) for sample in row.held_ms or ()])
