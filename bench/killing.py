"""Kills the worker a few hundred times during generations with mixed faults, and compares charges with results.

`python -m bench.killing --kills 200 --seed 1 [--scaled]`. It takes about twenty minutes, so `make bench` omits it;
tests/acceptance/test_pool_ledger.py is the short version. The exit code is 1 if an image was charged twice or lost.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.acceptance.deployment import EMBEDDED, SCALED, drop_migrated
from tests.acceptance.kill_points import POINTS, TIMED
from tests.acceptance.killing import Killing
from tests.acceptance.pool import Emulator, Pool, open_site

HEALTHY = [f"healthy-{number}" for number in range(6)]
FAULTY = ["limited", "failing"]
PATIENCE_SECONDS = 12.0
"How long to wait for a kill point to be reached before the process is killed anyway."
REQUEST_BATCH_SIZE = 4


def make_faults(emulator: Emulator) -> None:
    """Adds upstream's typical faults to all accounts, and more to two of them. EKONTE_UNKNOWN_SUBMIT_SECONDS is 6."""
    emulator.ask("settings", {"deduplicates": False, "visible_after_seconds": [0, 2], "jitter": 0.5})
    emulator.put_rule("limit", "submit", sessions="limited", ret="1057", rate=0.3)
    emulator.put_rule("failure", "task", sessions="failing", fail_code="5001", rate=0.3, refunds=True)
    emulator.put_rule("lost answer", "submit", drop="after", rate=0.08)
    emulator.put_rule("lost request", "submit", drop="before", rate=0.08)
    emulator.put_rule("half an answer", "submit", garbles=True, rate=0.03)
    emulator.put_rule("error page", "submit", http_status=502, works_first=True, rate=0.03)
    emulator.put_rule("slow answer", "submit", delay_seconds=0.8)
    emulator.put_rule("dead query", "query", http_status=502, rate=0.05)
    emulator.put_rule("dead link", "result", http_status=403, rate=0.02)


async def kill_often(killing: Killing, kills: int, chance: random.Random) -> Counter[str]:
    """Returns how often each kill point was not reached in time."""
    missed: Counter[str] = Counter()
    names = [*POINTS, TIMED, TIMED, TIMED]
    for number in range(kills):
        point = chance.choice(names)
        at = chance.uniform(0.1, 4.0) if point == TIMED else chance.choice((1, 1, 2, 3))
        await killing.start(point, at)
        for place in range(REQUEST_BATCH_SIZE):
            is_clip, has_input = chance.random() < 0.2, "upload" in point or chance.random() < 0.15
            await killing.ask(f"g{number}-{place}", is_clip=is_clip, has_input=has_input)
        if not await killing.killed(point, PATIENCE_SECONDS):
            missed[point] += 1
            killing.pool.site.deployment.kill_doer()
        if number % 20 == 19:
            print(f"{number + 1} kills, {len(killing.asked)} generations requested", file=sys.stderr)
    return missed


async def report(pool: Pool, killing: Killing, missed: Counter[str], kills: int, seconds: float) -> bool:
    """Prints the figures; returns whether nothing was charged twice or lost."""
    paid: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for task in pool.emulator.tasks():
        if task["charge"] > task["refund"]:
            paid[task["storyboard"]].append(task)
    states = await pool.all_ended(killing.asked)
    succeeded = [storyboard for storyboard, state in states.items() if state["status"] == "SUCCEEDED"]
    faults = await pool.faults(succeeded)
    # A link that fails three times loses its image, not the others.
    part = {storyboard for storyboard, fault in faults.items() if "files are stored" in fault and fault[0] != "0"}
    twice = sorted(storyboard for storyboard, tasks in paid.items() if len(tasks) > 1)
    lost = sorted(storyboard for storyboard in paid if storyboard not in succeeded)
    reached = killing.histogram()
    print(f"{kills} kills in {seconds:.0f} s, {kills - reached.total()} of them without reaching the point")
    print("\npoint                         reached  missed  jobs under way")
    for point in [*POINTS, TIMED]:
        print(f"{point:<30}{reached[point]:>7}{missed[point]:>8}{killing.at_work.get(point, 0):>16}")
    failed = Counter(state["error"]["code"] for state in states.values() if state["status"] == "FAILED")
    print(f"\ngenerations {len(states)}, succeeded {len(succeeded)}, failed {dict(failed)}")
    print(
        f"paid {len(paid)}, stored {len(succeeded) - len(faults)}, paid twice {len(twice)}, paid and lost {len(lost)}"
    )
    for storyboard in {*twice, *lost, *faults}:
        tasks = [(task["history_id"], task["account"], task["submit_id"]) for task in paid[storyboard]]
        job = await pool.job(pool.jobs[storyboard])
        print(f"  {storyboard}: {faults.get(storyboard, job['status'])}; {tasks}; {job['attempts']}")
    shares = Counter(tasks[0]["account"] for storyboard, tasks in paid.items() if storyboard in succeeded)
    total = max(1, sum(shares[session] for session in HEALTHY))
    each = [shares[session] / total for session in HEALTHY]
    print(f"share of a healthy account: {min(each):.1%} to {max(each):.1%} of {total} (even: {1 / len(HEALTHY):.1%})")
    print(f"others: { ({session: shares[session] for session in FAULTY}) }")
    return not (twice or lost or set(faults) - part)


async def run(kills: int, seed: int, shape: str, root: Path) -> bool:
    times = ("--seconds-per-image", "0.8", "--seconds-per-video", "1.2", "--seed", str(seed))
    site = open_site(shape, root, *times, EKONTE_UNKNOWN_SUBMIT_SECONDS="6")
    try:
        make_faults(site.emulator)
        await site.know_durations(1000)
        async with site.pool("mira") as pool:
            await pool.add(*HEALTHY, *FAULTY, emulated={"gift_credit": 10_000_000}, maxConcurrent=5)
            killing = Killing(pool, root / "kills.jsonl")
            site.deployment.kill_doer()
            began = time.monotonic()
            missed = await kill_often(killing, kills, random.Random(seed))
            await killing.finish(seconds=600)
            return await report(pool, killing, missed, kills, time.monotonic() - began)
    finally:
        site.close()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.killing", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scaled", action="store_true", help="PostgreSQL, Redis and a worker instead of one process")
    parser.add_argument("--keep", action="store_true", help="keep database and logs, and print their paths")
    given = parser.parse_args(arguments)
    root = Path(tempfile.mkdtemp(prefix="ekonte-killing-"))
    try:
        return 0 if asyncio.run(run(given.kills, given.seed, SCALED if given.scaled else EMBEDDED, root)) else 1
    finally:
        drop_migrated()
        if given.keep:
            print(root)
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
