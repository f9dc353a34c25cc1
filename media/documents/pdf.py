"""Reads PDF files: joins hard-wrapped lines, removes running heads and page numbers."""

import errno
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdf
from pypdf.errors import LimitReachedError

from errors import EkonteError, UnsupportedFileError
from media.documents import limits

_CONFIGURATION = pypdf.Configuration(
    zlib_maximum_output_length=limits.MAX_PDF_STREAM_BYTES,
    lzw_maximum_output_length=limits.MAX_PDF_STREAM_BYTES,
    run_length_maximum_output_length=limits.MAX_PDF_STREAM_BYTES,
    brotli_maximum_output_length=limits.MAX_PDF_STREAM_BYTES,
    array_based_stream_maximum_output_length=limits.MAX_PDF_STREAM_BYTES,
)
_TERMINAL = re.compile(r"[。！？!?….:：”」』\"’)）]$")
_HAN = re.compile(r"[\u3400-\u9fff，。！？；：、]")
_PAGE_NUMBER = re.compile(
    r"^[-–—·\s]*(?:page\s+|第\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:/|of)\s*\d{1,4})?(?:\s*页)?[-–—·\s]*$", re.IGNORECASE
)
_EDGE_LINES = 2
_BULLET = re.compile(r"^(?:[-*•●]|\d{1,3}[.)、])\s")


def read_pdf(path: Path, deadline: limits.Deadline) -> tuple[str, str | None]:
    """(text, title). Raises UnsupportedFileError for encrypted, damaged or scanned files."""
    with pypdf.apply_configuration(_CONFIGURATION):
        pages, title = _pages(path, deadline)
    text = join_lines(without_running_heads(pages))
    if not any(character.isalnum() for character in text):
        raise UnsupportedFileError(
            "This PDF holds pictures only, no text; run text recognition (OCR) over it first, or send the text itself."
        )
    return text, title or None


def _pages(path: Path, deadline: limits.Deadline) -> tuple[list[list[str]], str]:
    """Each page's lines, and the title in the file's properties."""
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnsupportedFileError("This PDF is protected with a password; save it without one and send it again.")
        count = len(reader.pages)
        deadline.check_pages(count)
        pages: list[list[str]] = []
        size = 0
        for page in reader.pages:
            deadline.check()
            text = page.extract_text(visitor_operand_before=lambda *_: deadline.check())
            size += len(text)
            deadline.check_characters(size)
            pages.append([line.rstrip() for line in text.split("\n")])
        title = (reader.metadata.title or "").strip() if reader.metadata else ""
    except LimitReachedError as error:
        raise limits.bomb_error("a stream within it") from error
    except MemoryError as error:
        raise limits.bomb_error("more than there is memory") from error
    except EkonteError:
        raise
    except Exception as error:  # pypdf lets errors of every kind pass for broken files and for filters that it lacks
        if isinstance(error, OSError) and error.errno == errno.EIO:
            raise
        raise UnsupportedFileError("This PDF is damaged or of an unusual kind and cannot be read.") from error
    return pages, title


def without_running_heads(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The pages' lines without page numbers and without lines that recur at the edge of most pages."""
    filled = [[line for line in page if line.strip()] for page in pages]
    edges: Counter[str] = Counter()
    for page in filled:
        edges.update({_without_digits(line) for line in (*page[:_EDGE_LINES], *page[-_EDGE_LINES:])})
    threshold = max(3, 0.5 * len(filled))
    cleaned: list[list[str]] = []
    for page in filled:
        kept = []
        for index, line in enumerate(page):
            is_edge = index < _EDGE_LINES or index >= len(page) - _EDGE_LINES
            if is_edge and (_PAGE_NUMBER.match(line.strip()) or edges[_without_digits(line)] >= threshold):
                continue
            kept.append(line)
        cleaned.append(kept)
    return cleaned


def _without_digits(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())


def join_lines(pages: Sequence[Sequence[str]]) -> str:
    """Paragraphs from hard-wrapped lines: one ends before an indent, or where a sentence ends before the right edge."""
    lines = [line for page in pages for line in page if line.strip()]
    if not lines:
        return ""
    widths = sorted(_width(line.strip()) for line in lines)
    full = widths[int(len(widths) * 0.9)] if len(widths) > 3 else widths[-1]
    parts: list[str] = []  # joined once: a paragraph may have as many lines as the book
    previous = ""
    for line in lines:
        text = line.strip()
        is_indented = len(line) - len(line.lstrip()) >= 2 or line.startswith("\u3000")
        if not parts:
            parts.append(text)
        elif is_indented or _BULLET.match(text) or _ends_paragraph(previous, full):
            parts += ["\n\n", text]
        elif text[:1].islower() and re.search(r"[a-z]-$", previous[-2:]):
            parts[-1] = parts[-1][:-1]
            parts.append(text)
        elif _HAN.match(previous[-1]) and _HAN.match(text[0]):
            parts.append(text)
        else:
            parts += [" ", text]
        previous = text
    return "".join(parts)


def _width(line: str) -> int:
    return sum(2 if _HAN.match(character) else 1 for character in line)


def _ends_paragraph(line: str, full: int) -> bool:
    width = _width(line)
    if _TERMINAL.search(line):
        return width < 0.88 * full
    return width < 0.55 * full
