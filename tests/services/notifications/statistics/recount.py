"""Statistics counted from nothing but jobs, records and attempts, the slow way: what the sums are compared with."""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.enums import JobRole, JobStatus, MediaKind
from models.generation import Attempt, GenerationRecord
from models.jobs import Job
from services.notifications.statistics.days import DateRange
from services.notifications.statistics.summing import EndedCounts, EndedSums
from services.queries.record_statistics import RecordSums, StatisticsConditions, record_statistics
from settings import get_settings

K = TypeVar("K", bound=Hashable)

DAYS = {DateRange.TODAY: 1, DateRange.WEEK: 7, DateRange.MONTH: 30, DateRange.ALL: 10**6}
P95_ERROR = 0.05


@dataclass(frozen=True)
class _Generation:
    job: Job
    record: GenerationRecord
    attempts: list[Attempt]


class Recount:
    """Reads everything once, and answers any question."""

    @staticmethod
    async def read(owner: str) -> "Recount":
        records = {record.id: record for record in await GenerationRecord.filter(owner=owner)}
        attempts = await Attempt.filter(owner=owner).order_by("job_id", "number")
        jobs = await Job.filter(owner=owner, role=JobRole.GENERATE)
        return Recount(
            [
                _Generation(
                    job,
                    records[job.record_id or 0],
                    [attempt for attempt in attempts if attempt.job_id == job.id],
                )
                for job in jobs
            ]
        )

    def __init__(self, generations: Sequence[_Generation]) -> None:
        self._generations = generations

    def sums(self, conditions: StatisticsConditions, now: datetime) -> RecordSums:
        of_all = [one for one in self._generations if _is_asked_for(one, conditions)]
        ended = [
            one for one in of_all if one.job.finished_at and _is_within(_day(one.job.finished_at), conditions, now)
        ]
        succeeded = [one for one in ended if one.job.status is JobStatus.SUCCEEDED]
        times = sorted(time for one in succeeded if (time := _seconds(one)) is not None)
        errors = Counter(one.job.error["code"] for one in ended if one.job.status is JobStatus.FAILED)
        return RecordSums(
            pending=sum(one.job.status is JobStatus.PENDING for one in of_all),
            running=sum(one.job.status is JobStatus.RUNNING for one in of_all),
            ended=EndedSums(
                succeeded=len(succeeded),
                failed=sum(one.job.status is JobStatus.FAILED for one in ended),
                canceled=sum(one.job.status is JobStatus.CANCELED for one in ended),
                average_seconds=sum(times) / len(times) if times else None,
                p95_seconds=times[math.ceil(0.95 * len(times)) - 1] if times else None,
                credits=sum(
                    attempt.credits_spent or 0
                    for one in of_all
                    for attempt in one.attempts
                    if attempt.accepted_at_ms
                    and _is_within(_day(datetime.fromtimestamp(attempt.accepted_at_ms / 1000, UTC)), conditions, now)
                ),
                credits_unknown=sum(
                    attempt.credits_spent is None
                    for one in of_all
                    for attempt in one.attempts
                    if attempt.accepted_at_ms
                    and _is_within(_day(datetime.fromtimestamp(attempt.accepted_at_ms / 1000, UTC)), conditions, now)
                ),
                switches=sum(
                    (before.account_id, before.site) != (after.account_id, after.site)
                    for one in ended
                    for before, after in pairwise(one.attempts)
                ),
                by_day=tuple(sorted(_grouped(ended, _day_of_end).items())),
                by_work=tuple(
                    sorted(
                        _grouped(ended, lambda one: one.record.work_id).items(),
                        key=lambda work: (-(work[1].images + work[1].videos), work[0]),
                    )
                ),
                by_error=tuple(sorted(errors.items(), key=lambda error: (-error[1], error[0]))),
            ),
        )


def _is_asked_for(one: _Generation, conditions: StatisticsConditions) -> bool:
    pairs = (
        (conditions.work_id, one.record.work_id),
        (conditions.project_id, one.record.project_id),
        (conditions.kind, one.record.kind),
    )
    return all(wanted is None or wanted == value for wanted, value in pairs)


def _day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(get_settings().timezone)).date()


def _is_within(day: date, conditions: StatisticsConditions, now: datetime) -> bool:
    return 0 <= (_day(now) - day).days < DAYS[conditions.range]


def _day_of_end(one: _Generation) -> date:
    assert one.job.finished_at is not None
    return _day(one.job.finished_at)


def _seconds(one: _Generation) -> float | None:
    assert one.job.finished_at is not None
    placed = [attempt.placed_at_ms for attempt in one.attempts if attempt.run == one.job.retry_count]
    return one.job.finished_at.timestamp() - min(placed) / 1000 if placed else None


def _grouped(ended: Sequence[_Generation], key: Callable[[_Generation], K]) -> dict[K, EndedCounts]:
    groups: dict[K, list[_Generation]] = {}
    for one in ended:
        groups.setdefault(key(one), []).append(one)
    return {
        name: EndedCounts(
            images=sum(one.record.kind is MediaKind.IMAGE for one in group),
            videos=sum(one.record.kind is MediaKind.VIDEO for one in group),
            succeeded=sum(one.job.status is JobStatus.SUCCEEDED for one in group),
        )
        for name, group in groups.items()
    }


def differences(found: RecordSums, expected: RecordSums) -> list[str]:
    """What is not as it should be; times are compared within what rounding and the histogram allow."""
    wrong = []
    for name, error in (("average_seconds", 0.001), ("p95_seconds", P95_ERROR)):
        one, other = getattr(found.ended, name), getattr(expected.ended, name)
        if (one is None) != (other is None) or (one is not None and not math.isclose(one, other, rel_tol=error)):
            wrong.append(f"{name}: {one} instead of {other}")
    exact = replace(found.ended, average_seconds=expected.ended.average_seconds, p95_seconds=expected.ended.p95_seconds)
    if replace(found, ended=exact) != expected:
        wrong.append(f"{found} instead of {expected}")
    return wrong


async def wrong_sums(owner: str, works: Sequence[str], projects: Sequence[str]) -> list[str]:
    """Compares every combination of conditions; what differs."""
    now = datetime.now(UTC)
    recount = await Recount.read(owner)
    wrong = []
    for range_ in DateRange:
        for kind in (None, *MediaKind):
            for project_id in (None, *projects):
                for work_id in (None, *works):
                    conditions = StatisticsConditions(work_id, project_id, kind, range_)
                    found = await record_statistics(owner, conditions, now)
                    wrong += [f"{conditions}: {text}" for text in differences(found, recount.sums(conditions, now))]
    return wrong
