"""Broken files of every kind: each is read or refused with a reason, and none is a fault of the server."""

import io
import random
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from errors import FileTooLargeError, UnsupportedFileError
from media.bounds import FileBounds
from media.parsing import Reading, read_foreign
from media.recognising import recognise_file
from tests.media import hostile_files
from tests.media.conftest import clip, ffmpeg, tone
from tests.media.test_documents import epub_of, pdf_of, word_document

CASES = 24
READING = Reading(limit=2, memory_bytes=512 * 1024**2, cpu_seconds=10)


def _picture(kind: str) -> Callable[[Path], bytes]:
    def make(_: Path) -> bytes:
        stream = io.BytesIO()
        Image.linear_gradient("L").resize((96, 64)).convert("RGB").save(stream, kind)
        return stream.getvalue()

    return make


def _heic(_: Path) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.linear_gradient("L").resize((96, 64)).convert("RGB")).save(stream)
    return stream.getvalue()


def _sound(ending: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        source = tone(folder / "tone.wav", 0.3)
        ffmpeg("-i", source, folder / f"out.{ending}")
        return (folder / f"out.{ending}").read_bytes()

    return make


def _film(ending: str) -> Callable[[Path], bytes]:
    return lambda folder: clip(folder / f"film.{ending}", 0.4, size="64x48").read_bytes()


WHOLE: dict[str, Callable[[Path], bytes]] = {
    **{kind: _picture(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF")},
    "HEIC": _heic,
    **{ending: _sound(ending) for ending in ("mp3", "ogg", "flac", "m4a")},
    **{ending: _film(ending) for ending in ("mp4", "mov", "mkv")},
    "wav": lambda _: hostile_files.wav(8000, seconds=0.1),
    "docx": lambda _: word_document(),
    "bare docx": lambda _: hostile_files.wide_cell(3),
    "pdf": lambda _: pdf_of([["Once upon a time", "there was a wolf."]]),
    "epub": lambda _: epub_of({"a": "<p>Once upon a time.</p>"}),
    "text": lambda _: "从前有座山，山里有座庙。“你好！”".encode("gb18030") * 40,
    "markdown": lambda _: b"# One\n\n*Once* [upon](http://a.example) a time\n\n# Two\n\n- there\n- was\n" * 9,
}


def broken(whole: bytes, source: random.Random) -> bytes:
    """The file cut short, with bits flipped, with a part repeated or set to one value, or several of these."""
    data = bytearray(whole)
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(data))
        size = source.randint(1, 16)
        match source.randrange(5):
            case 0:
                del data[max(at, 16) :]
            case 1:
                for _ in range(size):
                    data[source.randrange(len(data))] ^= 1 << source.randrange(8)
            case 2:
                data[at : at + size] = bytes([source.choice((0, 0x7F, 0xFF))]) * min(size, len(data) - at)
            case 3:
                data[at:at] = data[at : at + size * 64]
            case _:
                at = source.randrange(min(len(data), 256))  # heads tell sizes
                data[at] = source.randrange(256)
    return bytes(data)


@pytest.mark.parametrize("kind", WHOLE)
async def test_a_broken_file_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    whole = WHOLE[kind](tmp_path)
    path = tmp_path / "upload.bin"
    path.write_bytes(whole)
    assert (await read_foreign("one", READING, recognise_file, path, FileBounds(), 10**7)).content_type
    source = random.Random(f"seed of {kind}")
    for number in range(CASES):
        path.write_bytes(broken(whole, source))
        said = await reason(path)
        assert said is None or (said.endswith(".") and str(tmp_path) not in said), (number, said)


async def reason(path: Path) -> str | None:
    """Why the file is refused; None where it is read. Raises any other error."""
    try:
        await read_foreign("one", READING, recognise_file, path, FileBounds(), 10**7)
    except (UnsupportedFileError, FileTooLargeError) as refused:
        return refused.message
    return None
