"""Reads Word documents (.docx): headings, paragraphs and tables in document order."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree  # type: ignore[import-untyped]

from errors import FileTooLargeError, UnsupportedFileError
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
        styles = {style.style_id: (style.name or "").lower() for style in document.styles}
        lines: list[str] = []
        size = cells = 0
        for block in document.iter_inner_content():
            deadline.check()
            if isinstance(block, Table):
                cells += len(block._tbl.xpath("./w:tr/w:tc"))
                if cells > limits.MAX_CELLS:
                    raise FileTooLargeError(f"The tables have {cells} cells; at most {limits.MAX_CELLS} are allowed.")
                line = _table(block, deadline)
            else:
                line = _paragraph(block, styles)
            size += len(line)
            deadline.check_characters(size)
            if line:
                lines.append(line)
    except (
        OpcError,
        zipfile.BadZipFile,
        LookupError,
        ValueError,
        AttributeError,
        TypeError,
        SyntaxError,
        AssertionError,
        RecursionError,
        NotImplementedError,
        etree.LxmlError,
    ) as error:
        raise UnsupportedFileError("This Word document is damaged and cannot be read.") from error
    return "\n\n".join(lines), title


def _paragraph(paragraph: Paragraph, styles: Mapping[str, str]) -> str:
    text = paragraph.text.strip()
    style = styles.get(paragraph._p.style or "", "")
    if text and style == "title":
        return text
    if text and style.startswith("heading"):
        level = style.removeprefix("heading").strip()
        return f"{'#' * (int(level) if level.isdigit() and int(level) < 7 else 1)} {text}"
    return text


def _table(table: Table, deadline: limits.Deadline) -> str:
    """The cells that are there, each once: a cell that spans columns is not repeated in each of them, for it may claim
    to span two thousand million.
    """
    rows = []
    for row in table._tbl.tr_lst:
        deadline.check()
        cells: list[str] = []
        for cell in row.tc_lst:
            words = " ".join(Paragraph(part, table).text for part in cell.findall(qn("w:p")))
            text = " ".join(words.split())
            if not cells or cells[-1] != text:
                cells.append(text)
        rows.append("\t".join(cells).strip())
    return "\n".join(row for row in rows if row)
