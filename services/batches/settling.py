"""How a batch's state follows from its jobs': begun, ended, taken up again. All in the caller's transaction.

A batch's row is locked before its jobs are counted, so that of two that end last one sees the other's end.
"""

from collections.abc import Collection


async def begin_batches(batch_ids: Collection[int]) -> None:
    """The first job of each has begun: PENDING becomes RUNNING. Again: nothing changes."""


async def settle_batches(batch_ids: Collection[int]) -> None:
    """Ends those whose jobs have all ended, with their callbacks; those that had ended get what they are now."""


async def reopen_batches(batch_ids: Collection[int]) -> None:
    """A job of each is about to be taken up again: an ended batch is RUNNING again."""
