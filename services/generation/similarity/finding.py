"""Finding earlier requests with similar prompts, among those whose results an owner's records show.

The index only yields candidates: the prompt, the owner and all other parameters of each are compared exactly. So there
are no false matches, but with a low threshold a match may be missed (docs/decisions/0018-similar-prompts.md has the
numbers). Reads only.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import orjson

from models.database import execute, is_sqlite
from models.enums import Reuse
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from services.generation.similarity.comparing import most_similar, normalise
from services.generation.similarity.minhash import keys_of
from services.platform.owned import places

REQUEST_BATCH_SIZE = 100
"Requests per query."
MAX_LISTED = 200
"Newest records that are read per key: a phrase that many prompts share says little."
MAX_COMPARED = 256
"Candidates per request. An owner with at most so many records of the same shape has all of them compared."
MAX_READ = 8_000
"Candidates per query: if there are more, fewer are compared for each request, the likeliest."
MAX_CHARACTERS = 300_000
"Characters of candidates that are compared for one request; only very long prompts exceed it."
MAX_CHECKED = 20
"Most similar candidates of a request whose other parameters are compared."
MAX_RESULTS = 3
"More than one, since the files of the first may be deleted."

_NEWEST_FIRST = f"ORDER BY key DESC, record_id DESC LIMIT {MAX_LISTED}"


@dataclass(frozen=True)
class SimilarRecord:
    """An earlier request: the record that shows its result, and the similarity of the prompts (threshold to 1)."""

    record_id: int
    request_sha256: str
    similarity: float


@dataclass(frozen=True)
class _Wanted:
    shape_sha256: str
    normal: str
    threshold: float
    keys: tuple[int, ...]


async def find_similar(owner: str, requests: Sequence[GenerationRequest]) -> list[list[SimilarRecord]]:
    """For each request with Reuse.SIMILAR the owner's earlier ones whose similarity reaches its threshold and whose
    other parameters are equal: the most similar first, then the newest, at most MAX_RESULTS. For other requests none.

    Input pictures are compared by their hashes, if the requests have them. Three statements per hundred requests.
    """
    found: list[list[SimilarRecord]] = [[] for _ in requests]
    indexes = [index for index, request in enumerate(requests) if request.reuse is Reuse.SIMILAR]
    for start in range(0, len(indexes), REQUEST_BATCH_SIZE):
        part = indexes[start : start + REQUEST_BATCH_SIZE]
        for index, matches in zip(part, await _find(owner, [requests[index] for index in part]), strict=True):
            found[index] = matches
    return found


async def _find(owner: str, requests: Sequence[GenerationRequest]) -> list[list[SimilarRecord]]:
    wanted = await anyio.to_thread.run_sync(lambda: [_prepare(owner, request) for request in requests])
    lists = await _lists({key for each in wanted for key in each.keys})
    candidates = await anyio.to_thread.run_sync(lambda: _candidates(wanted, lists))
    prompts = await _prompts(owner, {record_id for ids in candidates for record_id in ids})
    scores = await anyio.to_thread.run_sync(lambda: _compare(wanted, candidates, prompts))
    records = await _records(owner, {record_id for of_request in scores for record_id, _ in of_request})
    return [_chosen(each, of_request, records) for each, of_request in zip(wanted, scores, strict=True)]


def _prepare(owner: str, request: GenerationRequest) -> _Wanted:
    shape, normal = request.shape_sha256(), normalise(request.prompt)
    return _Wanted(shape, normal, request.reuse_threshold, tuple(keys_of(owner, shape, normal)))


async def _lists(keys: set[int]) -> dict[int, list[int]]:
    """key -> its newest records, without keys that have none."""
    if not keys:
        return {}
    if is_sqlite():
        newest = f"SELECT record_id FROM similarity_key WHERE key = wanted.column1 {_NEWEST_FIRST}"
        listed = f"(SELECT json_group_array(record_id) FROM ({newest}))"
    else:
        # As a range of the index. For an equality PostgreSQL expects few rows, and then sorts the 100,000 rows of a
        # key that all prompts share.
        listed = (
            "ARRAY(SELECT record_id FROM similarity_key WHERE (key, record_id) >= (wanted.column1, 0)"
            f" AND (key, record_id) < (wanted.column1 + 1, 0) {_NEWEST_FIRST})"
        )
    values = ", ".join("(CAST(? AS BIGINT))" for _ in keys)
    rows = await execute(f"SELECT column1 AS key, {listed} AS ids FROM (VALUES {values}) AS wanted", *sorted(keys))
    lists = {row["key"]: orjson.loads(row["ids"]) if is_sqlite() else list(row["ids"]) for row in rows}
    return {key: ids for key, ids in lists.items() if ids}


def _candidates(wanted: Sequence[_Wanted], lists: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The candidates of each request. CPU-bound: to be run in a thread."""
    candidates = [ranked([lists[key] for key in each.keys if key in lists])[:MAX_COMPARED] for each in wanted]
    if len({record_id for ids in candidates for record_id in ids}) <= MAX_READ:
        return candidates
    return [ids[: MAX_READ // len(wanted)] for ids in candidates]


def ranked(lists: Sequence[Sequence[int]]) -> list[int]:
    """Records by the weight of the keys that they share with a request, the heaviest first, of equal ones the newest. A
    key of few records weighs more.
    """
    weights: dict[int, float] = defaultdict(float)
    for ids in lists:
        weight = 1 + math.log(MAX_LISTED / len(ids))
        for record_id in ids:
            weights[record_id] += weight
    return sorted(weights, key=lambda record_id: (-weights[record_id], -record_id))


async def _prompts(owner: str, ids: set[int]) -> dict[int, str]:
    """record id -> its prompt, of the owner's records that show the result of their newest request."""
    if not ids:
        return {}
    rows = await execute(
        f"SELECT id, prompt FROM generation_record WHERE id IN ({places(list(ids))}) AND owner = ?"
        " AND deleted_at IS NULL AND current_job_id = shown_job_id",
        *ids,
        owner,
    )
    return {row["id"]: row["prompt"] for row in rows}


def _compare(
    wanted: Sequence[_Wanted], candidates: Sequence[Sequence[int]], prompts: Mapping[int, str]
) -> list[list[tuple[int, float]]]:
    """For each request the records whose prompts reach the threshold, the most similar first. CPU-bound: to be run in a
    thread.
    """
    normals: dict[int, str] = {}
    scores = []
    for each, ids in zip(wanted, candidates, strict=True):
        others: dict[int, str] = {}
        characters_left = MAX_CHARACTERS
        for record_id in ids:
            if record_id not in prompts or characters_left < 0:
                continue
            if record_id not in normals:
                normals[record_id] = normalise(prompts[record_id])
            others[record_id] = normals[record_id]
            characters_left -= len(prompts[record_id])
        scores.append(most_similar(each.normal, others, each.threshold, MAX_CHECKED))
    return scores


async def _records(owner: str, ids: set[int]) -> dict[int, dict[str, Any]]:
    """The columns that `_chosen` needs, by record id."""
    if not ids:
        return {}
    rows = GenerationRecord.filter(id__in=list(ids), owner=owner)
    return {row["id"]: row for row in await rows.values("id", "params", "request_sha256", "updated_at")}


def _chosen(
    wanted: _Wanted, scores: Sequence[tuple[int, float]], records: Mapping[int, dict[str, Any]]
) -> list[SimilarRecord]:
    """The records of the same shape, the most similar and then the newest first, each earlier request once."""
    chosen: dict[str, SimilarRecord] = {}
    known = [(record_id, score) for record_id, score in scores if record_id in records]
    for record_id, score in sorted(known, key=lambda pair: (pair[1], records[pair[0]]["updated_at"]), reverse=True):
        row = records[record_id]
        earlier = GenerationRequest.from_json(row["params"])
        if earlier.made_for_sha256 is None and earlier.shape_sha256() == wanted.shape_sha256:
            chosen.setdefault(row["request_sha256"], SimilarRecord(record_id, row["request_sha256"], score))
        if len(chosen) == MAX_RESULTS:
            break
    return list(chosen.values())
