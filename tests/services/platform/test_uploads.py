"""Uploads of files that take much, or that are not what they say: refused with the reason, and nothing is stored."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from errors import EkonteError, FileTooLargeError, UnsupportedFileError
from models.files import StoredFile
from providers.storage import Storage
from services.film.sources import store_source
from services.platform import files, foreign_files
from services.platform.uploads import IncomingFile, store_media, store_picture, store_script_upload, store_upload
from settings import get_settings, overridden_settings
from tests.factories import OTHER, OWNER
from tests.media import calls, hostile_files


@pytest.fixture(autouse=True)
def storage(data_dir: Path, database: None) -> Storage:
    return files.use_storage(None, data_dir)


def upload(folder: Path, data: bytes) -> IncomingFile:
    path = folder / "incoming"
    path.write_bytes(data)
    return IncomingFile("story.docx", path, len(data))


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (hostile_files.png(1, 60_000_000, is_whole=False), FileTooLargeError, "1 x 60000000 pixels; a side may have"),
        (hostile_files.png(300, 300, is_whole=False), UnsupportedFileError, "The PNG picture is broken"),
        (hostile_files.pdf(5001), FileTooLargeError, "5001 pages; at most 5000"),
        (hostile_files.wav(1), UnsupportedFileError, "1 samples per second"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), UnsupportedFileError, "HEIC"),
        (b"II*\0" + bytes(99), UnsupportedFileError, "is a TIFF or camera raw picture, not a supported"),
        (b"Rar!" + bytes(99), UnsupportedFileError, "is a RAR archive, not a supported"),
        (b"<!DOCTYPE html><html></html>", UnsupportedFileError, r"is a web page, .* save it as \.docx"),
        (bytes(range(256)) * 9, UnsupportedFileError, "not a supported picture, audio, video or text file"),
    ],
    ids=["pixels", "broken", "pages", "rate", "heic", "tiff", "rar", "page", "nothing"],
)
async def test_the_real_reason_is_told_and_nothing_is_stored(
    data: bytes, kind: type[EkonteError], reason: str, tmp_path: Path, storage: Storage
) -> None:
    with pytest.raises(kind, match=reason):
        await store_upload(OWNER, upload(tmp_path, data))
    assert await StoredFile.all().count() == 0
    assert list(await storage.keys()) == []


async def test_pictures_sound_and_texts_are_stored_with_what_was_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30)).save(stream, "WEBP")
    picture = await store_upload(OWNER, upload(tmp_path, stream.getvalue()))
    assert (picture.content_type, picture.width, picture.height) == ("image/webp", 40, 30)
    sound, info = await store_media(OWNER, upload(tmp_path, hostile_files.wav(8000, seconds=0.5)), needs_video=False)
    assert (sound.content_type, info.sample_rate) == ("audio/wav", 8000)
    text = await store_script_upload(OWNER, upload(tmp_path, hostile_files.wide_cell(2_000_000_000)), None)
    assert text.content_type.endswith("wordprocessingml.document")
    shown = await store_picture(OWNER, upload(tmp_path, hostile_files.png(5000, 50)), tmp_path)
    assert (shown.content_type, shown.width, shown.height) == ("image/png", 4096, 41)


async def test_a_text_beyond_the_bound_is_refused_however_it_is_given(tmp_path: Path, storage: Storage) -> None:
    text = "Once upon a time. " * 100
    with overridden_settings(get_settings().model_copy(update={"max_text_characters": 1000})):
        for refused in (
            store_source(OWNER, text, None),
            store_script_upload(OWNER, upload(tmp_path, text.encode()), None),
            store_upload(OWNER, upload(tmp_path, text.encode())),
        ):
            with pytest.raises(FileTooLargeError, match=r"1(800|799) characters; at most 1000"):
                await refused
    assert await StoredFile.all().count() == 0
    assert (await store_source(OWNER, text, None)).bytes > 1000


async def test_a_long_text_is_cleaned_apart_and_the_same(tmp_path: Path) -> None:
    row = await store_source(OWNER, "Once\u200b upon [a](https://a.example) time.  \r\n" * 1000, None)
    read = (await files.local_copy(row)).read_text("utf-8")
    assert read.count("Once upon a time.\n") == 999


async def test_an_upload_does_not_wait_for_anothers_slow_ones(tmp_path: Path) -> None:
    slow = [
        asyncio.create_task(foreign_files.in_parser(OWNER, calls.sleep_long, tmp_path / f"pid-{number}"))
        for number in range(6)
    ]
    async with asyncio.timeout(60):
        while not list(tmp_path.glob("pid-*")):
            await asyncio.sleep(0.01)
        assert (await store_upload(OTHER, upload(tmp_path, hostile_files.png(64, 64)))).width == 64
    assert not any(task.done() for task in slow)
    for task in slow:
        task.cancel()
    await asyncio.wait(slow)
