"""Benchmark of recordStatistics and accountStatistics over 1,000,000 generations: `python -m bench.statistics`.

Nine of ten generations belong to the queried owner, over 365 days with 200 works on each day; 10,000 wait or run, and
the deltas of 2,000 ends are not rolled up yet. Printed for each query, on SQLite and on PostgreSQL: milliseconds
without cache (best, median and worst) and with cache, statements, aggregated rows, and for comparison a plain GROUP BY
over jobs, records and attempts with the same counts (without the quantile), with the ratio of both. The counts are
compared.

Also: the cost of recording an end, the speed of the rollup, and the speed of counting earlier ends after an upgrade.
"""

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from bench.databases import NAMES, opened
from models.accounts import Account
from models.database import execute, is_sqlite, transaction
from models.enums import MediaKind, Site
from models.jobs import Job
from services.notifications.statistics import rollup as rolling
from services.notifications.statistics.aggregates import Grain
from services.notifications.statistics.days import DateRange, calendar_day, days_of
from services.notifications.statistics.events import record_ended, record_reopened
from services.notifications.statistics.histogram import bucket_of
from services.notifications.statistics.history import FACT, count_history
from services.platform.runtime import runtime
from services.queries import record_statistics as reading
from services.queries.account_statistics import account_statistics
from services.queries.record_statistics import (
    MAX_CACHED,
    CachedSums,
    RecordSums,
    StatisticsConditions,
    record_statistics,
)
from settings import get_settings
from tests.statements import counted_statements

OWNER = "studio"
ACCOUNTS, WORKS, PROJECTS, DAYS, LIVE, FRESH = 1_000, 200, 20, 365, 10_000, 2_000
FIRST_ID = 1_000_000_000
ZONE = "Asia/Shanghai"
PARTS = 10
ERRORS = ("TIMEOUT", "CONTENT_REJECTED", "RATE_LIMIT", "SERVER_ERROR", "NO_ACCOUNT", "NETWORK_ERROR")

QUESTIONS = {
    "everything": StatisticsConditions(),
    "today": StatisticsConditions(range=DateRange.TODAY),
    "the last 7 days": StatisticsConditions(range=DateRange.WEEK),
    "the last 30 days": StatisticsConditions(range=DateRange.MONTH),
    "all clips": StatisticsConditions(kind=MediaKind.VIDEO),
    "a work": StatisticsConditions(work_id="work-21"),
    "a work, 30 days": StatisticsConditions(work_id="work-21", range=DateRange.MONTH),
    "a project": StatisticsConditions(project_id="project-1"),
    "a project, 30 days": StatisticsConditions(project_id="project-1", range=DateRange.MONTH),
    "a work of a project": StatisticsConditions(work_id="work-21", project_id="project-1"),
    "all at once": StatisticsConditions("work-21", "project-1", MediaKind.IMAGE, DateRange.WEEK),
}


# ---------------------------------------------------------------- filling


def drawn(salt: int, sides: int) -> str:
    """SQL for a pseudo-random number from 0 up to `sides`, by the number of a generation."""
    return f"(n.i * {salt} % 2147483647 / 8 % {sides})"


WORK, KIND, END, SECONDS, AGAIN, WHOSE = 742938285, 950706376, 1226874159, 62089911, 1343714438, 630360016


class Filling:
    """Rows of `count` generations that ended one after the other until `now`; the last ones wait or run."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count = count
        ended_at = f"({int(now.timestamp())} - ({count} - n.i) * {(DAYS - 1) * 86400} / {count})"
        is_live, end = f"n.i >= {count - LIVE}", drawn(END, 100)
        moment = "strftime('%Y-%m-%d %H:%M:%f+00:00', {}, 'unixepoch')" if is_sqlite() else "to_timestamp({})"
        day = (
            f"date({ended_at}, 'unixepoch', '+8 hours')"
            if is_sqlite()
            else f"to_char(to_timestamp({ended_at}) AT TIME ZONE '{ZONE}', 'YYYY-MM-DD')"
        )
        json = "{}" if is_sqlite() else "CAST({} AS JSONB)"
        codes = " ".join(f"WHEN {number} THEN '{code}'" for number, code in enumerate(ERRORS))
        buckets = " ".join(f"WHEN {seconds} THEN {bucket_of(5000 + seconds * 1000)}" for seconds in range(60))
        self._sql = {
            "id": f"{FIRST_ID} + n.i",
            "second_id": f"{2 * FIRST_ID} + n.i",
            "owner": f"CASE WHEN {drawn(WHOSE, 10)} < 9 THEN '{OWNER}' ELSE 'another' END",
            "work": f"('work-' || {drawn(WORK, WORKS)})",
            "project": f"('project-' || ({drawn(WORK, WORKS)} % {PROJECTS}))",
            "kind": f"(CASE WHEN {drawn(KIND, 10)} < 8 THEN 'IMAGE' ELSE 'VIDEO' END)",
            "status": f"CASE WHEN {is_live} THEN CASE WHEN n.i % 10 = 0 THEN 'RUNNING' ELSE 'PENDING' END"
            f" WHEN {end} < 90 THEN 'SUCCEEDED' WHEN {end} < 96 THEN 'FAILED' ELSE 'CANCELED' END",
            "succeeded": f"CASE WHEN {end} < 90 THEN 1 ELSE 0 END",
            "failed": f"CASE WHEN {end} BETWEEN 90 AND 95 THEN 1 ELSE 0 END",
            "canceled": f"CASE WHEN {end} > 95 THEN 1 ELSE 0 END",
            "code": f"CASE {end} - 90 {codes} END",
            "error": json.format(
                f"CASE WHEN NOT {is_live} THEN '{{\"code\":\"' || CASE {end} - 90 {codes} END || '\"}}' END"
            ),
            "moment": moment.format(ended_at),
            "finished_at": f"CASE WHEN {is_live} THEN NULL ELSE {moment.format(ended_at)} END",
            "day": day,
            "ended_ms": f"{ended_at} * CAST(1000 AS BIGINT)",
            "time_ms": f"(5000 + {drawn(SECONDS, 60)} * 1000)",
            "time_of_success": f"CASE WHEN {end} < 90 THEN 5000 + {drawn(SECONDS, 60)} * 1000 END",
            "bucket": f"CASE WHEN {end} < 90 THEN CASE {drawn(SECONDS, 60)} {buckets} END END",
            "credits": f"CASE WHEN {drawn(KIND, 10)} < 8 THEN 4 ELSE 20 END",
            "again": drawn(AGAIN, 10),
            "is_live": is_live,
            "empty": json.format("'{}'"),
        }
        pairs = (("project_id", "project"), ("work_id", "work"), ("kind", "kind"))
        request = " || ',' || ".join(f"'\"{name}\":\"' || {self._sql[of]} || '\"'" for name, of in pairs)
        self._sql["params"] = json.format(f"('{{' || {request} || '}}')")

    async def write(self, *statements: str, first: int = 0, last: int | None = None) -> None:
        """Runs INSERT … SELECT … FROM n for the numbers n.i from `first` on, in parts; names in braces are replaced."""
        end = self.count if last is None else last
        step = max(1, self.count // PARTS)
        for start in range(first, end, step):
            numbers = (
                f"WITH RECURSIVE n(i) AS (SELECT CAST({start} AS BIGINT) UNION ALL SELECT i + 1 FROM n"
                f" WHERE i + 1 < {min(end, start + step)}) SELECT"
            )
            for statement in statements:
                await execute(statement.format_map(self._sql).replace("SELECT", numbers, 1))


RECORDS = """INSERT INTO generation_record (id, created_at, updated_at, owner, kind, project_id, work_id, storyboard_id,
provider, model, prompt, params, request_sha256, current_job_id, is_reused, version_count, version)
SELECT {id}, {moment}, {moment}, {owner}, {kind}, {project}, {work}, 'shot-' || n.i, 'jimeng', 'jimeng-4.5',
'a lighthouse in the rain, shot ' || n.i, {empty}, 'x' || n.i, {id}, FALSE, 0, 1 FROM n"""
JOBS = """INSERT INTO job (id, created_at, owner, type, role, queue, status, priority_rank, progress, weight,
expected_weight, error, retry_count, tries, failures, params, target_id, record_id, lease_epoch, wakes, version,
finished_at) SELECT {id}, {moment}, {owner}, 'TEXT_TO_IMAGE', 'GENERATE', 'pool-images', {status}, 2, 1, 1, 0, {error},
0, 0, 0, {params}, {id}, {id}, 0, 0, 1, {finished_at} FROM n"""
ATTEMPTS = """INSERT INTO attempt (id, created_at, owner, job_id, run, number, account_id, provider, kind, model,
submit_id, state, outcome, is_manual, is_detached, is_draining, credits_spent, quota_day, sends, failures, polls,
placed_at_ms, accepted_at_ms, released_at_ms, queued_ms, lease_epoch) SELECT {id}, {moment}, {owner}, {id}, 0, 1,
1 + n.i % 1000, 'jimeng', {kind}, 'jimeng-4.5', 'x', CASE WHEN {is_live} THEN 'ACCEPTED' ELSE 'ENDED' END, 'SUCCEEDED',
FALSE, FALSE, FALSE, {credits}, {day}, 1, 0, 0, {ended_ms} - {time_ms}, {ended_ms} - {time_ms},
CASE WHEN {is_live} THEN NULL ELSE {ended_ms} END, 0, 0 FROM n WHERE {status} <> 'PENDING'"""
SECOND_ATTEMPTS = (
    ATTEMPTS.replace("SELECT {id}", "SELECT {second_id}")
    .replace("{id}, 0, 1,", "{id}, 0, 2,")
    .replace("1 + n.i %", "1 + (n.i + 1) %")
    + " AND {again} = 0"
)
CHARGES = """INSERT INTO statistics_delta (job_id, owner, project_id, work_id, kind, day, succeeded, failed, canceled,
switches, credits, is_rolled) SELECT {id}, {owner}, {project}, {work}, {kind}, {day}, 0, 0, 0, 0,
({credits}) * CASE WHEN {again} = 0 THEN 2 ELSE 1 END, FALSE FROM n WHERE {status} <> 'PENDING'"""
ENDS = """INSERT INTO statistics_delta (job_id, owner, project_id, work_id, kind, day, succeeded, failed, canceled,
error_code, switches, generation_ms, bucket, credits, is_rolled) SELECT {id}, {owner}, {project}, {work}, {kind},
{day}, {succeeded}, {failed}, {canceled}, {code}, CASE WHEN {again} = 0 THEN 1 ELSE 0 END, {time_of_success}, {bucket},
0, FALSE FROM n WHERE NOT {is_live}"""


@contextlib.asynccontextmanager
async def without_indexes(*tables: str) -> AsyncIterator[None]:
    """Drops the indexes within the context, which speeds up inserts, and restores them afterwards."""
    names = ", ".join(f"'{table}'" for table in tables)
    found = await execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({names})"
        if is_sqlite()
        else f"SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE tablename IN ({names})"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    for index in found:
        await execute(f'DROP INDEX "{index["name"]}"')
    yield
    for index in found:
        await execute(index["sql"])


async def fill(count: int, now: datetime) -> None:
    began = time.perf_counter()
    await Account.bulk_create(
        [
            Account(
                id=number + 1,
                owner=OWNER,
                name=f"account {number}",
                provider="jimeng",
                site=Site.CN,
                session_sealed="-",
                session_hash=f"{number:064}",
                session_hint="0000",
                max_concurrent=3,
                credit_balance=100,
            )
            for number in range(ACCOUNTS)
        ]
    )
    filling = Filling(count, now)
    async with without_indexes("generation_record", "job", "attempt"):
        await filling.write(RECORDS, JOBS, ATTEMPTS, SECOND_ATTEMPTS)
    await execute("ANALYZE")
    print(f"  filled with {count:,} generations in {time.perf_counter() - began:.0f} s")
    counted = await _count_some_history()
    fresh_from = count - LIVE - FRESH
    usual_from = fresh_from - FRESH * 5
    await filling.write(CHARGES, last=usual_from)
    await filling.write(ENDS, first=counted, last=usual_from)
    await _roll_up(20_000)
    await filling.write(CHARGES, ENDS, first=usual_from, last=fresh_from)
    await _roll_up(rolling.PART)
    await filling.write(CHARGES, ENDS, first=fresh_from)
    await execute("ANALYZE")


async def _roll_up(part: int) -> None:
    rolling.PART, usual = part, rolling.PART
    began = time.perf_counter()
    rolled = await rolling.roll_up(3600)
    seconds = time.perf_counter() - began
    rolling.PART = usual
    cells = await execute("SELECT COUNT(*) AS number FROM statistics_cell")
    print(
        f"  rolled up {rolled:,} deltas in parts of {part:,}: {rolled / seconds:,.0f} a second;"
        f" {cells[0]['number']:,} cells"
    )


async def _count_some_history() -> int:
    """Counts earlier ends as after an upgrade, for some seconds; returns their number."""
    await execute("INSERT INTO deployment_fact (name, value) VALUES (?, '0')", FACT)
    began = time.perf_counter()
    counted = await count_history(5)
    print(f"  an upgrade counts {counted / (time.perf_counter() - began):,.0f} generations a second")
    await execute("DELETE FROM deployment_fact WHERE name = ?", FACT)
    return counted


# ---------------------------------------------------------------- measuring


async def milliseconds(body: Callable[[], Awaitable[Any]], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        await body()
        times.append((time.perf_counter() - began) * 1000)
    return times


async def rows_summed(conditions: StatisticsConditions, now: datetime) -> int:
    """The number of cells and deltas that the two statements of a query read."""
    days = days_of(conditions.range, calendar_day(now, get_settings().timezone))
    by_day = await reading._by_day(OWNER, conditions, days)
    grain = Grain.of(has_project=conditions.project_id is not None, has_work=True)
    kind, kind_values = reading._where("c", StatisticsConditions(kind=conditions.kind, work_id=conditions.work_id))
    within, day_values = reading._within("c", days)
    cells = await execute(
        "SELECT COUNT(*) AS number FROM statistics_cell c WHERE c.owner = ? AND c.grain = ? AND c.project_id = ?"
        f"{kind}{within or reading._ALL_DAYS}",
        OWNER,
        grain.value,
        conditions.project_id or "",
        *kind_values,
        *day_values,
    )
    deltas = await execute("SELECT COUNT(*) AS number FROM statistics_delta WHERE owner = ? AND NOT is_rolled", OWNER)
    of_cells = sum(row["is_cell"] for row in by_day)
    return of_cells + int(cells[0]["number"]) + 2 * int(deltas[0]["number"])


async def plainly(conditions: StatisticsConditions, now: datetime) -> dict[str, int]:
    """Counts by status, day, work and error, and the average time, directly from the rows."""
    asked, values = reading._where("r", conditions)
    days = days_of(conditions.range, calendar_day(now, get_settings().timezone))
    in_zone = f"j.finished_at AT TIME ZONE '{ZONE}'"
    day = "date(j.finished_at, '+8 hours')" if is_sqlite() else f"CAST(CAST({in_zone} AS DATE) AS TEXT)"
    within = "" if days is None else f" AND {day} >= '{days.first}' AND {day} <= '{days.last}'"
    code = "json_extract(j.error, '$.code')" if is_sqlite() else "j.error ->> 'code'"
    source = f"FROM job j JOIN generation_record r ON r.id = j.record_id WHERE j.owner = ?{asked}"
    ended = f"{source} AND j.finished_at IS NOT NULL{within}"
    await execute(f"SELECT {day} AS day, r.kind, COUNT(*) {ended} GROUP BY 1, 2", OWNER, *values)
    await execute(f"SELECT r.work_id, r.kind, COUNT(*) {ended} GROUP BY 1, 2", OWNER, *values)
    await execute(f"SELECT {code} AS code, COUNT(*) {ended} GROUP BY 1", OWNER, *values)
    await execute(
        "SELECT COUNT(*), AVG(a.accepted_at_ms - a.placed_at_ms), SUM(a.credits_spent) FROM job j"
        " JOIN generation_record r ON r.id = j.record_id JOIN attempt a ON a.job_id = j.id"
        f" WHERE j.owner = ? AND j.role = 'GENERATE'{asked}{within}",
        OWNER,
        *values,
    )
    rows = await execute(
        f"SELECT j.status, COUNT(*) AS number {source} AND (j.finished_at IS NULL OR 1 = 1{within}) GROUP BY j.status",
        OWNER,
        *values,
    )
    return {row["status"]: int(row["number"]) for row in rows}


async def question(name: str, conditions: StatisticsConditions, now: datetime, rounds: int) -> None:
    async def ask() -> RecordSums:
        return await record_statistics(OWNER, conditions, now)

    cache = runtime().state(CachedSums)
    cache.most = 0
    fresh = await milliseconds(ask, rounds)
    with counted_statements() as statements:
        found = await ask()
    cache.most = MAX_CACHED
    await ask()
    kept = await milliseconds(ask, rounds)
    rows = await rows_summed(conditions, now)
    began = time.perf_counter()
    expected = await plainly(conditions, now)
    plain_ms = (time.perf_counter() - began) * 1000
    ended = found.ended
    told = {
        "SUCCEEDED": ended.succeeded,
        "FAILED": ended.failed,
        "CANCELED": ended.canceled,
        "PENDING": found.pending,
        "RUNNING": found.running,
    }
    assert {status: count for status, count in told.items() if count} == expected, (told, expected)
    median, median_kept = statistics.median(fresh), statistics.median(kept)
    print(
        f"  {name:<20} {found.total:>9,} {min(fresh):8.1f} {median:8.1f} {max(fresh):8.1f} {median_kept:8.1f}"
        f" {len(statements):>4} {rows:>8,} {plain_ms:10.0f} {plain_ms / median:7.0f} x"
    )


async def noting(rounds: int) -> None:
    """The cost of recording one end, and a thousand in one transaction; both are reverted."""
    jobs = await Job.filter(owner=OWNER, finished_at__isnull=False).order_by("id").limit(1000)
    for count in (1, 1000):

        async def note(count: int = count) -> None:
            await record_ended(jobs[:count])

        times = await milliseconds(lambda: transaction(note), rounds)
        with counted_statements() as statements:
            await note()
        for _ in range(rounds + 1):
            await record_reopened(jobs[:count])
        print(f"  noting {count:>4} ends: median {statistics.median(times):.1f} ms, {len(statements)} statements")


async def accounts(rounds: int) -> None:
    times = await milliseconds(lambda: account_statistics(OWNER), rounds)
    sums = await account_statistics(OWNER)
    print(
        f"  accountStatistics of {sums.total} accounts: best {min(times):.1f} ms,"
        f" median {statistics.median(times):.1f} ms, worst {max(times):.1f} ms,"
        f" 1 statement ({sums.in_flight} slots held)"
    )


async def run(name: str, count: int, rounds: int) -> None:
    now = datetime.now(UTC)
    print(f"\n{name}")
    async with opened(name, timezone=ZONE):
        await fill(count, now)
        print(
            f"  {'':<20} {'records':>9} {'best':>8} {'median':>8} {'worst':>8} {'kept':>8} {'SQL':>4} {'rows':>8}"
            f" {'GROUP BY':>10} {'ratio':>9}"
        )
        for title, conditions in QUESTIONS.items():
            await question(title, conditions, now, rounds)
        await accounts(rounds)
        await noting(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="*", default=list(NAMES), choices=NAMES)
    parser.add_argument("--generations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    for name in options.databases:
        asyncio.run(run(name, options.generations, options.rounds))


if __name__ == "__main__":
    main()
