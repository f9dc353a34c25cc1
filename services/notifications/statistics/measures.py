"""The measures of one generation in the statistics: its duration and its account switches. Pure functions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from models.generation import Attempt
from models.jobs import Job


def switch_count(attempts: Sequence[Attempt]) -> int:
    """How often a job changed account or site. attempts: in order."""
    places_ = [(attempt.account_id, attempt.site) for attempt in attempts]
    return sum(before != after for before, after in pairwise(places_))


def generation_seconds(job: Job | None, attempts: Sequence[Attempt]) -> float | None:
    """Seconds from the first placement of the job's last run to its end; None if the job has not ended or only received
    a cached result.
    """
    if job is None or job.finished_at is None:
        return None
    placed = [attempt.placed_at_ms for attempt in attempts if attempt.run == job.retry_count and attempt.placed_at_ms]
    started = datetime.fromtimestamp(min(placed) / 1000, UTC) if placed else job.started_at
    return None if started is None else max(0.0, float((job.finished_at - started).total_seconds()))
