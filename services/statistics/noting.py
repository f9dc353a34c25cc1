"""Adding to the sums, in the transaction that changes what is summed."""

from collections.abc import Sequence

from models.jobs import Job


async def note_ended(jobs: Sequence[Job]) -> None:
    """GENERATE jobs as they have ended; each end is noted once."""


async def note_reopened(jobs: Sequence[Job]) -> None:
    """GENERATE jobs as they had ended, which are about to be taken up again: their end is taken back."""


async def note_credits(job: Job, credits: int) -> None:
    """Upstream took a task of the GENERATE job, and charges so many credits for it."""
