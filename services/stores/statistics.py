"""Writes the tables statistics_delta and statistics_cell, each in the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.database import execute
from services.platform.owned import places

ROWS_PER_STATEMENT = 2_000
DELTA_COLUMNS = (
    "job_id",
    "owner",
    "project_id",
    "work_id",
    "kind",
    "day",
    "succeeded",
    "failed",
    "canceled",
    "error_code",
    "switches",
    "generation_ms",
    "bucket",
    "credits",
    "credits_unknown",
)


async def append_deltas(deltas: Sequence[Mapping[str, Any]]) -> None:
    """Inserts deltas; a missing column becomes 0, or NULL if the column allows it."""
    defaults = dict.fromkeys(DELTA_COLUMNS, 0) | dict.fromkeys(("error_code", "generation_ms", "bucket"))
    for start in range(0, len(deltas), ROWS_PER_STATEMENT):
        part = deltas[start : start + ROWS_PER_STATEMENT]
        rows = ", ".join([f"({places(DELTA_COLUMNS)}, ?)"] * len(part))
        await execute(
            f"INSERT INTO statistics_delta ({', '.join(DELTA_COLUMNS)}, is_rolled) VALUES {rows}",
            *(value for delta in part for value in (*(defaults | dict(delta)).values(), False)),
        )


async def revert_ends(job_ids: Sequence[int]) -> None:
    """Inserts deltas that cancel out the recorded ends of these jobs; nothing for a job without a recorded end."""
    same = "job_id, owner, project_id, work_id, kind, day, error_code, bucket"
    sums = ", ".join(f"-SUM({name})" for name in ("succeeded", "failed", "canceled", "switches", "generation_ms"))
    await execute(
        f"INSERT INTO statistics_delta ({same}, succeeded, failed, canceled, switches, generation_ms, credits,"
        f" credits_unknown, is_rolled) SELECT {same}, {sums}, 0, 0, ? FROM statistics_delta"
        f" WHERE job_id IN ({places(job_ids)})"
        f" GROUP BY {same} HAVING SUM(succeeded) <> 0 OR SUM(failed) <> 0 OR SUM(canceled) <> 0",
        False,
        *job_ids,
    )


async def mark_rolled_up(limit: int) -> list[dict[str, Any]]:
    """Marks at most `limit` deltas as rolled up, and returns their rows."""
    return await execute(
        "UPDATE statistics_delta SET is_rolled = ? WHERE id IN"
        " (SELECT id FROM statistics_delta WHERE NOT is_rolled LIMIT ?) RETURNING *",
        True,
        limit,
    )


async def remove_deltas(delta_ids: Sequence[int]) -> None:
    if delta_ids:
        await execute(f"DELETE FROM statistics_delta WHERE id IN ({places(delta_ids)})", *delta_ids)


async def remove_deltas_of_jobs(job_ids: Sequence[int]) -> None:
    """Removes the jobs' deltas that are rolled up."""
    if job_ids:
        await execute(
            f"DELETE FROM statistics_delta WHERE is_rolled AND job_id IN ({places(job_ids)}) RETURNING id", *job_ids
        )


async def write_aggregates(keys: Sequence[str], sums: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Inserts aggregates, or replaces the sums of existing ones. keys, sums: the columns of a row, in this order. One
    statement.
    """
    columns = (*keys, *sums)
    changes = ", ".join(f"{name} = excluded.{name}" for name in sums)
    row = f"({places(columns)})"
    await execute(
        f"INSERT INTO statistics_cell ({', '.join(columns)}) VALUES {', '.join([row] * len(rows))}"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}",
        *(value for each in rows for value in each),
    )
