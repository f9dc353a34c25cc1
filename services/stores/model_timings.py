"""Writes the table model_timing."""

from collections.abc import Sequence

from models.database import execute
from models.generation import ModelTiming
from services.stores.updates import Sql, stored, update


async def write(key: str, durations_ms: Sequence[int], held_ms: Sequence[int]) -> None:
    """Replaces the durations measured for a key, in milliseconds, oldest first. One statement if the row exists."""
    samples = {"durations_ms": list(durations_ms), "held_ms": list(held_ms)}
    if not await update(ModelTiming, samples, Sql("key = ?", (key,)), ["key"]):
        await execute(
            "INSERT INTO model_timing (key, durations_ms, held_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING RETURNING key",
            key,
            *(stored(ModelTiming, name, value) for name, value in samples.items()),
        )
