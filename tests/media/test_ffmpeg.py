import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from errors import JobErrorCode, JobFailure
from media.ffmpeg import explain, run_ffmpeg
from media.rendering import Rendering
from tests.media.test_processes import ends

SHORT = ("-f", "lavfi", "-i", "testsrc=size=64x36:rate=24:duration=2", "-pix_fmt", "yuv420p")
ENDLESS = ("-re", "-f", "lavfi", "-i", "testsrc=size=64x36:rate=24")


async def running_child(of: psutil.Process) -> psutil.Process:
    async with asyncio.timeout(60):
        while True:
            for child in of.children(recursive=True):
                try:
                    if "ffmpeg" in child.name() and child.cpu_times().user >= 0:
                        return child
                except psutil.NoSuchProcess:
                    continue
            await asyncio.sleep(0.01)


async def test_it_renders_and_tells_progress(tmp_path: Path) -> None:
    told: list[float] = []
    out = tmp_path / "out.mp4"
    said = await run_ffmpeg([*SHORT, str(out)], Rendering(2, 60, told.append), expected_seconds=2)
    assert out.stat().st_size > 0
    assert "libx264" in said
    assert told == sorted(told)
    assert told[-1] >= 0.95


async def test_a_failure_says_why_without_local_folders(tmp_path: Path) -> None:
    (tmp_path / "story.mp4").write_bytes(b"no film")
    with pytest.raises(JobFailure) as failure:
        await run_ffmpeg(
            ["-i", str(tmp_path / "story.mp4"), str(tmp_path / "out.mp4")],
            Rendering(2, 60),
        )  # fmt: skip
    assert failure.value.code == JobErrorCode.INTERNAL
    assert "Invalid data" in failure.value.message
    assert str(tmp_path) not in failure.value.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_is_a_storage_error() -> None:
    with pytest.raises(JobFailure) as failure:
        await run_ffmpeg(
            [*SHORT, "-f", "rawvideo", "/dev/full"],
            Rendering(2, 60),
        )  # fmt: skip
    assert failure.value.code == JobErrorCode.STORAGE_ERROR


async def test_cancelling_ends_the_renderer(tmp_path: Path) -> None:
    task = asyncio.create_task(run_ffmpeg([*ENDLESS, str(tmp_path / "out.mp4")], Rendering(2, 60)))
    child = await running_child(psutil.Process())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ends(child.pid)


async def test_a_rendering_that_takes_too_long_times_out(tmp_path: Path) -> None:
    with pytest.raises(JobFailure) as failure:
        await run_ffmpeg([*ENDLESS, str(tmp_path / "out.mp4")], Rendering(2, 0.5))
    assert failure.value.code == JobErrorCode.TIMEOUT


def test_it_works_on_a_loop_in_another_thread(tmp_path: Path) -> None:
    answers: list[object] = []

    async def work() -> None:
        await run_ffmpeg([*SHORT, str(tmp_path / "a.mp4")], Rendering(2, 60), expected_seconds=2)
        task = asyncio.create_task(
            run_ffmpeg(
                [*ENDLESS, str(tmp_path / "b.mp4")],
                Rendering(2, 60),
            )
        )
        child = await running_child(psutil.Process())
        task.cancel()
        await asyncio.wait([task])
        await ends(child.pid)
        answers.append(task.cancelled())

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()
    assert answers == [True]
    assert (tmp_path / "a.mp4").stat().st_size > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does it")
async def test_a_killed_parent_leaves_no_renderer(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, threading\n"
        "from media.ffmpeg import run_ffmpeg\n"
        "from media.rendering import Rendering\n"
        "work = run_ffmpeg(sys.argv[1:], Rendering(2, 60, print))\n"
        "thread = threading.Thread(target=lambda: asyncio.run(work))\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code, *ENDLESS, str(tmp_path / "out.mp4")], env=environment)
    child = await running_child(psutil.Process(parent.pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    await ends(child.pid)


def test_the_reason_is_the_cause_and_not_what_followed_from_it() -> None:
    lines = [
        "Input #0, wav, from '/data/in.wav':",
        "[in#0 @ 0x55d0c0] Error opening input: Invalid data found when processing input",
        "Error opening output files: Invalid argument",
        "Conversion failed!",
        "",
    ]
    assert explain(lines[:2] + lines[3:]) == "Error opening input: Invalid data found when processing input"
    assert explain([]) == "no reason given"
    assert explain(["/var/data/film.mp4: Permission denied"]) == "film.mp4: Permission denied"
