"""Combining sums by day and by work into the result of recordStatistics. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from models.enums import MediaKind
from services.notifications.statistics.aggregates import ALL_DAYS, Sums
from services.notifications.statistics.histogram import quantile_ms


@dataclass(frozen=True)
class EndedCounts:
    """Ended generations of a day or a work; images and videos include failed and canceled ones."""

    images: int
    videos: int
    succeeded: int

    @property
    def success_rate(self) -> float | None:
        return success_share(self.succeeded, self.images + self.videos)


@dataclass(frozen=True)
class EndedSums:
    """by_day: in order, without days on which nothing ended. by_work and by_error: highest count first."""

    succeeded: int
    failed: int
    canceled: int
    average_seconds: float | None
    p95_seconds: float | None
    credits: int
    credits_unknown: int
    switches: int
    by_day: tuple[tuple[date, EndedCounts], ...]
    by_work: tuple[tuple[str, EndedCounts], ...]
    by_error: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        return self.succeeded + self.failed + self.canceled

    @property
    def success_rate(self) -> float | None:
        return success_share(self.succeeded, self.count)

    @property
    def known_credits(self) -> int | None:
        """None where nothing of what was spent is known."""
        return None if self.credits_unknown and not self.credits else self.credits


@dataclass(frozen=True)
class Part:
    """The sums of one kind for one day, or (day ALL_DAYS) for all days that no other part with `counts_in_whole`
    covers.

    counts_in_whole False: another part covers the same generations, so this one adds only to its day, not to the total.
    """

    day: str
    kind: MediaKind
    sums: Sums
    counts_in_whole: bool = True


def summary(parts: Iterable[Part], by_work: Iterable[tuple[str, EndedCounts]]) -> EndedSums:
    """The result over all parts. by_work is passed through, in its order."""
    whole = Sums()
    days: dict[str, dict[MediaKind, Sums]] = {}
    for part in parts:
        if part.counts_in_whole:
            whole.add(part.sums)
        if part.day != ALL_DAYS:
            of_day = days.setdefault(part.day, {kind: Sums() for kind in MediaKind})
            of_day[part.kind].add(part.sums)
    timed = sum(whole.times.values())
    p95_ms = quantile_ms(whole.times, 0.95)
    counts = ((date.fromisoformat(day), _counts_of(days[day])) for day in sorted(days))
    return EndedSums(
        succeeded=whole.succeeded,
        failed=whole.failed,
        canceled=whole.canceled,
        average_seconds=whole.generation_ms / timed / 1000 if timed else None,
        p95_seconds=None if p95_ms is None else p95_ms / 1000,
        credits=whole.credits,
        credits_unknown=whole.credits_unknown,
        switches=whole.switches,
        by_day=tuple((day, of_day) for day, of_day in counts if of_day.images + of_day.videos),
        by_work=tuple(by_work),
        by_error=tuple(sorted(whole.errors.items(), key=lambda error: (-error[1], error[0]))),
    )


def _counts_of(kinds: dict[MediaKind, Sums]) -> EndedCounts:
    images, videos = kinds[MediaKind.IMAGE], kinds[MediaKind.VIDEO]
    return EndedCounts(images.ended, videos.ended, images.succeeded + videos.succeeded)


def success_share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
