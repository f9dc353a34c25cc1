"""Rolling deltas up into cells, in the background: a reader sums up few rows, however much there was."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from models.database import execute, transaction
from services.notifications.statistics.aggregates import COUNTS, AggregateKey, Sums, sum_up
from services.platform.deployment_facts import lock_or_add_fact
from services.platform.owned import places
from services.stores import statistics

PART = 2000
"Deltas that one transaction rolls up: SQLite has one writer, and others wait for it meanwhile."
TURN = "statistics_roll"
"The fact whose row is the turn to write cells."
_KEY_BATCH_SIZE = 1000
_SUMS = ("deltas", *COUNTS, "times", "errors")


async def roll_up(patience_seconds: float) -> int:
    """Rolls up what there is, part by part, until nothing is left or the time is over; how many deltas it were.

    Any process may do this at any time: each delta is rolled up once.
    """
    deadline = time.monotonic() + patience_seconds
    rolled = 0
    while await _is_anything_left():
        rolled += await transaction(_roll_part)
        if time.monotonic() >= deadline:
            break
    return rolled


async def _is_anything_left() -> bool:
    return bool(await execute("SELECT id FROM statistics_delta WHERE NOT is_rolled LIMIT 1"))


async def _roll_part() -> int:
    await lock_or_add_fact(TURN)  # until the transaction ends, so nobody else writes cells meanwhile
    deltas = await statistics.take_unrolled(PART)
    sums = sum_up(deltas)
    keys = sorted(sums)
    for start in range(0, len(keys), _KEY_BATCH_SIZE):
        await _add({key: sums[key] for key in keys[start : start + _KEY_BATCH_SIZE]})
    # Nothing takes a charge back, so its row is not needed any more.
    await statistics.remove_deltas([delta["id"] for delta in deltas if delta["credits"]])
    return len(deltas)


async def _add(sums: Mapping[AggregateKey, Sums]) -> None:
    """Adds sums to their cells, in two statements. Only for who has the turn."""
    for key, present in (await _present(list(sums))).items():
        sums[key].add(present)
    rows = [(*key, *_values_of(total)) for key, total in sums.items()]
    await statistics.write_cells(AggregateKey._fields, _SUMS, rows)


async def _present(keys: Sequence[AggregateKey]) -> dict[AggregateKey, Sums]:
    wanted = ", ".join([f"({places(AggregateKey._fields)})"] * len(keys))
    same = " AND ".join(f"c.{name} = k.column{number}" for number, name in enumerate(AggregateKey._fields, 1))
    # In this order: for `IN (VALUES …)` SQLite reads the whole table instead of its index.
    rows = await execute(
        f"SELECT c.* FROM (VALUES {wanted}) AS k CROSS JOIN statistics_cell c WHERE {same}",
        *(value for key in keys for value in key),
    )
    return {AggregateKey(*(row[name] for name in AggregateKey._fields)): sums_of(row) for row in rows}


def sums_of(row: Mapping[str, Any]) -> Sums:
    """A row of statistics_cell."""
    sums = Sums.counting(row)
    sums.deltas = int(row["deltas"])
    sums.times = {int(bucket): count for bucket, count in orjson.loads(row["times"]).items()}
    sums.errors = orjson.loads(row["errors"])
    return sums


def _values_of(sums: Sums) -> tuple[Any, ...]:
    times = {str(bucket): sums.times[bucket] for bucket in sorted(sums.times)}
    counts = (getattr(sums, name) for name in ("deltas", *COUNTS))
    return (*counts, orjson.dumps(times).decode(), orjson.dumps(sums.errors).decode())
