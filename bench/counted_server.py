"""The real server, but that it counts the statements that go to its database: `python -m bench.counted_server`.

BENCH_STATEMENTS names a file; the count so far stands in it, a tenth of a second old at most.
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from server import main
from tests.statements import counted_with_transactions

WRITTEN_EVERY_SECONDS = 0.1


def write_count(statements: Sequence[str], path: Path) -> None:
    """Again and again, for as long as the process lives; a reader finds a whole number at any time."""
    fresh = path.with_suffix(".new")
    while True:
        fresh.write_text(str(len(statements)), "ascii")
        fresh.replace(path)
        time.sleep(WRITTEN_EVERY_SECONDS)


if __name__ == "__main__":
    with counted_with_transactions() as statements:
        path = Path(os.environ["BENCH_STATEMENTS"])
        threading.Thread(target=write_count, args=(statements, path), daemon=True).start()
        sys.exit(main(sys.argv[1:]))
