import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from errors import BadInputError, JobErrorCode, JobFailure
from media.processes import RENDERER, run_in_worker
from media.worker import write_raw
from tests.media import calls


async def appears(path: Path) -> int:
    """The process id that a worker wrote."""
    async with asyncio.timeout(60):
        while not path.exists() or not path.read_text():
            await asyncio.sleep(0.01)
    return int(path.read_text())


async def ends(process_id: int) -> None:
    async with asyncio.timeout(60):
        while psutil.pid_exists(process_id) and psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)


async def test_a_function_runs_in_another_process_which_is_reused() -> None:
    first = await run_in_worker(calls.process_id, limit=2, timeout_seconds=60)
    second = await run_in_worker(calls.process_id, limit=2, timeout_seconds=60)
    assert first == second != os.getpid()
    assert await run_in_worker(calls.double, 21, limit=2, timeout_seconds=60) == 42


async def test_failures_arrive_whole() -> None:
    with pytest.raises(JobFailure) as failure:
        await run_in_worker(calls.fail_as_job, limit=2, timeout_seconds=60)
    assert (failure.value.code, failure.value.message) == (JobErrorCode.INVALID_INPUT, "Nothing to say.")
    assert (failure.value.is_retryable, failure.value.upstream_code) == (False, "x1")
    with pytest.raises(BadInputError) as refusal:
        await run_in_worker(calls.fail_as_request, limit=2, timeout_seconds=60)
    assert (refusal.value.message, refusal.value.path) == ("Too long.", ["input", "3"])
    with pytest.raises(KeyError, match="odd"):
        await run_in_worker(calls.fail_oddly, limit=2, timeout_seconds=60)


async def test_a_process_that_dies_is_a_failed_job_and_the_next_call_works() -> None:
    with pytest.raises(JobFailure, match="crashed") as failure:
        await run_in_worker(calls.die, limit=2, timeout_seconds=60)
    assert failure.value.is_retryable
    assert await run_in_worker(calls.double, 1, limit=2, timeout_seconds=60) == 2


async def test_progress_is_told_on_the_callers_loop() -> None:
    told: list[float] = []
    assert await run_in_worker(calls.count_up, limit=2, timeout_seconds=60, progress=told.append) == "done"
    assert told == [0, 0.25, 0.5, 0.75, 1]


async def test_cancelling_kills_the_worker(tmp_path: Path) -> None:
    task = asyncio.create_task(run_in_worker(calls.sleep_long, tmp_path / "pid", limit=2, timeout_seconds=60))
    worker = await appears(tmp_path / "pid")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ends(worker)


async def test_cancelling_at_any_moment_loses_no_worker() -> None:
    before = len(psutil.Process().children())
    for step in range(30):
        task = asyncio.create_task(run_in_worker(calls.double, 1, limit=2, timeout_seconds=60))
        for _ in range(step % 6):
            await asyncio.sleep(0)
        if step % 3 == 0:
            await asyncio.sleep(0.001 * step)
        task.cancel()
        await asyncio.wait([task])
    assert await run_in_worker(calls.double, 21, limit=2, timeout_seconds=60) == 42
    await asyncio.sleep(0.2)  # those that were killed are being waited for
    assert len(psutil.Process().children()) <= before + 1


async def test_a_call_that_takes_too_long_times_out(tmp_path: Path) -> None:
    with pytest.raises(JobFailure) as failure:
        await run_in_worker(calls.sleep_long, tmp_path / "pid", limit=2, timeout_seconds=1.5)
    assert failure.value.code == JobErrorCode.TIMEOUT
    if (tmp_path / "pid").exists():
        await ends(int((tmp_path / "pid").read_text()))


def test_it_works_on_a_loop_in_another_thread(tmp_path: Path) -> None:
    answers: list[object] = []

    async def work() -> None:
        answers.append(await run_in_worker(calls.double, 4, limit=2, timeout_seconds=60))
        task = asyncio.create_task(run_in_worker(calls.sleep_long, tmp_path / "pid", limit=2, timeout_seconds=60))
        worker = await appears(tmp_path / "pid")
        task.cancel()
        await asyncio.wait([task])
        await ends(worker)
        answers.append(task.cancelled())

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    assert answers == [8, True]


async def test_a_killed_parent_leaves_no_worker(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from media.processes import run_in_worker\n"
        "from tests.media import calls\n"
        "asyncio.run(run_in_worker(calls.sleep_long, pathlib.Path(sys.argv[1]), limit=2, timeout_seconds=60))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "pid")], env=environment)
    worker = await appears(tmp_path / "pid")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    await ends(worker)


def test_a_worker_whose_answer_nobody_reads_any_more_ends_without_a_word() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-u", "-m", "media.worker", RENDERER.to_argument()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stderr is not None
    worker.stdout.close()
    write_raw(worker.stdin, pickle.dumps((calls.double, (21,), None)))  # type: ignore[arg-type]
    assert worker.stderr.read() == b""
    assert worker.wait(timeout=30) == 0
    worker.stdin.close()
    worker.stderr.close()
