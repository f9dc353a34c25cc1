"""Benchmark of the pool's slot use: `python -m bench.pool`.

The emulator runs as a separate process and serves small prepared images; the server runs embedded in this process and
is used through its GraphQL schema. The lower bound is ceil(pictures / slots) x upstream's time for one image. Printed
for each run: the ratio bound / makespan (from the first mutation to the last stored picture), the share of the
accounts' slot time that upstream left idle meanwhile, its requests per picture, the server's SQL statements per
picture, CPU of both, and how evenly the accounts were used; and upstream's charges compared with the stored results.

Runs: without faults; with 10 % of submits failing in mixed ways and 3 of 20 accounts dead; with risk control besides:
one account refused for good and two for their first minute, which cool for ten; and with an upstream time of 0, for the
server's own jobs per second.
"""

import argparse
import subprocess
import sys
from typing import Any

from bench.pool_harness import Run, run_alone

ACCOUNTS = 20
SLOTS = 3
DEAD = 3
REFUSED_SECONDS = 60.0

FAULTS = """
[[rules]]
name = "expired"
endpoint = "submit"
sessions = ["bench-0001"]
ret = "1015"

[[rules]]
name = "punished"
endpoint = "submit"
sessions = ["bench-0002"]
ret = "1018"

[[rules]]
name = "unreachable"
endpoint = "submit"
sessions = ["bench-0003"]
ret = "-1"

[[rules]]
name = "busy"
endpoint = "submit"
rate = 0.03
ret = "-1"

[[rules]]
name = "too fast"
endpoint = "submit"
rate = 0.025
ret = "1057"

[[rules]]
name = "too many at once"
endpoint = "submit"
rate = 0.01
ret = "1310"

[[rules]]
name = "taken, and the answer lost"
endpoint = "submit"
rate = 0.02
drop = "after"

[[rules]]
name = "taken, without a history id"
endpoint = "submit"
rate = 0.01
omits_history_id = true

[[rules]]
name = "lost before it was taken"
endpoint = "submit"
rate = 0.005
drop = "before"
"""
"""Shares of submits: 3 + 2.5 + 1 + 2 + 1 + 0.5 = 10 %. Without risk control, which takes an account out for at least
ten minutes by design: RISK_CONTROL has that.
"""

RISK_CONTROL = f"""
[[rules]]
name = "risk control for good"
endpoint = "submit"
sessions = ["bench-0004"]
ret = "-6"
fail_code = "4013"

[[rules]]
name = "risk control for a while"
endpoint = "submit"
sessions = ["bench-0005"]
until_seconds = {REFUSED_SECONDS}
ret = "1019"

[[rules]]
name = "risk control of the model for a while"
endpoint = "submit"
sessions = ["bench-0006"]
until_seconds = {REFUSED_SECONDS}
ret = "4013"
"""


def show(run: Run, found: dict[str, Any]) -> None:
    pictures, makespan = run.pictures, found["makespan_seconds"]
    queries = found["requests"].get("query", 0) / pictures
    others = (sum(found["requests"].values()) - found["requests"].get("result", 0)) / pictures
    shares = found["shares"]
    live = f"{run.live_accounts} live accounts of {run.slots} slots"
    print(f"\n{run.name}: {pictures} pictures, {live}, {run.seconds:g} s each")
    if run.seconds:
        print(f"  bound / makespan   {found['ratio']:.3f}   ({found['bound_seconds']:.0f} s / {makespan:.1f} s)")
        if run.resting:
            strict = run.strict_bound_seconds
            print(f"  with those at rest {strict / makespan:.3f}   ({strict:.0f} s / {makespan:.1f} s)")
        print(f"  slot time idle     {found['idle_share']:.1%}")
    print(f"  jobs per second    {pictures / makespan:.2f}   (requested in {found['asked_seconds']:.1f} s)")
    print(f"  upstream requests  {queries:.2f} polls, {others:.2f} without downloads, per picture")
    print(f"  SQL statements     {found['statements_per_picture']:.1f} per picture")
    print(f"  CPU                {found['cpu_seconds']:.1f} s server, {found['emulator_cpu_seconds']:.1f} s emulator")
    print(f"  fairness           {shares[0]} to {shares[-1]} pictures per account, over {len(shares)} accounts")
    print(f"  ledger             {found['paid']} paid, {found['stored']} stored, {found['paid_twice']} paid twice")
    print(f"  ended              {found['by_status']}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pictures", type=int, default=1000)
    arguments.add_argument("--seconds", type=float, default=20.0, help="upstream's time for a picture")
    arguments.add_argument("--only", choices=("clean", "faults", "risk", "speed"))
    options = arguments.parse_args()
    pool: dict[str, Any] = {"pictures": options.pictures, "accounts": ACCOUNTS, "slots": SLOTS}
    timed = {**pool, "seconds": options.seconds}
    risk = {"dead": DEAD + 1, "resting": 2, "resting_seconds": REFUSED_SECONDS}
    runs = {
        "clean": Run("Without faults", **timed),
        "faults": Run("With faults", rules=FAULTS, dead=DEAD, **timed),
        "risk": Run("With faults and risk control", rules=RISK_CONTROL + FAULTS, **risk, **timed),
        "speed": Run("Upstream needs no time", seconds=0.0, **pool),
    }
    if options.only is not None:
        show(runs[options.only], run_alone(runs[options.only]))
        return
    for name in runs:
        command = [sys.executable, "-m", "bench.pool", "--only", name]
        command += ["--pictures", str(options.pictures), "--seconds", str(options.seconds)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
