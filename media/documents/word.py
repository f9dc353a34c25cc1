"""Reads Word documents (.docx): headings, paragraphs and tables in document order."""

import zipfile
from pathlib import Path

import docx
from docx.opc.exceptions import OpcError
from docx.table import Table
from docx.text.paragraph import Paragraph

from errors import UnsupportedFileError
from media.documents import limits
from media.documents.archives import SafeArchive


def read_word(path: Path, archive: SafeArchive, deadline: limits.Deadline) -> tuple[str, str | None]:
    """(text, title). Headings become Markdown headings, table rows lines with tabs."""
    archive.check_all()
    for name in sorted(archive.names):
        if not name.endswith((".xml", ".rels")):
            continue
        part = archive.read(name)
        # A Word part never declares entities; one that does is an attack.
        if b"<!ENTITY" in part or "<!ENTITY".encode("utf-16-le") in part or "<!ENTITY".encode("utf-16-be") in part:
            raise UnsupportedFileError("This Word document declares XML entities, as no word processor does.")
        if len(part) > limits.MAX_XML_BYTES:
            raise limits.bomb_error(f"{len(part) >> 20} MB in {name[:80]}")
    try:
        document = docx.Document(str(path))
        title = (document.core_properties.title or "").strip() or None
        lines: list[str] = []
        size = 0
        for block in document.iter_inner_content():
            deadline.check()
            line = _table(block) if isinstance(block, Table) else _paragraph(block)
            size += len(line)
            if size > limits.MAX_CHARACTERS:
                raise limits.bomb_error(f"more than {limits.MAX_CHARACTERS} characters")
            if line:
                lines.append(line)
    except (OpcError, zipfile.BadZipFile, KeyError, ValueError, AttributeError, SyntaxError) as error:
        raise UnsupportedFileError("This Word document is damaged and cannot be read.") from error
    return "\n\n".join(lines), title


def _paragraph(paragraph: Paragraph) -> str:
    text = paragraph.text.strip()
    style = (paragraph.style.name or "").lower() if paragraph.style is not None else ""
    if text and style == "title":
        return text
    if text and style.startswith("heading"):
        level = style.removeprefix("heading").strip()
        return f"{'#' * (int(level) if level.isdigit() and int(level) < 7 else 1)} {text}"
    return text


def _table(table: Table) -> str:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        for cell in row.cells:
            text = " ".join(cell.text.split())
            if not cells or cells[-1] != text:  # merged cells repeat
                cells.append(text)
        rows.append("\t".join(cells).strip())
    return "\n".join(row for row in rows if row)
