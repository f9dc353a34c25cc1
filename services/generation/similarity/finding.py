"""Finding former requests whose prompts are alike, among all that an owner's records show results of.

The index only proposes: every candidate is compared exactly, and its owner and all its other parameters are looked at.
So a wrong one is never found, while one that is right may be missed where the threshold is low
(docs/decisions/0018-similar-prompts.md has the numbers). Reads only.
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

PART = 100
"Requests that are looked up together."
MAX_LISTED = 200
"Of the records under one key the newest: a phrase that all prompts share is no hint, however many have it."
MAX_COMPARED = 256
"Candidates of one request; as many records of the same owner and shape are all compared, whatever their prompts."
MAX_READ = 8_000
"Candidates of one part: where there are more, fewer of each request are compared, the likeliest."
MAX_CHARACTERS = 300_000
"Characters of candidates that are compared for one request; only of very long prompts that is fewer than all."
MAX_CHECKED = 20
"Of those that are alike enough the best, whose other parameters are looked at."
MAX_ALIKE = 3
"More than one, since the files of the first may be gone."

_NEWEST_FIRST = f"ORDER BY key DESC, record_id DESC LIMIT {MAX_LISTED}"


@dataclass(frozen=True)
class SimilarRecord:
    """A former request: the record that shows its result, and how alike the prompts are (threshold to 1)."""

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
    """For each request that asks for Reuse.SIMILAR the former ones of the owner that are alike to at least its
    threshold with every other parameter the same: the most alike first, then the newest, at most MOST_ALIKE. For the
    others none.

    Input pictures count by their contents, as far as the requests have them. Three statements for each hundred of them.
    """
    found: list[list[SimilarRecord]] = [[] for _ in requests]
    asking = [index for index, request in enumerate(requests) if request.reuse is Reuse.SIMILAR]
    for start in range(0, len(asking), PART):
        part = asking[start : start + PART]
        for index, alike in zip(part, await _find(owner, [requests[index] for index in part]), strict=True):
            found[index] = alike
    return found


async def _find(owner: str, requests: Sequence[GenerationRequest]) -> list[list[SimilarRecord]]:
    wanted = await anyio.to_thread.run_sync(lambda: [_prepare(owner, request) for request in requests])
    lists = await _lists({key for each in wanted for key in each.keys})
    proposed = await anyio.to_thread.run_sync(lambda: _propose(wanted, lists))
    prompts = await _prompts(owner, {record_id for ids in proposed for record_id in ids})
    scores = await anyio.to_thread.run_sync(lambda: _compare(wanted, proposed, prompts))
    records = await _records(owner, {record_id for of_request in scores for record_id, _ in of_request})
    return [_chosen(each, of_request, records) for each, of_request in zip(wanted, scores, strict=True)]


def _prepare(owner: str, request: GenerationRequest) -> _Wanted:
    shape, normal = request.shape_sha256(), normalise(request.prompt)
    return _Wanted(shape, normal, request.reuse_threshold, tuple(keys_of(owner, shape, normal)))


async def _lists(keys: set[int]) -> dict[int, list[int]]:
    """By key the newest records under it; without the keys that have none."""
    if not keys:
        return {}
    if is_sqlite():
        newest = f"SELECT record_id FROM similarity_key WHERE key = wanted.column1 {_NEWEST_FIRST}"
        listed = f"(SELECT json_group_array(record_id) FROM ({newest}))"
    else:
        # As a range of the index. Of an equation PostgreSQL expects few rows, and then sorts the 100,000 of a key that
        # all prompts share.
        listed = (
            "ARRAY(SELECT record_id FROM similarity_key WHERE (key, record_id) >= (wanted.column1, 0)"
            f" AND (key, record_id) < (wanted.column1 + 1, 0) {_NEWEST_FIRST})"
        )
    values = ", ".join("(CAST(? AS BIGINT))" for _ in keys)
    rows = await execute(f"SELECT column1 AS key, {listed} AS ids FROM (VALUES {values}) AS wanted", *sorted(keys))
    lists = {row["key"]: orjson.loads(row["ids"]) if is_sqlite() else list(row["ids"]) for row in rows}
    return {key: ids for key, ids in lists.items() if ids}


def _propose(wanted: Sequence[_Wanted], lists: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """The candidates of each. Blocks: for a thread."""
    proposed = [ranked([lists[key] for key in each.keys if key in lists])[:MAX_COMPARED] for each in wanted]
    if len({record_id for ids in proposed for record_id in ids}) <= MAX_READ:
        return proposed
    return [ids[: MAX_READ // len(wanted)] for ids in proposed]


def ranked(lists: Sequence[Sequence[int]]) -> list[int]:
    """Records by the keys that they share with a request, the likeliest first; of the same the newest. A key that few
    records have says more.
    """
    weights: dict[int, float] = defaultdict(float)
    for ids in lists:
        weight = 1 + math.log(MAX_LISTED / len(ids))
        for record_id in ids:
            weights[record_id] += weight
    return sorted(weights, key=lambda record_id: (-weights[record_id], -record_id))


async def _prompts(owner: str, ids: set[int]) -> dict[int, str]:
    """Of those that are the owner's and show what was asked for last."""
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
    wanted: Sequence[_Wanted], proposed: Sequence[Sequence[int]], prompts: Mapping[int, str]
) -> list[list[tuple[int, float]]]:
    """For each request the records whose prompts are alike enough, the most alike first. Blocks: for a thread."""
    normals: dict[int, str] = {}
    scores = []
    for each, ids in zip(wanted, proposed, strict=True):
        others: dict[int, str] = {}
        room = MAX_CHARACTERS
        for record_id in ids:
            if record_id not in prompts or room < 0:
                continue
            if record_id not in normals:
                normals[record_id] = normalise(prompts[record_id])
            others[record_id] = normals[record_id]
            room -= len(prompts[record_id])
        scores.append(most_similar(each.normal, others, each.threshold, MAX_CHECKED))
    return scores


async def _records(owner: str, ids: set[int]) -> dict[int, dict[str, Any]]:
    """What the last look needs of them."""
    if not ids:
        return {}
    rows = GenerationRecord.filter(id__in=list(ids), owner=owner)
    return {row["id"]: row for row in await rows.values("id", "params", "request_sha256", "updated_at")}


def _chosen(
    wanted: _Wanted, scores: Sequence[tuple[int, float]], records: Mapping[int, dict[str, Any]]
) -> list[SimilarRecord]:
    """Those of the same shape, the most alike and then the newest first, each former request once."""
    chosen: dict[str, SimilarRecord] = {}
    known = [(record_id, score) for record_id, score in scores if record_id in records]
    for record_id, score in sorted(known, key=lambda pair: (pair[1], records[pair[0]]["updated_at"]), reverse=True):
        row = records[record_id]
        former = GenerationRequest.from_json(row["params"])
        if former.made_for_sha256 is None and former.shape_sha256() == wanted.shape_sha256:
            chosen.setdefault(row["request_sha256"], SimilarRecord(record_id, row["request_sha256"], score))
        if len(chosen) == MAX_ALIKE:
            break
    return list(chosen.values())
