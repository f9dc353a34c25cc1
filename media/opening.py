"""Opens files of sound and film for reading: the container is recognised by its first bytes, and no other is tried.

Some of libavformat's formats name further files or addresses (playlists, concat lists, image sequences), and a file
that one reader takes for sound may be such a list to the next. So every reader opens files here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from errors import UnsupportedFileError
from media.file_kinds import HEAD_BYTES, kind_in_words, picture_kind

# libavformat's names of the accepted containers; others are refused without being opened.
DEMUXERS = ("mov", "matroska", "wav", "mp3", "ogg", "flac")
PROTOCOLS = "file"
# mov: no files that others refer to. An unbounded probe would decode a whole file to guess at its streams.
_OPTIONS = {"protocol_whitelist": PROTOCOLS, "max_streams": "64"}
_MOV_OPTIONS = {"enable_drefs": "0", "use_absolute_path": "0"}


def demuxer_of(head: bytes) -> str | None:
    """libavformat's name of the container with these first bytes."""
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"ID3") or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6)):
        return "mp3"
    return None


def read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def required_demuxer(path: Path) -> str:
    """The container of the file. Raises UnsupportedFileError where it is empty, or none that is read."""
    head = read_head(path)
    if not head:
        raise UnsupportedFileError("The file is empty.")
    demuxer = None if picture_kind(head) else demuxer_of(head)
    if demuxer is None:
        words = kind_in_words(head)
        told = f" It is {words}." if words else ""
        raise UnsupportedFileError(f"The file is neither sound nor film of a kind that can be used.{told}")
    return demuxer


@contextmanager
def open_media(path: Path) -> Iterator[av.container.InputContainer]:
    """The file, open for reading. Raises UnsupportedFileError for another kind of file, and what libavformat raises."""
    demuxer = required_demuxer(path)
    options = _OPTIONS | (_MOV_OPTIONS if demuxer == "mov" else {})
    with av.open(str(path), format=demuxer, options=options) as container:
        yield container


def input_arguments(path: Path) -> list[str]:
    """ffmpeg's arguments for this file as an input, opened as by open_media. Raises what required_demuxer raises."""
    demuxer = required_demuxer(path)
    return ["-protocol_whitelist", PROTOCOLS, "-f", demuxer, "-i", f"file:{path}"]
