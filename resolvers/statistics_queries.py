"""The query of statistics of the caller's generations."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from resolvers.fields import query
from schema.context import Info
from schema.fields import given
from schema.statistics import RecordStatistics, RecordStatisticsFilter
from services.notifications.statistics.days import DateRange
from services.queries.record_statistics import StatisticsConditions, record_statistics


def statistics_conditions(wanted: RecordStatisticsFilter) -> StatisticsConditions:
    return StatisticsConditions(
        work_id=given(wanted.work_id),
        project_id=given(wanted.project_id),
        kind=given(wanted.kind),
        range=given(wanted.range) or DateRange.ALL,
    )


@strawberry.type
class StatisticsQueries:
    @query("Statistics of the caller's generations.")
    async def record_statistics(
        self,
        info: Info,
        filter: Annotated[
            RecordStatisticsFilter | None, strawberry.argument(description="Which generations to count; null: all.")
        ] = strawberry.UNSET,
    ) -> RecordStatistics | None:
        sums = await record_statistics(
            info.context.owner, statistics_conditions(given(filter) or RecordStatisticsFilter()), datetime.now(UTC)
        )
        return RecordStatistics.of(sums)
