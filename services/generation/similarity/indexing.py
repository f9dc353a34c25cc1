"""The index of prompts: which keys a record stands under. Kept in the transactions that change what a record shows.

Everybody's records are in it, from their first result on: were an owner's index built at the first request that wants
it, that request and those after it would find nothing and be paid for.
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
MAX_IN_A_SWEEP = 500
REPLACEMENT_BATCH_SIZE = 200
"Of 21 keys each, with two values: SQLite takes at most 32,766 values in one statement."


async def replace_keys(record: GenerationRecord, request: GenerationRequest | None) -> bytes:
    """Puts a locked record under the keys of the request whose result it is about to show, instead of its former ones;
    None: under none. What the caller writes into the record's similarity_keys. At most two statements.

    A result that was handed out for a request that is only alike stands where it was made, and not here too: likeness
    of likeness would lead ever farther away.
    """
    return (await _replace([(record, [] if request is None else _keys(record.owner, request))]))[0]


async def replace_keys_of_many(changes: Sequence[tuple[GenerationRecord, GenerationRequest]]) -> list[bytes]:
    """As `replace_keys`, for many records: each one's similarity_keys. Two statements for each two hundred of them, and
    others have their turn meanwhile.
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
    """Takes records out of the index that are deleted together. stored: their similarity_keys, by their ids."""
    pairs = [(key, record_id) for record_id, keys in stored.items() for key in unpacked(keys or b"")]
    await similarity_keys.remove(pairs)


async def _replace(changes: Sequence[tuple[GenerationRecord, list[int]]]) -> list[bytes]:
    former = {record.id: record.similarity_keys or b"" for record, _ in changes}
    wanted = {record.id: keys for record, keys in changes}
    changed = [record_id for record_id, keys in wanted.items() if packed(keys) != former[record_id]]
    await delete_similarity_keys({record_id: former[record_id] for record_id in changed})
    await similarity_keys.insert([(key, record_id) for record_id in changed for key in wanted[record_id]])
    return [packed(keys) for _, keys in changes]


def _keys(owner: str, request: GenerationRequest) -> list[int]:
    if request.made_for_sha256 is not None:
        return []
    return keys_of(owner, request.shape_sha256(), normalise(request.prompt))


async def index_forgotten() -> int:
    """Indexes records that no version with an index has looked at, some at a time; how many. Any process may do it at
    any time, several at once.
    """
    done = 0
    while done < MAX_IN_A_SWEEP:
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
    """Only where nobody else has written them, and the record still shows the same."""
    pairs: list[tuple[int, int]] = []
    for row, of_record in zip(rows, keys, strict=True):
        written = await records.index_unseen(row["id"], packed(of_record), shown_job_id=row["shown_job_id"])
        if written:
            pairs += [(key, row["id"]) for key in of_record]
    await similarity_keys.insert(pairs)
