"""Statistics of the caller's generations: counts, times and credits, by day, by work and by error."""

from collections.abc import Sequence
from datetime import date

import strawberry

from errors import JobErrorCode
from models.enums import MediaKind
from schema.enums import describe
from schema.fields import optional
from services.notifications.statistics.days import DateRange
from services.notifications.statistics.summing import EndedCounts
from services.queries.record_statistics import MAX_WORKS, RecordSums

describe(
    DateRange,
    "Calendar days of the deployment's time zone.",
    TODAY="This calendar day.",
    WEEK="The last 7 days, with today.",
    MONTH="The last 30 days, with today.",
    ALL="All days.",
)


@strawberry.type(description="What ended on one calendar day of the deployment's time zone.")
class DailyStatistics:
    day: date = strawberry.field(name="date", description="The day.")
    image_count: int = strawberry.field(description="Pictures whose generation ended that day, with any outcome.")
    video_count: int = strawberry.field(description="Clips whose generation ended that day, with any outcome.")
    success_rate: float | None = strawberry.field(description="Succeeded over all that ended, of both kinds.")


@strawberry.type(description="What ended of one work, in all selected projects.")
class WorkStatistics:
    work_id: str = strawberry.field(description="The caller's id for the work.")
    image_count: int = strawberry.field(description="Pictures whose generation has ended, with any outcome.")
    video_count: int = strawberry.field(description="Clips whose generation has ended, with any outcome.")
    success_rate: float | None = strawberry.field(description="Succeeded over all that ended, of both kinds.")


@strawberry.type(description="How many failed for one reason.")
class ErrorStatistics:
    code: JobErrorCode = strawberry.field(description="The reason.")
    count: int = strawberry.field(description="How many failed for it.")


@strawberry.type(
    description="The caller's generations: every request of a picture or clip, in its present "
    "state. One that has ended belongs to the day on which it ended; those that wait or run count in every range. What "
    "was retried counts by its last end; a reused result counts as succeeded, with no duration."
)
class RecordStatistics:
    total: int = strawberry.field(description="All of them: succeeded, failed, pending, running and canceled.")
    succeeded: int = strawberry.field(description="Those that succeeded within the range.")
    failed: int = strawberry.field(description="Those that failed within the range.")
    pending: int = strawberry.field(description="Those that wait now, whatever the range.")
    running: int = strawberry.field(description="Those that run now, whatever the range.")
    canceled: int = strawberry.field(description="Those that were canceled within the range.")
    success_rate: float | None = strawberry.field(
        description="Succeeded over all that ended, canceled ones too; null where nothing has ended."
    )
    average_generation_seconds: float | None = strawberry.field(
        description="Of those that succeeded: from when the last run was given its account until its end, in seconds; "
        "null where none took any time."
    )
    p95_generation_seconds: float | None = strawberry.field(
        description="The time that 95 of 100 of these did not exceed, in seconds. It is read from a histogram, and "
        "up to 5 % off."
    )
    credits_spent: int | None = strawberry.field(
        description="What upstream is known to have charged within the range, whatever the outcome, by the day on "
        "which that became known; null where nothing is known of what was spent."
    )
    credits_unknown_count: int = strawberry.field(
        description="Tasks within the range whose charge is unknown, and not in creditsSpent."
    )
    switches: int = strawberry.field(description="How often those that ended had changed account or site.")
    by_day: list[DailyStatistics] = strawberry.field(description="Days on which generations ended, in order.")
    by_work: list[WorkStatistics] = strawberry.field(
        description=f"Works of which something ended, those with most first; at most {MAX_WORKS}."
    )
    by_error: list[ErrorStatistics] = strawberry.field(description="Reasons of those that failed, most first.")

    @staticmethod
    def of(sums: RecordSums) -> "RecordStatistics":
        ended = sums.ended
        return RecordStatistics(
            total=sums.total,
            succeeded=ended.succeeded,
            failed=ended.failed,
            pending=sums.pending,
            running=sums.running,
            canceled=ended.canceled,
            success_rate=ended.success_rate,
            average_generation_seconds=ended.average_seconds,
            p95_generation_seconds=ended.p95_seconds,
            credits_spent=ended.known_credits,
            credits_unknown_count=ended.credits_unknown,
            switches=ended.switches,
            by_day=_by_day(ended.by_day),
            by_work=_by_work(ended.by_work),
            by_error=[ErrorStatistics(code=JobErrorCode(code), count=count) for code, count in ended.by_error],
        )


def _by_day(days: Sequence[tuple[date, EndedCounts]]) -> list[DailyStatistics]:
    return [
        DailyStatistics(day=day, image_count=counts.images, video_count=counts.videos, success_rate=counts.success_rate)
        for day, counts in days
    ]


def _by_work(works: Sequence[tuple[str, EndedCounts]]) -> list[WorkStatistics]:
    return [
        WorkStatistics(
            work_id=work_id, image_count=counts.images, video_count=counts.videos, success_rate=counts.success_rate
        )
        for work_id, counts in works
    ]


@strawberry.input(description="Which generations to count; all conditions hold at once.")
class RecordStatisticsFilter:
    work_id: str | None = optional("Of this work; null: of all.")
    project_id: str | None = optional("Of this project; null: of all.")
    range: DateRange | None = strawberry.field(
        default=DateRange.ALL, description="What ended, or was charged, within these days; null: ALL."
    )
    kind: MediaKind | None = optional("Only pictures or only clips; null: both.")
