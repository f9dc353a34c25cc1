"""The server with a counter of its SQL statements: `python -m bench.counted_server`.

BENCH_STATEMENTS names a file that receives the current count every tenth of a second.
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from server import main
from tests.statements import counted_with_transactions

WRITE_INTERVAL_SECONDS = 0.1


def write_count(statements: Sequence[str], path: Path) -> None:
    """Writes the count periodically until the process ends. Writes are atomic for readers."""
    fresh = path.with_suffix(".new")
    while True:
        fresh.write_text(str(len(statements)), "ascii")
        fresh.replace(path)
        time.sleep(WRITE_INTERVAL_SECONDS)


if __name__ == "__main__":
    with counted_with_transactions() as statements:
        path = Path(os.environ["BENCH_STATEMENTS"])
        threading.Thread(target=write_count, args=(statements, path), daemon=True).start()
        sys.exit(main(sys.argv[1:]))
