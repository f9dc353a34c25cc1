"""The index of prompts: the keys of each record. Updated in the transactions that change which result a record shows.

It contains the records of all owners, from their first result on: if the index of an owner were built at the first
request that needs it, that request and those after it would find nothing and cost credits.
"""

from collections.abc import Mapping, Sequence

import anyio.to_thread
import structlog

from models.database import execute, transaction
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from models.jobs import Job
from services.generation.similarity.comparing import normalise
from services.generation.similarity.minhash import keys_of, packed, unpacked
from services.stores import records, similarity_keys

log = structlog.get_logger(__name__)

INDEX_BATCH_SIZE = 100
MAX_PER_RUN = 500
REPLACEMENT_BATCH_SIZE = 200
"Records of 21 keys with two values each: SQLite takes at most 32,766 values in one statement."


async def replace_keys(record: GenerationRecord, request: GenerationRequest | None) -> bytes:
    """Replaces the keys of a locked record by those of the request whose result it will show; None: by none. Returns
    the value that the caller writes into the record's similarity_keys. At most two statements.

    A result that was reused for a similar request is indexed only under its own request: chains of similar prompts
    would lead ever farther away from it.
    """
    return (await _replace([(record, [] if request is None else _keys(record.owner, request))]))[0]


async def replace_keys_of_many(changes: Sequence[tuple[GenerationRecord, GenerationRequest]]) -> list[bytes]:
    """As `replace_keys`, for many records; returns their similarity_keys. Two statements per two hundred records; the
    keys are computed in a thread.
    """
    written: list[bytes] = []
    for start in range(0, len(changes), REPLACEMENT_BATCH_SIZE):
        part = changes[start : start + REPLACEMENT_BATCH_SIZE]
        keys = await anyio.to_thread.run_sync(
            lambda part=part: [_keys(record.owner, request) for record, request in part]  # type: ignore[misc]
        )
        written += await _replace([(record, each) for (record, _), each in zip(part, keys, strict=True)])
    return written


async def delete_similarity_keys(stored: Mapping[int, bytes | None]) -> None:
    """Removes records from the index. stored: record id -> its similarity_keys."""
    pairs = [(key, record_id) for record_id, keys in stored.items() for key in unpacked(keys or b"")]
    await similarity_keys.remove(pairs)


async def _replace(changes: Sequence[tuple[GenerationRecord, list[int]]]) -> list[bytes]:
    stored = {record.id: record.similarity_keys or b"" for record, _ in changes}
    wanted = {record.id: keys for record, keys in changes}
    changed = [record_id for record_id, keys in wanted.items() if packed(keys) != stored[record_id]]
    await delete_similarity_keys({record_id: stored[record_id] for record_id in changed})
    await similarity_keys.insert([(key, record_id) for record_id in changed for key in wanted[record_id]])
    return [packed(keys) for _, keys in changes]


def _keys(owner: str, request: GenerationRequest) -> list[int]:
    if request.made_for_sha256 is not None:
        return []
    return keys_of(owner, request.shape_sha256(), normalise(request.prompt))


async def index_missing() -> int:
    """Indexes records that have a result but were never indexed (from versions without an index), at most MAX_PER_RUN
    per call; returns how many. Several processes may run it at once.
    """
    done = 0
    while done < MAX_PER_RUN:
        rows = await execute(
            "SELECT id, owner, shown_job_id FROM generation_record WHERE similarity_keys IS NULL"
            f" AND shown_job_id IS NOT NULL AND deleted_at IS NULL ORDER BY id LIMIT {INDEX_BATCH_SIZE}"
        )
        if not rows:
            break
        jobs = {job.id: job.params for job in await Job.filter(id__in=[row["shown_job_id"] for row in rows])}
        params = [(row["owner"], jobs.get(row["shown_job_id"])) for row in rows]
        keys = await anyio.to_thread.run_sync(
            lambda params=params: [  # type: ignore[misc]
                [] if each is None else _keys(owner, GenerationRequest.from_json(each)) for owner, each in params
            ]
        )
        await transaction(lambda rows=rows, keys=keys: _write(rows, keys))  # type: ignore[misc]
        done += len(rows)
        if len(rows) < INDEX_BATCH_SIZE:
            break
    if done:
        log.info("similarity.indexed", records=done)
    return done


async def _write(rows: Sequence[dict[str, int]], keys: Sequence[list[int]]) -> None:
    """Writes the keys of the records that are still not indexed and still show the same result."""
    pairs: list[tuple[int, int]] = []
    for row, of_record in zip(rows, keys, strict=True):
        written = await records.write_missing_keys(row["id"], packed(of_record), shown_job_id=row["shown_job_id"])
        if written:
            pairs += [(key, row["id"]) for key in of_record]
    await similarity_keys.insert(pairs)
