"""Aggregates (rows of statistics_cell): sums of deltas for one grain, place, kind and day. Pure functions.

Each delta is added to eight aggregates: four grains (owner, project, work across projects, work within its project),
each for its day and for all days. So any query reads one aggregate per day and kind, or one per work and kind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

ALL_DAYS = ""
COUNTS = ("succeeded", "failed", "canceled", "switches", "credits", "credits_unknown", "generation_ms")


class Grain(StrEnum):
    """What an aggregate groups by."""

    OWNER = "OWNER"
    PROJECT = "PROJECT"
    WORK = "WORK"
    PLACE = "PLACE"  # project and work

    @staticmethod
    def of(*, has_project: bool, has_work: bool) -> "Grain":
        if has_project:
            return Grain.PLACE if has_work else Grain.PROJECT
        return Grain.WORK if has_work else Grain.OWNER


class AggregateKey(NamedTuple):
    """Ids that the grain does not group by are empty; day: "YYYY-MM-DD" or ALL_DAYS."""

    owner: str
    grain: str
    project_id: str
    work_id: str
    day: str
    kind: str


@dataclass
class Sums:
    """The values of an aggregate. deltas: number of rows summed; times and errors: counts by histogram bucket and by
    error code.
    """

    deltas: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    switches: int = 0
    credits: int = 0
    credits_unknown: int = 0
    generation_ms: int = 0
    times: dict[int, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def counting(row: Mapping[str, Any]) -> "Sums":
        """The COUNTS columns of a row, without deltas, times and errors."""
        sums = Sums()
        for name in COUNTS:
            setattr(sums, name, int(row[name] or 0))
        return sums

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.canceled

    def add_delta(self, delta: Mapping[str, Any]) -> None:
        """Adds a row of statistics_delta."""
        self.deltas += 1
        for name in COUNTS:
            if delta[name]:
                setattr(self, name, getattr(self, name) + delta[name])
        if delta["bucket"] is not None:
            add_counts(self.times, {delta["bucket"]: delta["succeeded"]})
        if delta["error_code"] is not None:
            add_counts(self.errors, {delta["error_code"]: delta["failed"]})

    def add(self, other: "Sums") -> None:
        for name in ("deltas", *COUNTS):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        add_counts(self.times, other.times)
        add_counts(self.errors, other.errors)


def add_counts(into: dict[Any, int], counts: Mapping[Any, int]) -> None:
    """Adds counts by key into `into`; removes keys whose total is zero."""
    for key, count in counts.items():
        total = into.get(key, 0) + count
        if total:
            into[key] = total
        else:
            into.pop(key, None)


def aggregates_over(key: AggregateKey) -> list[AggregateKey]:
    """The keys of the eight aggregates that include the aggregate of one day of a work in its project, itself
    included.
    """
    groups = (
        (Grain.OWNER, "", ""),
        (Grain.PROJECT, key.project_id, ""),
        (Grain.WORK, "", key.work_id),
        (Grain.PLACE, key.project_id, key.work_id),
    )
    return [
        AggregateKey(key.owner, grain.value, project_id, work_id, day, key.kind)
        for grain, project_id, work_id in groups
        for day in (key.day, ALL_DAYS)
    ]


def sum_up(deltas: Iterable[Mapping[str, Any]]) -> dict[AggregateKey, Sums]:
    """The sums of rows of statistics_delta, by aggregate."""
    of_places: dict[AggregateKey, Sums] = {}
    for delta in deltas:
        key = AggregateKey(
            delta["owner"], Grain.PLACE.value, delta["project_id"], delta["work_id"], delta["day"], delta["kind"]
        )
        of_places.setdefault(key, Sums()).add_delta(delta)
    sums: dict[AggregateKey, Sums] = {}
    for place, of_place in of_places.items():
        for key in aggregates_over(place):
            sums.setdefault(key, Sums()).add(of_place)
    return sums
