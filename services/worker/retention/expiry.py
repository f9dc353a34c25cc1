"""Rows that nobody asks for any more after some time, and rows whose owner is gone."""

from datetime import UTC, datetime, timedelta

from models.database import execute, transaction
from models.enums import AlertKind
from models.ids import first_id_at
from services.notifications.alerts.raising import close_passed
from services.platform.owned import places
from services.platform.sql import timestamp_before_sql
from services.platform.table_scan import MOST_ROUNDS, ROWS_AT_ONCE, delete_in_parts, walk
from services.stores import account_usage
from services.stores.attempts import delete_attempts_of_missing_jobs
from services.stores.jobs.deletions import delete_files_of_missing_jobs, delete_inputs_of_missing_jobs
from services.worker.retention.purge import purge_routes

HISTORY_DAYS = 90.0
"How long closed alerts are kept, and callbacks that were delivered or given up, with their tries."
UPLOADED_INPUT_DAYS = 7.0
"How long upstream's name for an uploaded picture is used again; see services/generation/submitting."


async def forget_old_rows() -> int:
    """Removes what is old enough, in parts; how many rows."""
    forgotten = await delete_in_parts("alert", f"resolved_at < {_days_ago(HISTORY_DAYS)}")
    forgotten += await account_usage.remove_old_uploads(UPLOADED_INPUT_DAYS * 86_400)
    forgotten += await forget_old_deliveries()
    return forgotten + await forget_orphans()


async def forget_old_deliveries() -> int:
    """Callbacks that ended long ago, with their tries; alerts about such, and about those that are gone, are closed."""
    oldest = first_id_at(datetime.now(UTC) - timedelta(days=HISTORY_DAYS))

    async def body() -> int:
        rows = await execute(
            "DELETE FROM callback_delivery WHERE id IN (SELECT id FROM callback_delivery WHERE id < ?"
            " AND status <> 'PENDING' AND NOT EXISTS (SELECT 1 FROM callback_try"
            f" WHERE callback_try.delivery_id = callback_delivery.id AND callback_try.created_at >="
            f" {_days_ago(HISTORY_DAYS)}) ORDER BY id LIMIT {ROWS_AT_ONCE}) RETURNING id",
            oldest,
        )
        ids = [int(row["id"]) for row in rows]
        if ids:
            await execute(f"DELETE FROM callback_try WHERE delivery_id IN ({places(ids)}) RETURNING id", *ids)
        return len(ids)

    total = 0
    for _ in range(MOST_ROUNDS):
        removed = await transaction(body)
        total += removed
        if removed < ROWS_AT_ONCE:
            break
    await close_passed(
        AlertKind.CALLBACK_FAILED,
        "EXISTS (SELECT 1 FROM callback_delivery WHERE callback_delivery.id ="
        " CASE WHEN alert.cause LIKE 'callback:%' THEN CAST(SUBSTR(alert.cause, 10) AS BIGINT) END)",
    )
    return total


async def forget_orphans() -> int:
    """What hangs on jobs that are gone, with their workflow: attempts that have ended with their routes, and
    references that would keep files for ever.
    """

    async def look_at_attempts(after: int, last: int) -> int:
        async def body() -> int:
            routes = await delete_attempts_of_missing_jobs(after, last)
            await purge_routes(routes)
            return len(routes)

        return await transaction(body)

    # Of the newest rows the job may be about to be written.
    settled = first_id_at(datetime.now(UTC) - timedelta(hours=1))
    total = await walk("attempt", "orphans", look_at_attempts, before_id=settled)
    total += await walk("job_input", "orphans", delete_inputs_of_missing_jobs, before_id=settled)
    total += await walk("job_file", "orphans", delete_files_of_missing_jobs, before_id=settled)
    return total


def _days_ago(days: float) -> str:
    return timestamp_before_sql(days * 86_400)
