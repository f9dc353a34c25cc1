"""Says what kind of file a stranger's is: by its first bytes one reader is chosen, and what that says is the reason."""

from dataclasses import dataclass
from pathlib import Path

from errors import EkonteError, UnsupportedFileError
from media.bounds import FileBounds
from media.documents import read_document
from media.file_kinds import HEAD_BYTES, is_markup, kind_in_words, picture_kind
from media.opening import demuxer_of
from media.pictures import recognise_picture
from media.probe import probe

_TAKEN = (
    "PNG, JPEG, WebP, GIF, BMP, AVIF, HEIC; WAV, MP3, M4A, OGG, FLAC; MP4, MOV, WebM; text, Markdown, DOCX, PDF, EPUB"
)
_DOCUMENT_MARKS = (b"PK\x03\x04", b"PK\x05\x06", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")


@dataclass(frozen=True)
class Recognised:
    """A file that opens. width, height in pixels; duration_seconds of sound and film."""

    content_type: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def recognise_file(path: Path, bounds: FileBounds, max_bytes: int) -> Recognised:
    """The type of a picture, of sound or film, or of a document, which is opened and read. Blocks: call it in a worker.

    Raises UnsupportedFileError or FileTooLargeError with the reason of the reader that the first bytes belong to; where
    they belong to none, the kinds that are accepted.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UnsupportedFileError("The file is empty.")
    if picture_kind(head) is not None or (is_markup(head) and b"<svg" in head.lower()):
        picture = recognise_picture(path, bounds)
        return Recognised(picture.content_type, picture.width, picture.height)
    is_document = head.startswith(_DOCUMENT_MARKS) or b"%PDF-" in head
    if not is_document and demuxer_of(head) is not None:
        info = probe(path, bounds)
        return Recognised(info.content_type, info.width, info.height, info.duration_seconds)
    try:
        return Recognised(read_document(path, bounds, max_bytes=max_bytes).content_type)
    except EkonteError as error:
        if is_document or not isinstance(error, UnsupportedFileError):
            raise
        raise UnsupportedFileError(_refusal(head, error.message)) from error


def _refusal(head: bytes, reason: str) -> str:
    """What to say of a file that belongs to no reader. reason: of the reader of texts, which tried it last."""
    words = kind_in_words(head)
    if words is None or words == "a text":
        return f"The file is not a supported picture, audio, video or text file ({_TAKEN}). {reason}"
    told = f"The file is {words}, not a supported picture, audio, video or text file ({_TAKEN})."
    return f"{told} {reason}" if reason.startswith("This is") else told
