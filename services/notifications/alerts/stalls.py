"""The alert BATCH_STALLED: a batch is RUNNING, but none of its jobs has started or ended for a long time."""

from models.alert_enums import AlertKind, AlertSeverity
from models.database import execute
from models.sql import timestamp_before_sql
from services.notifications.alerts.raising import close_passed, is_open_sql, raise_alert
from settings import Settings

# Starting, resuming or retrying a batch changes its updated_at. The subquery reads the jobs by the index of their
# batch and stops at the first one that started or ended in time.
_STALLED_SQL = (
    "batch.status = 'RUNNING' AND batch.deleted_at IS NULL AND batch.updated_at < {since}"
    " AND EXISTS (SELECT 1 FROM job WHERE job.batch_id = batch.id AND job.status IN ('PENDING', 'RUNNING'))"
    " AND NOT EXISTS (SELECT 1 FROM job WHERE job.batch_id = batch.id"
    " AND (job.started_at >= {since} OR job.finished_at >= {since}))"
)


async def check_stalled_batches(settings: Settings) -> None:
    """Raises and closes the alerts of all batches. Two statements while nothing changes."""
    stalled = _STALLED_SQL.format(since=timestamp_before_sql(settings.batch_stalled_seconds))
    await close_passed(
        AlertKind.BATCH_STALLED, f"EXISTS (SELECT 1 FROM batch WHERE batch.id = alert.batch_id AND {stalled})"
    )
    is_open = is_open_sql(AlertKind.BATCH_STALLED, "batch.owner", "'batch:' || batch.id")
    rows = await execute(
        "SELECT batch.id, batch.owner, batch.work_id,"
        " (SELECT COUNT(*) FROM job WHERE job.batch_id = batch.id AND job.status = 'PENDING') AS waiting,"
        " (SELECT COUNT(*) FROM job WHERE job.batch_id = batch.id AND job.status = 'RUNNING') AS running"
        f" FROM batch WHERE {stalled} AND NOT {is_open}"
    )
    for row in rows:
        message = (
            f"A batch of the work {row['work_id']!r} is stalled: none of its jobs started or ended in the last"
            f" {settings.batch_stalled_seconds / 60:g} minutes ({row['waiting']} waiting, {row['running']} running)."
            " Job.message says what each job waits for; accountStatistics shows the capacity of the pool."
        )
        await raise_alert(
            row["owner"],
            AlertKind.BATCH_STALLED,
            AlertSeverity.WARNING,
            f"batch:{row['id']}",
            message,
            batch_id=row["id"],
        )
