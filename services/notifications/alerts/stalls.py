"""BATCH_STALLED: a batch is RUNNING, and for long none of its jobs has begun or ended."""

from models.database import execute
from models.enums import AlertKind, AlertSeverity
from models.sql import timestamp_before_sql
from services.notifications.alerts.raising import close_passed, is_open_sql, raise_alert
from settings import Settings

# What changes the batch itself (it began, was resumed or retried) moves its updated_at. The jobs are looked through
# by the index of their batch; those of a batch that moves are found at the first one that did.
_STALLED_SQL = (
    "batch.status = 'RUNNING' AND batch.deleted_at IS NULL AND batch.updated_at < {since}"
    " AND EXISTS (SELECT 1 FROM job WHERE job.batch_id = batch.id AND job.status IN ('PENDING', 'RUNNING'))"
    " AND NOT EXISTS (SELECT 1 FROM job WHERE job.batch_id = batch.id"
    " AND (job.started_at >= {since} OR job.finished_at >= {since}))"
)


async def check_stalled_batches(settings: Settings) -> None:
    """Raises and closes for all batches. Two statements while nothing changes."""
    stalled = _STALLED_SQL.format(since=timestamp_before_sql(settings.batch_stalled_seconds))
    await close_passed(
        AlertKind.BATCH_STALLED, f"EXISTS (SELECT 1 FROM batch WHERE batch.id = alert.batch_id AND {stalled})"
    )
    told = is_open_sql(AlertKind.BATCH_STALLED, "batch.owner", "'batch:' || batch.id")
    rows = await execute(
        "SELECT batch.id, batch.owner, batch.work_id,"
        " (SELECT COUNT(*) FROM job WHERE job.batch_id = batch.id AND job.status = 'PENDING') AS waiting,"
        " (SELECT COUNT(*) FROM job WHERE job.batch_id = batch.id AND job.status = 'RUNNING') AS running"
        f" FROM batch WHERE {stalled} AND NOT {told}"
    )
    for row in rows:
        words = (
            f"A batch of the work {row['work_id']!r} stands still: for {settings.batch_stalled_seconds / 60:g} minutes"
            f" none of its jobs began or ended; {row['waiting']} wait and {row['running']} run. Job.message says what"
            " each waits for; accountStatistics tells what the pool can do now."
        )
        await raise_alert(
            row["owner"],
            AlertKind.BATCH_STALLED,
            AlertSeverity.WARNING,
            f"batch:{row['id']}",
            words,
            batch_id=row["id"],
        )
