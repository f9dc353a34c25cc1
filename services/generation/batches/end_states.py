"""What a batch has ended as: a pure rule over the states of its jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.enums import BatchStatus, JobStatus


@dataclass(frozen=True)
class Counts:
    """How many of a batch's jobs are in which state; replaced ones, and items that were skipped, are not among them."""

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
    """What a batch that nobody canceled as a whole has ended as; None while one of its jobs is live.

    All succeeded, or there was nothing to do: SUCCEEDED. Some did: PARTIALLY_FAILED, whether the others failed or were
    canceled one by one. None did: FAILED where one failed, and CANCELED where every one was canceled by itself.
    """
    if counts.live:
        return None
    if counts.succeeded == counts.ended:
        return BatchStatus.SUCCEEDED
    if counts.succeeded:
        return BatchStatus.PARTIALLY_FAILED
    return BatchStatus.FAILED if counts.failed else BatchStatus.CANCELED


def progress_of(total: int, skipped: int, counts: Counts) -> float:
    """Finished items over all items, from 0 to 1: those that failed or were canceled, too, and those that had been made
    before and were skipped.
    """
    return 1.0 if total <= 0 else min(1.0, (skipped + counts.ended) / total)
