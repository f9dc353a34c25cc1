"""Strangers' files are read in processes that end by themselves, and what happens there is said of the file."""

import asyncio
import os
from pathlib import Path

import pytest

from errors import EkonteError, FileTooLargeError, UnsupportedFileError
from media.bounds import FileBounds
from media.documents import read_document
from media.parsing import Reading, read_foreign
from media.pictures import recognise_picture
from media.probe import probe
from media.recognising import recognise_file
from tests.media import calls, hostile_files
from tests.media.conftest import clip, tone

READING = Reading(limit=2, memory_bytes=256 * 1024**2, cpu_seconds=20)
BOUNDS = FileBounds()
MAX_BYTES = 50 * 1024**2


def written(folder: Path, data: bytes) -> Path:
    path = folder / "upload.bin"
    path.write_bytes(data)
    return path


async def refusal(path: Path, reading: Reading = READING, bounds: FileBounds = BOUNDS) -> EkonteError:
    with pytest.raises(EkonteError) as refused:
        await read_foreign("one", reading, recognise_file, path, bounds, MAX_BYTES)
    assert refused.value.message.endswith(".")
    assert str(path.parent) not in refused.value.message
    return refused.value


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (hostile_files.png(1, 60_000_000, is_whole=False), FileTooLargeError, "1 x 60000000 pixels; a side"),
        (hostile_files.png(9000, 9000, is_whole=False), FileTooLargeError, "81 million; at most 64"),
        (hostile_files.png(200, 200, is_whole=False), UnsupportedFileError, "PNG picture is broken"),
        (hostile_files.pdf(5001), FileTooLargeError, "5001 pages; at most 5000"),
        (hostile_files.pdf(1, bytes(4), b"/Filter/JBIG2Decode"), UnsupportedFileError, "PDF"),
        (hostile_files.wav(1), UnsupportedFileError, "1 samples per second; 4000 to 384000"),
        (hostile_files.wav(4_000_000_000), UnsupportedFileError, "sound"),
        (hostile_files.wav(44_100, channels=60), UnsupportedFileError, "60 channels; 1 to 8"),
        (
            hostile_files.id3_before(b"ffconcat version 1.0\nfile a.mp3\n"),
            UnsupportedFileError,
            "sound or film",
        ),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/\n" + bytes(9), UnsupportedFileError, "not a supported picture"),
        (b"Once upon a time. " * 300_000, FileTooLargeError, "5400000 characters; at most 5000000"),
    ],
    ids=["tall", "area", "cut", "pages", "jbig2", "slow", "fast", "channels", "id3", "playlist", "text"],
)
async def test_what_is_beyond_a_bound_is_refused_with_both_numbers(
    data: bytes, kind: type[EkonteError], reason: str, tmp_path: Path
) -> None:
    refused = await refusal(written(tmp_path, data))
    assert isinstance(refused, kind)
    assert reason in refused.message


async def test_a_cell_that_spans_all_columns_of_the_world_is_one_cell(tmp_path: Path) -> None:
    path = written(tmp_path, hostile_files.wide_cell(2_000_000_000))
    text = await read_foreign("one", READING, read_document, path, BOUNDS, MAX_BYTES)
    assert text.text == "Once upon a time"


async def test_a_film_beyond_the_bounds_is_refused(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", 2, size="160x90")
    assert (
        "160 x 90 pixels; a side may have at most 100"
        in (await refusal(path, bounds=FileBounds(film_side=100))).message
    )
    assert "at most 1 s" in (await refusal(path, bounds=FileBounds(media_seconds=1))).message
    assert "48 frames in 2.00 s; at most 10" in (await refusal(path, bounds=FileBounds(film_frame_rate=10))).message
    sound = tone(tmp_path / "b.wav", 2)
    assert "2 s long; at most 1 s" in (await refusal(sound, bounds=FileBounds(media_seconds=1))).message


async def test_memory_time_and_death_are_told_as_the_files(tmp_path: Path) -> None:
    small = Reading(limit=2, memory_bytes=64 * 1024**2, cpu_seconds=20)
    with pytest.raises(FileTooLargeError, match="more than the 64 MB of memory"):
        await read_foreign("one", small, calls.allocate, 1 << 30)
    whole = written(tmp_path, hostile_files.png(7000, 7000, bits=8, colour=6))
    with pytest.raises(FileTooLargeError, match="64 MB"):
        await read_foreign("one", small, recognise_picture, whole, BOUNDS)
    with pytest.raises(FileTooLargeError, match="longer than the 1 s"):
        await read_foreign("one", Reading(2, READING.memory_bytes, 1), calls.compute_for_ever)
    with pytest.raises(FileTooLargeError, match=r"longer than the 0\.25 s"):
        await read_foreign("one", Reading(2, READING.memory_bytes, 0.25), calls.sleep_long, tmp_path / "pid")
    for function in (calls.die, calls.crash):
        with pytest.raises(UnsupportedFileError, match="crashed"):
            await read_foreign("one", READING, function)
    with pytest.raises(UnsupportedFileError, match="cannot be read"):
        await read_foreign("one", READING, calls.fail_oddly)
    assert await read_foreign("one", READING, calls.double, 21) == 42


async def test_a_fault_of_our_own_disk_is_not_called_the_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await read_foreign("one", READING, probe, tmp_path / "none", BOUNDS)


async def test_a_reader_has_no_network_no_programs_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKONTE_SECRET", "a" * 40)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    reading = Reading(2, READING.memory_bytes + 1, 20)  # a process of its own, begun with these variables
    seen = await read_foreign("one", reading, calls.look_around)
    assert seen["variables"] == []
    assert seen["core_bytes"] == 0
    if os.uname().sysname == "Linux":
        assert (seen["socket"], seen["program"], seen["signal"]) == ("EACCES", "EACCES", "EACCES")


async def test_a_reader_that_was_taken_over_cannot_make_us_call_anything(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFileError, match=r"cannot be read|crashed"):
        await read_foreign("one", READING, calls.answer_with_a_call, tmp_path / "made")
    assert not (tmp_path / "made").exists()
    with pytest.raises(UnsupportedFileError, match="crashed"):
        await read_foreign("one", READING, calls.tell_a_huge_answer)


async def test_the_file_after_one_that_killed_its_reader_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, hostile_files.png(64, 64))
    for _ in range(2):
        with pytest.raises(UnsupportedFileError):
            await read_foreign("one", READING, calls.die)
        assert (await read_foreign("one", READING, recognise_picture, path, BOUNDS)).width == 64


async def test_one_owners_slow_files_leave_a_slot_for_another(tmp_path: Path) -> None:
    slow = [
        asyncio.create_task(read_foreign("greedy", READING, calls.sleep_long, tmp_path / f"pid-{number}"))
        for number in range(4)
    ]
    async with asyncio.timeout(30):
        while not list(tmp_path.glob("pid-*")):
            await asyncio.sleep(0.01)
        assert await read_foreign("other", READING, calls.double, 21) == 42
    assert len(list(tmp_path.glob("pid-*"))) == 1, "the owner holds no more than all but one"
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)


@pytest.mark.parametrize(
    "text",
    ["[" * 300_000, "a" + " " * 400_000 + "b", "<!--" * 100_000, "[a](#" * 80_000, "# a " * 99_999],
    ids=["brackets", "spaces", "comments", "links", "headings"],
)
async def test_no_text_takes_time_beyond_its_length(text: str, tmp_path: Path) -> None:
    """Each took minutes, since a pattern looked at the rest of the line from every character."""
    path = written(tmp_path, text.encode() + b"\nOnce upon a time")
    read = await read_foreign("one", READING, read_document, path, BOUNDS, MAX_BYTES)
    assert "Once upon" in read.text
