"""Benchmark of finding the most similar of 100,000 prompts: `python -m bench.similarity`, on SQLite and on PostgreSQL.

All records belong to one owner and differ only in their prompts, half Chinese and half English, which share the cast
and style of their film (bench/prompts.py). Printed for each database: the time of a query, compared with rapidfuzz over
all prompts, with and without reading them; the cost of indexing per published result, in time and size; and the recall
at three thresholds: a query hits if it finds any sufficiently similar prompt, and is best if it finds the most similar.
"""

import argparse
import asyncio
import itertools
import logging
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from rapidfuzz import process
from rapidfuzz.distance import Indel

from bench.databases import NAMES, opened
from bench.prompts import changed, prompts
from models.database import execute, is_sqlite, transaction
from models.enums import JobRole, JobStatus, MediaKind, Queue, Reuse
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.generation.records.holding import lock_record
from services.generation.similarity.comparing import normalise
from services.generation.similarity.finding import REQUEST_BATCH_SIZE, find_similar
from services.generation.similarity.indexing import index_missing, replace_keys
from services.stores import records

OWNER = "mira"
INSERT_BATCH_SIZE = 1000
WRITTEN_ONE_BY_ONE = 1000
SHARES = (None, 0.02, 0.04, 0.08, 0.15)
"Share of a known prompt that a query changes; None: a shot of another film."
THRESHOLDS = (0.95, 0.9, 0.8)


def request_of(prompt: str, **values: Any) -> GenerationRequest:
    return GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="jimeng",
        model="jimeng-4.5",
        prompt=prompt,
        ratio="16:9",
        resolution="2k",
        **values,
    )


async def fill(texts: Sequence[str]) -> None:
    """Inserts records with results but without keys, as after an upgrade."""
    for start in range(0, len(texts), INSERT_BATCH_SIZE):
        records, jobs = [], []
        for number, text in enumerate(texts[start : start + INSERT_BATCH_SIZE], start):
            request = request_of(text, storyboard_id=f"shot-{number}")
            job_id, record_id = new_id(), new_id()
            params = request.to_json()
            jobs.append(
                Job(
                    id=job_id,
                    owner=OWNER,
                    type=request.job_type,
                    role=JobRole.GENERATE,
                    queue=Queue.POOL_IMAGES,
                    status=JobStatus.SUCCEEDED,
                    params=params,
                    target_id=record_id,
                    record_id=record_id,
                )
            )
            records.append(
                GenerationRecord(
                    id=record_id,
                    owner=OWNER,
                    kind=MediaKind.IMAGE,
                    project_id="p",
                    work_id="w",
                    storyboard_id=request.storyboard_id,
                    provider=request.provider,
                    model=request.model,
                    prompt=text,
                    params=params,
                    request_sha256=request.sha256(),
                    current_job_id=job_id,
                    shown_job_id=job_id,
                )
            )
        await Job.bulk_create(jobs)
        await GenerationRecord.bulk_create(records)


async def index_one(record_id: int) -> None:
    """Indexes a published result, in its own transaction."""

    async def body() -> None:
        record = await lock_record(OWNER, record_id)
        assert record is not None
        keys = await replace_keys(record, GenerationRequest.from_json(record.params))
        await records.write(record_id, similarity_keys=keys)

    await transaction(body)


async def lock_one(record_id: int) -> None:
    """The same transaction without indexing."""

    async def body() -> None:
        assert await lock_record(OWNER, record_id) is not None
        await records.write(record_id, chosen_file_id=None)

    await transaction(body)


async def index_bytes() -> int:
    """The size of the index: its table, and the keys stored in records."""
    remembered = await execute("SELECT SUM(LENGTH(similarity_keys)) AS bytes FROM generation_record")
    if is_sqlite():
        table = await execute("SELECT SUM(pgsize) AS bytes FROM dbstat WHERE name = 'similarity_key'")
    else:
        table = await execute("SELECT pg_total_relation_size('similarity_key') AS bytes")
    return int(remembered[0]["bytes"]) + int(table[0]["bytes"])


async def measure(texts: Sequence[str], asked: Sequence[str]) -> None:
    await fill(texts)
    ids = [row["id"] for row in await execute("SELECT id FROM generation_record ORDER BY id")]
    chance = random.Random(3)
    chosen = chance.sample(ids, min(len(ids) // 2, WRITTEN_ONE_BY_ONE))
    with_index, without = [], []
    for record_id in chosen:
        without.append(await _seconds(lock_one(record_id)))
        with_index.append(await _seconds(index_one(record_id)))
    began = time.perf_counter()
    done = 0
    while number := await index_missing():
        done += number
    seconds = time.perf_counter() - began
    size = await index_bytes()
    if not is_sqlite():
        await execute("ANALYZE")
    extra_ms = (statistics.median(with_index) - statistics.median(without)) * 1000
    print(f"  publishing         {extra_ms:.2f} ms more for each result (median of {len(chosen)})")
    print(f"  afterwards         {done / seconds:,.0f} records indexed in a second")
    print(f"  size               {size / len(texts):,.0f} bytes for each record ({size / 2**20:.0f} MiB)")
    await measure_queries(texts, asked)


async def measure_queries(texts: Sequence[str], asked: Sequence[str]) -> None:
    requests = [request_of(text, reuse=Reuse.SIMILAR, reuse_threshold=min(THRESHOLDS)) for text in asked]
    known = {number: normalise(text) for number, text in enumerate(texts)}
    for request in requests[:5]:
        await find_similar(OWNER, [request])
    indexed, compared, read = [], [], []
    cpu = 0.0
    best: list[float] = []
    found: list[float] = []
    for number, request in enumerate(requests):
        began, cpu_before = time.perf_counter(), time.process_time()
        alike = (await find_similar(OWNER, [request]))[0]
        indexed.append(time.perf_counter() - began)
        cpu += time.process_time() - cpu_before
        found.append(alike[0].similarity if alike else 0.0)
        if number % 10 == 0:
            began = time.perf_counter()
            rows = await execute(
                "SELECT id, prompt FROM generation_record WHERE owner = ? AND deleted_at IS NULL"
                " AND current_job_id = shown_job_id",
                OWNER,
            )
            others = {row["id"]: normalise(row["prompt"]) for row in rows}
            read.append(time.perf_counter() - began)
            del rows, others
        began = time.perf_counter()
        best.append(process.extractOne(normalise(request.prompt), known, scorer=Indel.normalized_similarity)[1])
        compared.append(time.perf_counter() - began)
    median, p99 = statistics.median(indexed) * 1000, statistics.quantiles(indexed, n=100)[98] * 1000
    alone, reading = statistics.median(compared) * 1000, statistics.median(read) * 1000
    used = cpu / len(indexed) * 1000
    print(f"  query              {median:.1f} ms median, {p99:.1f} ms p99 ({used:.1f} ms CPU of this process, mean)")
    print(f"  compare with all   {alone:.0f} ms median in memory ({alone / median:.0f} x a query)")
    print(f"                     {alone + reading:.0f} ms with reading them ({(alone + reading) / median:.0f} x)")
    for threshold in THRESHOLDS:
        there = [index for index, score in enumerate(best) if score >= threshold]
        hits = sum(found[index] >= threshold for index in there)
        bests = sum(found[index] >= best[index] - 1e-9 for index in there)
        shares = f"{hits / len(there):.3f} hit, {bests / len(there):.3f} best"
        print(f"  recall at {threshold:<4g}     {shares} (of {len(there)})")
    at_once = [replace(request, reuse_threshold=max(THRESHOLDS)) for request in (requests * 1000)[:1000]]
    seconds = await _seconds(find_similar(OWNER, at_once))
    print(f"  1,000 at once      {seconds:.2f} s, in parts of {REQUEST_BATCH_SIZE}")


async def _seconds(work: Any) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def run(name: str, count: int, queries: int) -> None:
    texts = list(itertools.islice(prompts(seed=1), count))
    chance, others = random.Random(2), prompts(seed=4)
    shares = [SHARES[number % len(SHARES)] for number in range(queries)]
    asked = [next(others) if share is None else changed(chance, chance.choice(texts), share) for share in shares]
    characters = statistics.mean(map(len, texts))
    print(f"\n{name}: {count:,} records of one owner and shape, {characters:.0f} characters each")
    async with opened(name):
        await measure(texts, asked)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=100_000)
    arguments.add_argument("--queries", type=int, default=500)
    arguments.add_argument("--only", choices=NAMES)
    options = arguments.parse_args()
    for name in NAMES if options.only is None else (options.only,):
        asyncio.run(run(name, options.records, options.queries))


if __name__ == "__main__":
    main()
