"""FAILURE_RATE_HIGH: too large a part of an owner's generations has failed lately."""

from models.database import execute
from models.enums import AlertKind, AlertSeverity, MediaKind
from models.sql import timestamp_before_sql
from services.notifications.alerts.raising import close_passed, is_open_sql, raise_alert
from settings import Settings

KIND_SQL = "CASE WHEN job.type IN ('TEXT_TO_VIDEO', 'IMAGE_TO_VIDEO') THEN 'VIDEO' ELSE 'IMAGE' END"
_WORDS = {MediaKind.IMAGE: "pictures", MediaKind.VIDEO: "clips"}


async def check_failure_rates(settings: Settings) -> None:
    """Raises and closes for all owners, by kind. Two statements while nothing changes, over the index of ended
    generations: they read what ended in the time that is looked at and no more.
    """
    await close_passed(
        AlertKind.FAILURE_RATE_HIGH,
        f"EXISTS (SELECT 1 FROM ({_high_sql(settings, is_told=False)}) AS high"
        " WHERE high.owner = alert.owner AND high.cause = alert.cause)",
    )
    for row in await execute(_high_sql(settings, is_told=True)):
        words = (
            f"{row['failed']} of {row['ended']} {_WORDS[MediaKind(row['kind'])]} that ended in the last"
            f" {settings.failure_rate_minutes:g} minutes failed"
            f" ({100 * int(row['failed']) // int(row['ended'])} %). The errors of the failed jobs say why: jobs(filter:"
            " {status: FAILED}), recordStatistics by error; Job.attempts tells which accounts they ran on."
        )
        await raise_alert(row["owner"], AlertKind.FAILURE_RATE_HIGH, AlertSeverity.WARNING, row["cause"], words)


def _high_sql(settings: Settings, *, is_told: bool) -> str:
    """Owners and kinds of which too many have failed; is_told: only those without an open alert."""
    told = f" AND NOT {is_open_sql(AlertKind.FAILURE_RATE_HIGH, 'rates.owner', 'rates.cause')}" if is_told else ""
    return (
        "SELECT owner, kind, cause, ended, failed FROM (SELECT job.owner AS owner,"
        f" {KIND_SQL} AS kind, 'rate:' || {KIND_SQL} AS cause, COUNT(*) AS ended,"
        " SUM(CASE WHEN job.status = 'FAILED' THEN 1 ELSE 0 END) AS failed FROM job"
        " WHERE job.role = 'GENERATE' AND job.status IN ('SUCCEEDED', 'FAILED')"
        f" AND job.finished_at >= {timestamp_before_sql(settings.failure_rate_minutes * 60)}"
        f" GROUP BY job.owner, {KIND_SQL}) AS rates WHERE ended >= {int(settings.failure_rate_minimum)}"
        f" AND failed * 100 >= {float(settings.failure_rate_percent)} * ended{told}"
    )
