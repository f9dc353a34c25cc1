"""Benchmark of batches with server and emulator as separate processes: `python -m bench.batches`.

First a batch of 1,000 images on 20 accounts with mixed faults (those of bench/pool.py), after a small one from which
durations are learned: estimated and actual duration, the lower bound, SQL statements and upstream requests. Then, on
accounts without faults: how two batches of one owner, and two owners, share slots; the delay until an urgent image is
submitted during a batch; the time until all slots are free after a batch is canceled or paused; what is charged when a
budget stops a batch; and the delay of callbacks.

The lower bound is ceil(pictures / slots) x upstream's time for one, with the live accounts' slots without those
reserved for URGENT. Shares are counted in jobs, while both sides have waiting ones.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.batch_bench import PATIENCE_SECONDS, SMALL, URGENT_PERCENT, Bench, Sizes, Table
from bench.pool import FAULTS
from services.accounts.pool.choosing import slots_reserved_for_urgent
from tests.acceptance import batch_documents as documents
from tests.acceptance.batch_callbacks import SETTINGS
from tests.acceptance.batches import (
    batch_ended,
    batch_of,
    charged,
    create_batch,
    follow,
    is_at,
    jobs_of,
    placements,
    share_of_first,
)
from tests.acceptance.deployment import EMBEDDED, SECRET, Deployment, drop_migrated
from tests.acceptance.filming import until
from tests.acceptance.pool import Emulator, Pool, Site
from tests.callback_factories import receiving

# ---------------------------------------------------------------- the large batch


async def large_batch(bench: Bench) -> None:
    sizes, table, emulator = bench.sizes, bench.table, bench.site.emulator
    emulator.ask("rules", {"rules": tomllib.loads(FAULTS)["rules"]})
    async with await bench.owner("bench") as pool:
        await bench.add_accounts(pool, sizes.accounts)
        warming = [f"warm-{n}" for n in range(sizes.accounts * 2)]
        await batch_ended(pool, await create_batch(pool, warming), "SUCCEEDED", seconds=PATIENCE_SECONDS)
        before, used_before = await bench.counted(), _used_slot_seconds(emulator)
        storyboards = [f"shot-{n}" for n in range(sizes.pictures)]
        began = time.monotonic()
        payload = await ask_for(pool, storyboards)
        asked_seconds = time.monotonic() - began
        batch_id = payload["batch"]["id"]
        followed = await follow(pool, batch_id, seconds=PATIENCE_SECONDS)
        makespan = time.monotonic() - began
        used = _used_slot_seconds(emulator) - used_before
        cost = await bench.counted() - before
        batch = await batch_of(pool, batch_id)
        followed.check(batch["status"])
        jobs = await jobs_of(pool, batch_id)
        ends = Counter(job["status"] for job in jobs)
        table.add("pictures", f"{sizes.pictures} at {sizes.seconds:g} s, faults as bench/pool.py; {dict(ends)}")
        table.add("admitted in", f"{asked_seconds:.2f} s")
        said = payload["estimatedSeconds"]
        table.add("said to take / took", f"{said:.1f} s / {makespan:.1f} s = {said / makespan:.2f}")
        table.add(
            "bound / makespan",
            f"{sizes.bound_seconds:.0f} s / {makespan:.1f} s = {sizes.bound_seconds / makespan:.3f}"
            f" ({sizes.usable_slots} slots of live accounts are usable)",
        )
        idle = 1 - used / (makespan * sizes.usable_slots)
        table.add("slot time idle", f"{idle:.1%} of the usable slots")
        table.add("SQL statements", f"{cost.statements}, {cost.statements / sizes.pictures:.1f} per picture")
        downloads = cost.requests["result"]
        calls = cost.requests.total() - downloads
        table.add(
            "upstream requests",
            f"{calls} without {downloads} downloads, {calls / sizes.pictures:.2f} per picture"
            f" ({cost.requests['submit']} submits, {cost.requests['query']} polls)",
        )
        table.add("CPU of the server", f"{cost.cpu_seconds:.1f} s")
        table.add(
            "batchProgress", f"{len(followed.states)} events in {followed.seconds:.1f} s, ended as {batch['status']}"
        )
        await show_ledger(bench, pool, {job["storyboardId"] for job in jobs if job["status"] == "SUCCEEDED"})
    emulator.ask("rules", {"clear": True})


def _used_slot_seconds(emulator: Emulator) -> float:
    return float(emulator.ask("statistics")["slots"]["IMAGE"]["used_seconds"])


async def ask_for(pool: Pool, storyboards: Sequence[str]) -> dict[str, Any]:
    items = [{"storyboardId": name, "prompt": f"{name}: a lighthouse in a storm"} for name in storyboards]
    wanted = {"projectId": "bench", "workId": "bench", "items": items}
    return dict(await pool.client.do(documents.CREATE_IMAGES, input=wanted))


async def show_ledger(bench: Bench, pool: Pool, stored: set[str]) -> None:
    """For each image of the large batch: how often it was charged, and whether it is stored."""
    paid: Counter[str] = Counter()
    for task in pool.emulator.tasks():
        if task["storyboard"].startswith("shot-") and task["charge"] > task["refund"]:
            paid[task["storyboard"]] += 1
    twice = [storyboard for storyboard, times in paid.items() if times > 1]
    lost = set(paid) - stored
    faults = await pool.faults(sorted(stored)) if bench.sizes.pictures <= SMALL.pictures else {}
    bench.table.add(
        "ledger", f"{len(paid)} paid, {len(stored)} stored, {len(twice)} paid twice, {len(lost)} paid and lost"
    )
    assert not faults, faults


# ---------------------------------------------------------------- turns


async def two_batches(bench: Bench) -> None:
    async with await bench.owner("turns") as pool:
        count = bench.sizes.side_pictures
        ids = [await create_batch(pool, [f"{letter}{n}" for n in range(count)]) for letter in "ab"]
        await bench.add_accounts(pool, bench.sizes.side_accounts)
        for batch_id in ids:
            await batch_ended(pool, batch_id, seconds=PATIENCE_SECONDS)
        first, second = [placements(await jobs_of(pool, batch_id)) for batch_id in ids]
    bench.table.add("two batches of one owner", f"{share_of_first(first, second):.1%} of the placements for the first")


async def two_owners(bench: Bench) -> None:
    async with await bench.side_pool("mira") as mira, await bench.side_pool("noor") as noor:
        count, drawings = bench.sizes.side_pictures, bench.sizes.drawings
        users = (mira, noor)
        ids = [await create_batch(user, [f"{user.user}-{n}" for n in range(count)]) for user in users]
        for user, batch_id in zip(users, ids, strict=True):
            await batch_ended(user, batch_id, seconds=PATIENCE_SECONDS)
        first, second = [placements(await jobs_of(*each)) for each in zip(users, ids, strict=True)]
        share = share_of_first(first, second)
        bench.table.add("two owners with separate pools", f"{share:.1%} of the placements for the first")
        drawn = {"model": "offline-drawing", "each": {"size": "512x512"}}
        ids = [await create_batch(user, [f"{user.user}-d{n}" for n in range(drawings)], **drawn) for user in users]
        for user, batch_id in zip(users, ids, strict=True):
            await batch_ended(user, batch_id, seconds=PATIENCE_SECONDS)
        begun = [sorted(job["startedAt"] for job in await jobs_of(*each)) for each in zip(users, ids, strict=True)]
        first_began = [at for at in begun[0] if at >= begun[1][0]]
        of_second = [at for at in begun[1] if at <= begun[0][-1]]
        share = len(first_began) / (len(first_began) + len(of_second))
        bench.table.add("two owners, drawn by one worker", f"{share:.1%} of the drawings for the first")


async def urgent(bench: Bench) -> None:
    """Submits urgent images while the batch occupies all its slots."""
    async with await bench.side_pool("urgent") as pool:
        slots = bench.sizes.side_accounts * bench.sizes.slots
        await pool.ended(await pool.image("urgent-before", priority="URGENT"))  # slots are kept for who has used it
        batch_id = await create_batch(pool, [f"slow-{n}" for n in range(bench.sizes.side_pictures * 5)])
        await is_at(
            pool, batch_id, "it has all it may", runningCount=slots - slots_reserved_for_urgent(slots, URGENT_PERCENT)
        )
        seconds = []
        for number in range(bench.sizes.singles):
            asked_at = time.time()
            await pool.ended(await pool.image(f"urgent-{number}", priority="URGENT"))
            task = next(task for task in pool.emulator.tasks() if task["storyboard"] == f"urgent-{number}")
            seconds.append(task["created_at"] - asked_at)
        state = await batch_of(pool, batch_id)
        assert state["pendingCount"] > 0, "the batch ended before the urgent images"
        await pool.client.do(documents.CANCEL, id=batch_id)
        await drained(pool)
    bench.table.add(
        "urgent, from the request until upstream has it",
        f"{statistics.median(seconds):.2f} s (median of {len(seconds)}, at most {max(seconds):.2f} s)",
    )


# ---------------------------------------------------------------- steering


async def drained(pool: Pool) -> None:
    async def ask() -> bool:
        live = "SELECT COUNT(*) AS number FROM attempt WHERE owner = ? AND released_at_ms IS NULL"
        return not (await pool.site.deployment.rows(live, pool.user))[0]["number"]

    await until("all slots are free", ask, PATIENCE_SECONDS, every_seconds=0.02)


async def placed_count(pool: Pool) -> int:
    rows = await pool.site.deployment.rows("SELECT COUNT(*) AS number FROM attempt WHERE owner = ?", pool.user)
    return int(rows[0]["number"])


async def canceled_and_paused(bench: Bench) -> None:
    async with await bench.side_pool("steer") as pool:
        for word, document in (("cancel", documents.CANCEL), ("pause", documents.PAUSE)):
            batch_id = await create_batch(pool, [f"{word}-{n}" for n in range(bench.sizes.side_pictures)])
            some = bench.sizes.side_accounts
            state = await is_at(pool, batch_id, "it is well under way", succeededCount=some, runningCount=some)
            began = time.monotonic()
            await pool.client.do(document, id=batch_id)
            answered = time.monotonic() - began
            placed, tasks = await placed_count(pool), len(pool.emulator.tasks())
            await drained(pool)
            free = time.monotonic() - began
            batch, spent = await batch_of(pool, batch_id), charged(pool)
            bench.table.add(
                f"{word} with {state['runningCount']} under way",
                f"answered in {answered:.2f} s, all slots free after {free:.2f} s (a picture takes"
                f" {bench.sizes.side_seconds:g} s); after the answer {await placed_count(pool) - placed} were placed,"
                f" and {len(pool.emulator.tasks()) - tasks} that had been were sent",
            )
            if word == "cancel":
                bench.table.add("canceled: charged / said", f"{spent} / {batch['creditsSpent']} credits")
        await pool.client.do(documents.RESUME, id=batch_id)
        await batch_ended(pool, batch_id, seconds=PATIENCE_SECONDS)


async def budget(bench: Bench) -> None:
    async with await bench.side_pool("budget") as pool:
        limit = bench.sizes.side_pictures // 2 * 16 + 7
        batch_id = await create_batch(pool, [f"b{n}" for n in range(bench.sizes.side_pictures)], creditBudget=limit)
        await is_at(pool, batch_id, "it is paused", status="PAUSED", seconds=PATIENCE_SECONDS)
        await drained(pool)
        peaks = pool.emulator.peaks("IMAGE")
        bench.table.add(
            "budget that stops",
            f"{charged(pool)} of {limit} credits charged,"
            f" with up to {sum(peaks.get(session, 0) for session in pool.ids)} pictures under way",
        )
        assert charged(pool) <= limit


async def callbacks(bench: Bench) -> None:
    """The delay from the reported end to the receipt."""
    async with await bench.side_pool("tell") as pool, receiving() as receiver:
        arrivals: list[float] = []

        async def note() -> None:
            arrivals.append(time.time())

        receiver.before_answer = note
        batch_id = await create_batch(
            pool, [f"t{n}" for n in range(bench.sizes.side_accounts)], callbackUrl=receiver.url
        )
        await batch_ended(pool, batch_id)
        for number in range(bench.sizes.singles):
            await pool.ended(await pool.image(f"single-{number}", callbackUrl=receiver.url))

        async def ask() -> bool:
            return len(arrivals) == bench.sizes.singles + 1

        await until("all have arrived", ask)
        rows = await pool.site.deployment.rows(
            "SELECT created_at FROM callback_delivery WHERE owner = ? ORDER BY id", pool.user
        )
    delays = [arrived - _unix(row["created_at"]) for arrived, row in zip(arrivals, rows, strict=True)]
    bench.table.add(
        "callbacks, from the end to the receiver",
        f"{statistics.median(delays):.2f} s (median of {len(delays)}, at most {max(delays):.2f} s)",
    )


def _unix(moment: str) -> float:
    parsed = datetime.fromisoformat(moment)
    return (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)).timestamp()


# ---------------------------------------------------------------- all of it

SIDES: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "batches": two_batches,
    "owners": two_owners,
    "urgent": urgent,
    "steering": canceled_and_paused,
    "budget": budget,
    "callbacks": callbacks,
}


def open_bench(root: Path, sizes: Sizes) -> Bench:
    """Starts emulator and server with default times instead of the tests' short ones."""
    emulator = Emulator(root / "emulator", "--seconds-per-image", str(sizes.seconds))
    statements = root / "statements.txt"
    settings = {**emulator.environment, **SETTINGS, "EKONTE_SECRET": SECRET, "BENCH_STATEMENTS": str(statements)}
    deployment = Deployment(EMBEDDED, root, settings, server_program=("-m", "bench.counted_server"))
    bench = Bench(Site(emulator, deployment), sizes, Table(), statements)
    try:
        deployment.create()
        deployment.start()
    except BaseException:
        bench.site.close()
        raise
    return bench


async def measure(bench: Bench, names: Sequence[str]) -> None:
    if "large" in names:
        await large_batch(bench)
    bench.site.emulator.ask("settings", {"seconds_per_image": bench.sizes.side_seconds})
    for name, side in SIDES.items():
        if name in names:
            await side(bench)


def run(sizes: Sizes, names: Sequence[str] = ("large", *SIDES)) -> Table:
    """Runs the named benchmarks in turn on one deployment and returns the results."""
    with tempfile.TemporaryDirectory(prefix="ekonte-bench-") as folder:
        bench = open_bench(Path(folder), sizes)
        try:
            asyncio.run(measure(bench, names))
        finally:
            bench.site.close()
    return bench.table


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pictures", type=int, default=Sizes.pictures)
    arguments.add_argument("--seconds", type=float, default=Sizes.seconds, help="upstream's time for a picture")
    arguments.add_argument("--small", action="store_true", help="a short run of one or two minutes")
    arguments.add_argument("--only", nargs="+", choices=("large", *SIDES), default=["large", *SIDES])
    options = arguments.parse_args()
    sizes = SMALL if options.small else Sizes(pictures=options.pictures, seconds=options.seconds)
    try:
        run(sizes, options.only).show()
    finally:
        drop_migrated()


if __name__ == "__main__":
    main()
