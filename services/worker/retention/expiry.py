"""Rows that nobody asks for any more after some time, and rows whose owner is gone."""

from datetime import UTC, datetime, timedelta

from models.database import transaction
from models.enums import AlertKind
from models.ids import first_id_at
from services.notifications.alerts.raising import close_passed
from services.platform.table_scan import MAX_ROUNDS, scan_table
from services.stores import account_usage, alerts, callbacks, routes
from services.stores.attempts import delete_attempts_of_missing_jobs
from services.stores.jobs.deletions import delete_files_of_missing_jobs, delete_inputs_of_missing_jobs

HISTORY_DAYS = 90.0
"How long closed alerts are kept, and callbacks that were delivered or given up, with their tries."
UPLOADED_INPUT_DAYS = 7.0
"How long upstream's name for an uploaded picture is used again; see services/generation/submitting."


async def delete_expired_rows() -> int:
    """Removes what is old enough, in parts; how many rows."""
    forgotten = await alerts.remove_old(HISTORY_DAYS * 86_400)
    forgotten += await account_usage.remove_old_uploads(UPLOADED_INPUT_DAYS * 86_400)
    forgotten += await delete_old_deliveries()
    return forgotten + await delete_orphaned_routes()


async def delete_old_deliveries() -> int:
    """Callbacks that ended long ago, with their tries; alerts about such, and about those that are gone, are closed."""
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
    """What hangs on jobs that are gone, with their workflow: attempts that have ended with their routes, and
    references that would keep files for ever.
    """

    async def look_at_attempts(after: int, last: int) -> int:
        async def body() -> int:
            route_ids = await delete_attempts_of_missing_jobs(after, last)
            await routes.purge_unused(route_ids)
            return len(route_ids)

        return await transaction(body)

    # Of the newest rows the job may be about to be written.
    settled = first_id_at(datetime.now(UTC) - timedelta(hours=1))
    total = await scan_table("attempt", "orphans", look_at_attempts, before_id=settled)
    total += await scan_table("job_input", "orphans", delete_inputs_of_missing_jobs, before_id=settled)
    total += await scan_table("job_file", "orphans", delete_files_of_missing_jobs, before_id=settled)
    return total
