"""Measured durations of models: kept in the database, remembered by each process for a moment."""

import time

from models.database import execute
from models.enums import MediaKind
from models.generation import ModelTiming
from services.pool.timing import with_sample

REMEMBERED_SECONDS = 2.0

_remembered: dict[str, tuple[float, list[int]]] = {}


def _key(provider: str, model: str, kind: MediaKind) -> str:
    return f"{provider}/{model}/{kind.value}"


async def durations(provider: str, model: str, kind: MediaKind) -> list[int]:
    """The newest durations in milliseconds, the oldest first; empty where nothing was measured."""
    key = _key(provider, model, kind)
    known = _remembered.get(key)
    if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
        return known[1]
    row = await ModelTiming.get_or_none(key=key)
    samples = [int(sample) for sample in row.durations_ms] if row is not None else []
    _remembered[key] = (time.monotonic(), samples)
    return samples


async def note_duration(provider: str, model: str, kind: MediaKind, duration_ms: int) -> None:
    """Adds a measured duration. Two at once may lose one of theirs: it is a sample."""
    key = _key(provider, model, kind)
    samples = with_sample(await durations(provider, model, kind), duration_ms)
    _remembered[key] = (time.monotonic(), samples)
    if not await ModelTiming.filter(key=key).update(durations_ms=samples):
        await execute(
            "INSERT INTO model_timing (key, durations_ms) VALUES (?, ?) ON CONFLICT (key) DO NOTHING RETURNING key",
            key,
            f"[{duration_ms}]",
        )
