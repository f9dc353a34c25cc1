"""`dramatiq tasks` where the process cannot be opened: it ends and says why, and takes no messages."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_worker_that_cannot_open_its_process_ends_and_says_why(tmp_path: Path) -> None:
    not_a_folder = tmp_path / "data"
    not_a_folder.write_text("a file")
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("EKONTE_", "JIMENG_"))}
    done = subprocess.run(
        [sys.executable, "-m", "dramatiq", "tasks", "--processes", "1"],
        cwd=ROOT,
        env=ours | {"EKONTE_DATA_DIR": str(not_a_folder), "EKONTE_LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "worker.not_started" in said
    assert "EKONTE_DATA_DIR" in said
    assert "Worker process is ready" not in said
