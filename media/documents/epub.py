"""EPUB books: the chapters of the spine in order, as paragraphs and headings."""

import posixpath
import re
from pathlib import PurePosixPath
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml.ElementTree import fromstring
from lxml import etree  # type: ignore[import-untyped]

from errors import UnsupportedFileError
from media.documents import limits
from media.documents.archives import SafeArchive

_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "article",
        "tr",
        "dt",
        "dd",
        "pre",
        "figure",
        "figcaption",
        "body",
        "hr",
        "table",
        "ul",
        "ol",
    ]
)
_SKIPPED = frozenset(["script", "style", "head", "nav", "rt", "rp", "svg", "math", "img", "audio", "video"])
_SPACE = re.compile(r"[ \t\r\n]+")


def read_epub(archive: SafeArchive, deadline: limits.Deadline) -> tuple[str, str | None]:
    """(text, title). Raises UnsupportedFileError for copy-protected, damaged or empty books."""
    _refuse_protection(archive)
    package_name = _package_name(archive)
    package = _xml(archive.read(package_name))
    folder = posixpath.dirname(package_name)
    title = next((_text(node) for node in package.iter() if _local(node) == "title" and _text(node)), None)
    items = {
        node.get("id", ""): node.get("href", "")
        for node in package.iter()
        if _local(node) == "item" and "html" in node.get("media-type", "")
    }
    chapters: list[str] = []
    size = 0
    for node in package.iter():
        if _local(node) != "itemref" or node.get("idref", "") not in items or node.get("linear") == "no":
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote(items[node.get("idref", "")]).split("#")[0]))
        if PurePosixPath(name).is_absolute() or name not in archive.names:
            continue
        deadline.check()
        chapter = _chapter(archive.read(name), deadline)
        size += len(chapter)
        deadline.check_characters(size)
        if chapter:
            chapters.append(chapter)
    return "\n\n".join(chapters), title


def _refuse_protection(archive: SafeArchive) -> None:
    if "META-INF/rights.xml" in archive.names:
        raise UnsupportedFileError("This book is copy-protected (DRM), so its text cannot be read.")
    if "META-INF/encryption.xml" not in archive.names:
        return
    for node in _xml(archive.read("META-INF/encryption.xml")).iter():
        if _local(node) == "EncryptionMethod" and node.get("Algorithm") not in _FONT_OBFUSCATION:
            raise UnsupportedFileError("This book is copy-protected (DRM), so its text cannot be read.")


def _package_name(archive: SafeArchive) -> str:
    container = _xml(archive.read("META-INF/container.xml"))
    for node in container.iter():
        if _local(node) == "rootfile" and node.get("full-path"):
            return str(node.get("full-path"))
    raise UnsupportedFileError("This EPUB is damaged: it does not say where its book begins.")


def _xml(data: bytes) -> Element:
    try:
        root: Element = fromstring(data)
    except defusedxml.DefusedXmlException as error:
        raise UnsupportedFileError("This EPUB declares XML entities, as no book does; it is not read.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnsupportedFileError("This EPUB is damaged: a part of it is not valid XML.") from error
    return root


def _local(node: Element) -> str:
    return str(node.tag).rsplit("}", 1)[-1]


def _text(node: Element) -> str:
    return _SPACE.sub(" ", "".join(node.itertext())).strip()


def _chapter(data: bytes, deadline: limits.Deadline) -> str:
    """The paragraphs of one XHTML page. The HTML parser loads nothing and expands no declared entity."""
    parser = etree.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding=_encoding(data)
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError):
        return ""
    if root is None:
        return ""
    lines: list[list[str]] = [[]]
    skipped_depth = 0
    for number, (event, node) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        if number % 20_000 == 0:
            deadline.check()
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if tag in _SKIPPED:
                skipped_depth += 1
            if tag in _BLOCKS:
                lines.append(
                    ["#" * int(tag[1]) + " "] if re.fullmatch(r"h[1-6]", tag) else ["* * *"] if tag == "hr" else []
                )
            elif tag == "br":
                lines.append([])
            if not skipped_depth and node.text:
                lines[-1].append(node.text)
            continue
        if tag in _SKIPPED:
            skipped_depth -= 1
        if tag in _BLOCKS:
            lines.append([])
        if not skipped_depth and node.tail:
            lines[-1].append(node.tail)
    cleaned = (_SPACE.sub(" ", "".join(line)).strip() for line in lines)
    return "\n\n".join(line for line in cleaned if line.strip("# "))


def _encoding(data: bytes) -> str:
    declared = re.search(rb"^\s*<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)", data[:200])
    name = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    return (
        name
        if name in ("utf-8", "utf-16", "gb18030", "gbk", "gb2312", "big5", "iso-8859-1", "windows-1252")
        else "utf-8"
    )
