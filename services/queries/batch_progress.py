"""Following a batch: as it is first, then each change, a few times a second at most, until it has ended."""

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

# What raises a batch's version is what changes the batch itself, or one of its jobs; no row is written for both.
_VERSIONS = (
    "(SELECT b.id, b.version + COALESCE((SELECT SUM(j.version) FROM job j WHERE j.batch_id = b.id), 0) AS version"
    " FROM batch b) AS followed"
)


@dataclass(frozen=True, eq=False)
class BatchState:
    """A batch as followers see it, shared by all of them. is_ended: it has ended, or was deleted."""

    id: int
    version: int
    owner: str
    is_ended: bool
    batch: Batch
    counts: Counts


async def _load(ids: Sequence[int]) -> list[BatchState]:
    """Versions first, then the batches, then their jobs: what is told is at least as new as its version, and an end is
    told with the counts that led to it.
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
    """Yields the owner's batch each time that it or one of its jobs has changed, at most once in so many seconds, and
    its end in any case. Close it (aclose) to stop listening.
    """
    states = follow(present_batches(), owner, [batch_id], batch_topic, until=until, seconds_between=seconds_between)
    async for state in states:
        yield state
