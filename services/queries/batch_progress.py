"""Follows a batch: yields its current state, then changes at a limited rate, until the batch has ended."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime

from models.batches import Batch
from models.database import execute
from models.enums import ENDED_BATCH_STATUSES
from services.generation.batches.end_states import Counts
from services.platform.events import batch_topic
from services.platform.owned import places
from services.platform.runtime import runtime
from services.queries.batches import counts_by_batch_id
from services.queries.following import follow
from services.queries.present import Present

SECONDS_BETWEEN = 0.2

# The followed version is the sum of the versions of the batch and its jobs: a change of either increases it, and a
# job's change need not write the batch's row.
_VERSIONS = (
    "(SELECT b.id, b.version + COALESCE((SELECT SUM(j.version) FROM job j WHERE j.batch_id = b.id), 0) AS version"
    " FROM batch b) AS followed"
)


@dataclass(frozen=True, eq=False)
class BatchState:
    """A batch as followers see it, shared by all followers. is_ended: it has ended or is deleted."""

    id: int
    version: int
    owner: str
    is_ended: bool
    batch: Batch
    counts: Counts


async def _load(ids: Sequence[int]) -> list[BatchState]:
    """Reads versions first, then batches, then counts of jobs: a state is at least as new as its version, and an end
    is yielded with its final counts.
    """
    rows = await execute(f"SELECT id, version FROM {_VERSIONS} WHERE id IN ({places(ids)})", *ids)
    versions = {row["id"]: int(row["version"]) for row in rows}
    states = []
    for batch in await Batch.filter(id__in=list(versions)):
        counts = (await counts_by_batch_id(batch.owner, [batch.id]))[0]
        is_ended = batch.status in ENDED_BATCH_STATUSES or batch.deleted_at is not None
        states.append(BatchState(batch.id, versions[batch.id], batch.owner, is_ended, batch, counts))
    return states


class PresentBatches(Present[BatchState]):
    """Batches of all owners, for this process's followers."""

    def __init__(self) -> None:
        super().__init__(_VERSIONS, _load)


def present_batches() -> Present[BatchState]:
    return runtime().state(PresentBatches)


async def follow_batch(
    owner: str, batch_id: int, *, until: datetime | None = None, seconds_between: float = SECONDS_BETWEEN
) -> AsyncGenerator[BatchState, None]:
    """Yields the owner's batch when it or one of its jobs has changed, at most once per `seconds_between`. The end is
    always yielded. Close the generator (aclose) to unsubscribe.
    """
    states = follow(present_batches(), owner, [batch_id], batch_topic, until=until, seconds_between=seconds_between)
    async for state in states:
        yield state
