"""Benchmark of small pools: `python -m bench.small_pools`. One account of 1, 2 and 3 slots, and two of one slot each.

Each makes as many rounds of pictures as `--rounds` says: slots x rounds pictures. Printed beside the bound (rounds x
upstream's time for a picture) is the makespan, from the first mutation to the last stored picture, and the most tasks
that upstream had under way at one time, which should be the slots.
"""

import argparse
import subprocess
import sys

from bench.pool_harness import Run, run_alone

POOLS = ((1, 1), (1, 2), (1, 3), (2, 1))
"(accounts, slots of each)"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=20.0, help="upstream's time for a picture")
    arguments.add_argument("--only", type=int, choices=range(len(POOLS)), help="the number of one pool, from 0")
    options = arguments.parse_args()
    if options.only is None:
        print(f"{'pool':<24} {'pictures':>8} {'bound':>8} {'makespan':>9} {'ratio':>6}  at once", flush=True)
        for number in range(len(POOLS)):
            command = [sys.executable, "-m", "bench.small_pools", "--only", str(number)]
            command += ["--rounds", str(options.rounds), "--seconds", str(options.seconds)]
            subprocess.run(command, check=True)
        return
    accounts, slots = POOLS[options.only]
    pool = f"{accounts} account{'s' if accounts > 1 else ''} of {slots} slot{'s' if slots > 1 else ''}"
    run = Run(pool, options.rounds * accounts * slots, options.seconds, accounts, slots)
    found = run_alone(run)
    assert found["stored"] == found["paid"] == run.pictures, found
    print(
        f"{pool:<24} {run.pictures:>8} {run.bound_seconds:>6.0f} s {found['makespan_seconds']:>7.1f} s"
        f" {found['ratio']:>6.2f}  {found['at_once']} of {accounts * slots}"
    )


if __name__ == "__main__":
    main()
