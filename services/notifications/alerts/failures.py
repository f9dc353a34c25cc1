"""The alert FAILURE_RATE_HIGH: too large a share of an owner's recent generations failed."""

from models.alert_enums import AlertKind, AlertSeverity
from models.database import execute
from models.enums import MediaKind
from models.sql import timestamp_before_sql
from services.notifications.alerts.raising import close_passed, is_open_sql, raise_alert
from settings import Settings

KIND_SQL = "CASE WHEN job.type IN ('TEXT_TO_VIDEO', 'IMAGE_TO_VIDEO') THEN 'VIDEO' ELSE 'IMAGE' END"
_PLURALS = {MediaKind.IMAGE: "pictures", MediaKind.VIDEO: "clips"}


async def check_failure_rates(settings: Settings) -> None:
    """Raises and closes the alerts of all owners, per media kind. Two statements while nothing changes; the index of
    ended generations limits them to the rows of the last `failure_rate_minutes`.
    """
    await close_passed(
        AlertKind.FAILURE_RATE_HIGH,
        f"EXISTS (SELECT 1 FROM ({_high_sql(settings, without_alert=False)}) AS high"
        " WHERE high.owner = alert.owner AND high.cause = alert.cause)",
    )
    for row in await execute(_high_sql(settings, without_alert=True)):
        message = (
            f"{row['failed']} of {row['ended']} {_PLURALS[MediaKind(row['kind'])]} that ended in the last"
            f" {settings.failure_rate_minutes:g} minutes failed"
            f" ({100 * int(row['failed']) // int(row['ended'])} %). For the causes, query jobs(filter: {{status:"
            " FAILED}) or recordStatistics by error; Job.attempts lists the accounts that the jobs ran on."
        )
        await raise_alert(row["owner"], AlertKind.FAILURE_RATE_HIGH, AlertSeverity.WARNING, row["cause"], message)


def _high_sql(settings: Settings, *, without_alert: bool) -> str:
    """A SELECT of the owners and kinds whose failure rate is too high; without_alert: only those without an open
    alert.
    """
    is_open = is_open_sql(AlertKind.FAILURE_RATE_HIGH, "rates.owner", "rates.cause")
    no_alert = f" AND NOT {is_open}" if without_alert else ""
    return (
        "SELECT owner, kind, cause, ended, failed FROM (SELECT job.owner AS owner,"
        f" {KIND_SQL} AS kind, 'rate:' || {KIND_SQL} AS cause, COUNT(*) AS ended,"
        " SUM(CASE WHEN job.status = 'FAILED' THEN 1 ELSE 0 END) AS failed FROM job"
        " WHERE job.role = 'GENERATE' AND job.status IN ('SUCCEEDED', 'FAILED')"
        f" AND job.finished_at >= {timestamp_before_sql(settings.failure_rate_minutes * 60)}"
        f" GROUP BY job.owner, {KIND_SQL}) AS rates WHERE ended >= {int(settings.failure_rate_minimum)}"
        f" AND failed * 100 >= {float(settings.failure_rate_percent)} * ended{no_alert}"
    )
