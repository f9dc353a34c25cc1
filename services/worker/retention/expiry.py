"""Removes expired rows and rows whose owning row is gone."""

from datetime import UTC, datetime, timedelta

from models.alert_enums import AlertKind
from models.database import transaction
from models.ids import first_id_at
from services.notifications.alerts.raising import close_passed
from services.platform.table_scan import MAX_ROUNDS, scan_table
from services.stores import account_usage, alerts, callbacks, routes
from services.stores.attempts import delete_attempts_of_missing_jobs
from services.stores.jobs.deletions import delete_files_of_missing_jobs, delete_inputs_of_missing_jobs

HISTORY_DAYS = 90.0
"How long closed alerts are kept, and ended callback deliveries with their tries."
UPLOADED_INPUT_DAYS = 7.0
"How long upstream's name for an uploaded image is reused; see services/generation/submitting."


async def delete_expired_rows() -> int:
    """Removes expired rows in batches; returns how many."""
    removed = await alerts.remove_old(HISTORY_DAYS * 86_400)
    removed += await account_usage.remove_old_uploads(UPLOADED_INPUT_DAYS * 86_400)
    removed += await delete_old_deliveries()
    return removed + await delete_orphaned_routes()


async def delete_old_deliveries() -> int:
    """Removes deliveries that ended more than HISTORY_DAYS ago, with their tries; returns how many.

    Alerts about removed deliveries are closed.
    """
    oldest = first_id_at(datetime.now(UTC) - timedelta(days=HISTORY_DAYS))

    total = 0
    for _ in range(MAX_ROUNDS):
        removed = await transaction(lambda: callbacks.remove_old(oldest, HISTORY_DAYS * 86_400))
        total += removed
        if removed < callbacks.ROWS_PER_STATEMENT:
            break
    await close_passed(
        AlertKind.CALLBACK_FAILED,
        "EXISTS (SELECT 1 FROM callback_delivery WHERE callback_delivery.id ="
        " CASE WHEN alert.cause LIKE 'callback:%' THEN CAST(SUBSTR(alert.cause, 10) AS BIGINT) END)",
    )
    return total


async def delete_orphaned_routes() -> int:
    """Removes rows of jobs that were deleted with their workflow: ended attempts with their routes, and file
    references, which would otherwise keep the files for ever. Returns how many.
    """

    async def delete_attempts(after: int, last: int) -> int:
        async def body() -> int:
            route_ids = await delete_attempts_of_missing_jobs(after, last)
            await routes.purge_unused(route_ids)
            return len(route_ids)

        return await transaction(body)

    # The job of a newer row may not have been committed yet.
    oldest_hour = first_id_at(datetime.now(UTC) - timedelta(hours=1))
    total = await scan_table("attempt", "orphans", delete_attempts, before_id=oldest_hour)
    total += await scan_table("job_input", "orphans", delete_inputs_of_missing_jobs, before_id=oldest_hour)
    total += await scan_table("job_file", "orphans", delete_files_of_missing_jobs, before_id=oldest_hour)
    return total
