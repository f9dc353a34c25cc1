"""Writing callbacks down, in the transaction that changed what they tell of."""

from collections.abc import Sequence

from models.jobs import Job


async def write_record_callbacks(jobs: Sequence[Job]) -> None:
    """For generations that have just succeeded or failed and whose request names an address; items of a batch have none
    of their own.
    """
