"""The end status of a batch: a pure rule over the statuses of its jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.enums import BatchStatus, JobStatus


@dataclass(frozen=True)
class Counts:
    """The numbers of a batch's jobs by status, without superseded jobs and skipped items."""

    pending: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0

    @property
    def live(self) -> int:
        return self.pending + self.running

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.canceled

    @staticmethod
    def of(by_status: Mapping[JobStatus, int]) -> "Counts":
        return Counts(
            pending=by_status.get(JobStatus.PENDING, 0),
            running=by_status.get(JobStatus.RUNNING, 0),
            succeeded=by_status.get(JobStatus.SUCCEEDED, 0),
            failed=by_status.get(JobStatus.FAILED, 0),
            canceled=by_status.get(JobStatus.CANCELED, 0),
        )


def end_of(counts: Counts) -> BatchStatus | None:
    """The end status of a batch that was not canceled as a whole; None while one of its jobs is live.

    SUCCEEDED: all jobs succeeded, or there were none. PARTIALLY_FAILED: some succeeded, and the others failed or were
    canceled individually. FAILED: none succeeded and at least one failed. CANCELED: all were canceled individually.
    """
    if counts.live:
        return None
    if counts.succeeded == counts.ended:
        return BatchStatus.SUCCEEDED
    if counts.succeeded:
        return BatchStatus.PARTIALLY_FAILED
    return BatchStatus.FAILED if counts.failed else BatchStatus.CANCELED


def progress_of(total: int, skipped: int, counts: Counts) -> float:
    """Ended items over all items, from 0 to 1. Failed, canceled and skipped items count as ended."""
    return 1.0 if total <= 0 else min(1.0, (skipped + counts.ended) / total)
