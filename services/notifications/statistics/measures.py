"""What one generation counts for in the statistics: its time and its changes of account, as pure rules."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from models.generation import Attempt
from models.jobs import Job


def switch_count(attempts: Sequence[Attempt]) -> int:
    """How often a job changed account or site, its attempts in order."""
    places_ = [(attempt.account_id, attempt.site) for attempt in attempts]
    return sum(before != after for before, after in pairwise(places_))


def generation_seconds(job: Job | None, attempts: Sequence[Attempt]) -> float | None:
    """From when the last run of a job was first placed until it ended; None for a job that has not ended, or was only
    handed a former result.
    """
    if job is None or job.finished_at is None:
        return None
    placed = [attempt.placed_at_ms for attempt in attempts if attempt.run == job.retry_count and attempt.placed_at_ms]
    began = datetime.fromtimestamp(min(placed) / 1000, UTC) if placed else job.started_at
    return None if began is None else max(0.0, float((job.finished_at - began).total_seconds()))
