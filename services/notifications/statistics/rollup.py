"""The background rollup of deltas into aggregates, so that queries sum few rows."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from models.database import execute, transaction
from services.notifications.statistics.aggregates import COUNTS, AggregateKey, Sums, sum_up
from services.platform.deployment_facts import lock_or_add_fact
from services.platform.owned import places
from services.stores import statistics

DELTA_BATCH_SIZE = 2000
"Deltas per transaction: SQLite has one writer, and other writers wait for it."
LOCK_FACT = "statistics_roll"
"The fact whose row serves as the lock for writing aggregates."
_KEY_BATCH_SIZE = 1000
_SUMS = ("deltas", *COUNTS, "times", "errors")


async def roll_up(patience_seconds: float) -> int:
    """Rolls up deltas in batches until none is left or `patience_seconds` have passed; returns how many it rolled up.

    Any process may run it at any time: each delta is rolled up once.
    """
    deadline = time.monotonic() + patience_seconds
    rolled = 0
    while await _has_deltas():
        rolled += await transaction(_roll_batch)
        if time.monotonic() >= deadline:
            break
    return rolled


async def _has_deltas() -> bool:
    return bool(await execute("SELECT id FROM statistics_delta WHERE NOT is_rolled LIMIT 1"))


async def _roll_batch() -> int:
    await lock_or_add_fact(LOCK_FACT)  # held until the transaction ends: only one process writes aggregates at a time
    deltas = await statistics.mark_rolled_up(DELTA_BATCH_SIZE)
    sums = sum_up(deltas)
    keys = sorted(sums)
    for start in range(0, len(keys), _KEY_BATCH_SIZE):
        await _add({key: sums[key] for key in keys[start : start + _KEY_BATCH_SIZE]})
    # A charge is never reverted, so its row is no longer needed.
    await statistics.remove_deltas([delta["id"] for delta in deltas if _is_charge(delta)])
    return len(deltas)


def _is_charge(delta: Mapping[str, Any]) -> bool:
    return bool(delta["credits"] or delta["credits_unknown"])


async def _add(sums: Mapping[AggregateKey, Sums]) -> None:
    """Adds sums to their stored aggregates, in two statements. The caller must hold LOCK_FACT."""
    for key, stored in (await _stored(list(sums))).items():
        sums[key].add(stored)
    rows = [(*key, *_values_of(total)) for key, total in sums.items()]
    await statistics.write_aggregates(AggregateKey._fields, _SUMS, rows)


async def _stored(keys: Sequence[AggregateKey]) -> dict[AggregateKey, Sums]:
    wanted = ", ".join([f"({places(AggregateKey._fields)})"] * len(keys))
    same = " AND ".join(f"c.{name} = k.column{number}" for number, name in enumerate(AggregateKey._fields, 1))
    # A CROSS JOIN in this order: with `IN (VALUES …)` SQLite scans the whole table instead of using its index.
    rows = await execute(
        f"SELECT c.* FROM (VALUES {wanted}) AS k CROSS JOIN statistics_cell c WHERE {same}",
        *(value for key in keys for value in key),
    )
    return {AggregateKey(*(row[name] for name in AggregateKey._fields)): sums_of(row) for row in rows}


def sums_of(row: Mapping[str, Any]) -> Sums:
    """The sums stored in a row of statistics_cell."""
    sums = Sums.counting(row)
    sums.deltas = int(row["deltas"])
    sums.times = {int(bucket): count for bucket, count in orjson.loads(row["times"]).items()}
    sums.errors = orjson.loads(row["errors"])
    return sums


def _values_of(sums: Sums) -> tuple[Any, ...]:
    times = {str(bucket): sums.times[bucket] for bucket in sorted(sums.times)}
    counts = (getattr(sums, name) for name in ("deltas", *COUNTS))
    return (*counts, orjson.dumps(times).decode(), orjson.dumps(sums.errors).decode())
