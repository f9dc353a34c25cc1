"""Recognises a document's kind by its bytes and reads its text; the only entry point for documents."""

from dataclasses import dataclass
from pathlib import Path

from errors import FileTooLargeError, UnsupportedFileError
from media.bounds import BOUNDS, FileBounds, check_characters
from media.documents import limits
from media.documents.archives import SafeArchive
from media.documents.clean import clean_characters, clean_text
from media.documents.encodings import decode_text
from media.documents.epub import read_epub
from media.documents.pdf import read_pdf
from media.documents.plain import is_markdown, strip_markdown
from media.documents.word import read_word

DEFAULT_MAX_BYTES = 50 * 1024 * 1024
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEAD_BYTES = 4096
_TAKEN = "Ekonte reads plain text, Markdown, .docx, .pdf and .epub."
_OTHER_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a sound, film or picture file"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound or film file"),
    (b"fLaC", "a sound file"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"%!PS", "a PostScript file"),
    (b"AT&TFORM", "a DjVu file"),
)


@dataclass(frozen=True)
class DocumentText:
    """A document's text, cleaned; chapter headings are lines that begin with #."""

    text: str
    title: str | None
    content_type: str


def read_document(path: Path, bounds: FileBounds = BOUNDS, max_bytes: int = DEFAULT_MAX_BYTES) -> DocumentText:
    """The text of a plain text, Markdown, Word, PDF or EPUB file; the file name is ignored.

    Meant for a confined worker process. Raises FileTooLargeError over max_bytes and over a bound (pages, characters,
    time), and UnsupportedFileError, with a human-readable reason, for another kind of file, one that is encrypted,
    damaged, empty or a decompression bomb.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise FileTooLargeError(
            f"The file has {size / 1048576:.1f} MB; at most {max_bytes / 1048576:.0f} MB are allowed."
        )
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise UnsupportedFileError("The file is empty.")
    document = _read(path, head, limits.Deadline(bounds))
    check_characters(len(document.text), bounds)
    if not any(character.isalnum() for character in document.text):
        raise UnsupportedFileError("The file holds no text.")
    return document


def _read(path: Path, head: bytes, deadline: limits.Deadline) -> DocumentText:
    if b"%PDF-" in head[:1024]:
        text, title = read_pdf(path, deadline)
        return DocumentText(clean_text(text), title, "application/pdf")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _read_archive(path, deadline)
    _refuse_known(path, head)
    decoded = decode_text(path.read_bytes())
    if decoded is None:
        raise UnsupportedFileError(f"The file is not text in a known encoding. {_TAKEN}")
    check_characters(len(decoded), deadline.bounds)
    text = clean_characters(decoded)
    if is_markdown(text):
        text, title = strip_markdown(text)
        return DocumentText(clean_text(text), title, "text/markdown")
    return DocumentText(clean_text(text), None, "text/plain")


def _read_archive(path: Path, deadline: limits.Deadline) -> DocumentText:
    with SafeArchive(path, deadline) as archive:
        if archive.is_encrypted:
            raise UnsupportedFileError("The file is an archive protected with a password; save it without one.")
        if "word/document.xml" in archive.names:
            text, title = read_word(path, archive, deadline)
            return DocumentText(clean_text(text), title, DOCX_TYPE)
        if "META-INF/container.xml" in archive.names:
            text, title = read_epub(archive, deadline)
            return DocumentText(clean_text(text), title, "application/epub+zip")
        names = archive.names
    if any(name.startswith("xl/") for name in names):
        raise UnsupportedFileError(f"The file is an Excel workbook. {_TAKEN}")
    if any(name.startswith("ppt/") for name in names):
        raise UnsupportedFileError(f"The file is a PowerPoint presentation. {_TAKEN}")
    if "content.xml" in names:
        raise UnsupportedFileError(f"The file is an OpenDocument file; save it as .docx. {_TAKEN}")
    raise UnsupportedFileError(f"The file is a zip archive; send the document itself. {_TAKEN}")


def _refuse_known(path: Path, head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in path.read_bytes():
            raise UnsupportedFileError("This Word document is protected with a password; save it without one.")
        raise UnsupportedFileError("This is an old Word or Office file (.doc); save it as .docx and send that.")
    if start.startswith(b"{\\rtf"):
        raise UnsupportedFileError("This is a rich text file (.rtf); save it as .docx and send that.")
    lowered = start[:1024].lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or (lowered.startswith(b"<?xml") and b"<html" in lowered):
        raise UnsupportedFileError("This is a web page (.html); save it as .docx or as plain text and send that.")
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            raise UnsupportedFileError(f"The file is {kind}, not a text. {_TAKEN}")
    if head[4:8] == b"ftyp":
        raise UnsupportedFileError(f"The file is a film, a picture or sound, not a text. {_TAKEN}")
