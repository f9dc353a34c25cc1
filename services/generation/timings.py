"""Measured times of models: kept in the database, remembered by each process for a moment."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from models.enums import MediaKind
from models.generation import ModelTiming
from services.accounts.pool.timing import MAX_SAMPLES, with_sample
from services.platform.runtime import runtime
from services.stores import model_timings

REMEMBERED_SECONDS = 2.0
MAX_HELD_SAMPLES = 50


@dataclass(frozen=True)
class Measured:
    """Milliseconds, the oldest first. durations: from acceptance to upstream's end, without its queue. held: how long a
    task held its slot, submitting and noticing its end included.
    """

    durations: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


class RememberedTimings(dict[str, tuple[float, Measured]]):
    """By timing_key what was read last, and when, in the monotonic clock's seconds."""


def timing_key(provider: str, model: str, kind: MediaKind) -> str:
    return f"{provider}/{model}/{kind.value}"


async def durations(provider: str, model: str, kind: MediaKind) -> list[int]:
    """The newest durations; empty where nothing was measured."""
    return (await _measured(timing_key(provider, model, kind))).durations


async def measured_times(keys: Collection[str]) -> dict[str, Measured]:
    """By timing_key what was measured, where anything was; one statement."""
    rows = await ModelTiming.filter(key__in=list(keys)) if keys else []
    return {row.key: _of_row(row) for row in rows}


async def record_times(provider: str, model: str, kind: MediaKind, *, duration_ms: int, held_ms: int | None) -> None:
    """Adds what was measured of one task. Two at once may lose one of theirs: it is a sample."""
    key = timing_key(provider, model, kind)
    known = await _measured(key)
    held = known.held if held_ms is None else with_sample(known.held, held_ms, MAX_HELD_SAMPLES)
    measured = Measured(with_sample(known.durations, duration_ms, MAX_SAMPLES), held)
    runtime().state(RememberedTimings)[key] = (time.monotonic(), measured)
    await model_timings.write(key, measured.durations, measured.held)


async def _measured(key: str) -> Measured:
    remembered = runtime().state(RememberedTimings)
    known = remembered.get(key)
    if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
        return known[1]
    row = await ModelTiming.get_or_none(key=key)
    measured = Measured() if row is None else _of_row(row)
    remembered[key] = (time.monotonic(), measured)
    return measured


def _of_row(row: ModelTiming) -> Measured:
    return Measured([int(sample) for sample in row.durations_ms], [int(sample) for sample in row.held_ms or ()])
