"""Documents that are refused: too large, of another kind, encrypted, empty, damaged, or made to do harm."""

import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from errors import FileTooLargeError, UnsupportedFileError
from media.bounds import FileBounds
from media.documents import limits, read_document
from tests.media.test_documents import epub_of, pdf_of, read, word_document


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(UnsupportedFileError) as refused:
        read(folder, data)
    assert list(folder.iterdir()) == [folder / "upload.bin"]
    return refused.value.message


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"a" * 2_097_152)
    with pytest.raises(FileTooLargeError, match=r"2\.0 MB; at most 1 MB"):
        read_document(path, max_bytes=1_048_576)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t\n ", "no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"\.doc\); save it as \.docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\0" * 99, "password"),
        (b"{\\rtf1\\ansi Hello}", r"\.rtf\); save it as \.docx"),
        (b"\n<!DOCTYPE HTML><html><body>Hello</body></html>", r"\.html\); save it as \.docx"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG picture"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 50, "film"),
        (b"\x1f\x8b\x08" + b"\0" * 50, "gzip"),
        (bytes(range(256)) * 8, "not text in a known encoding"),
        (b"%PDF-1.7\nnothing of a PDF follows", "damaged"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
)  # fmt: skip
def test_another_kind_of_file_is_refused_in_words(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "upload.bin"
    path.write_bytes(data)
    with pytest.raises(UnsupportedFileError, match=words):
        read_document(path, max_bytes=10_000_000)


@pytest.mark.parametrize(
    ("name", "words"), [("xl/workbook.xml", "Excel"), ("content.xml", "OpenDocument"), ("a.txt", "zip archive")]
)
def test_other_archives_are_named(tmp_path: Path, name: str, words: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "x")
    assert words in refusal(tmp_path, stream.getvalue())


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(word_document())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    assert "password" in refusal(tmp_path, bytes(data))


def test_a_pdf_with_a_password_is_refused_and_one_without_a_reading_password_is_read(tmp_path: Path) -> None:
    source = pypdf.PdfReader(io.BytesIO(pdf_of([["A secret story about a wolf."]])))
    locked, open_to_all = io.BytesIO(), io.BytesIO()
    for stream, password in ((locked, "wolf"), (open_to_all, "")):
        writer = pypdf.PdfWriter(clone_from=source)
        writer.encrypt(password, "owner", algorithm="AES-256")
        writer.write(stream)
    assert "password" in refusal(tmp_path, locked.getvalue())
    assert read(tmp_path, open_to_all.getvalue()).text == "A secret story about a wolf."


def test_a_scanned_pdf_is_refused(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    Image.new("RGB", (40, 60), "white").save(picture)
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawImage(str(picture), 0, 0, 400, 600)
    canvas.showPage()
    canvas.save()
    picture.unlink()
    assert "pictures only" in refusal(tmp_path, stream.getvalue())


def test_a_protected_epub_is_refused_and_hidden_fonts_are_not_protection(tmp_path: Path) -> None:
    def with_method(algorithm: str) -> bytes:
        encryption = (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
            f'xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{algorithm}"/></EncryptedData>'
            "</encryption>"
        )
        return epub_of({"a": "<p>Text.</p>"}, extra={"META-INF/encryption.xml": encryption})

    assert "DRM" in refusal(tmp_path, with_method("http://www.w3.org/2001/04/xmlenc#aes128-cbc"))
    assert read(tmp_path, with_method("http://www.idpf.org/2008/embedding")).text == "Text."


def test_an_epub_that_points_outside_itself_reads_nothing_from_there(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text("<p>secret</p>")
    data = epub_of({"a": "<p>Text.</p>", "../../secret": "<p>inside</p>"}, spine=["a"])
    assert read(tmp_path, data).text == "Text."


def test_a_zip_bomb_is_refused_in_little_memory(tmp_path: Path) -> None:
    stream = io.BytesIO(word_document())
    with (
        zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/media/bomb.bin", "w") as entry,
    ):
        for _ in range(48):
            entry.write(bytes(1 << 20))
    tracemalloc.start()
    message = refusal(tmp_path, stream.getvalue())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "times its packed size" in message
    assert peak < 16 << 20


def test_sizes_in_the_archives_directory_are_not_believed(tmp_path: Path) -> None:
    """The directory says ten bytes; the entry inflates to 48 MB."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as entry:
        for _ in range(48):
            entry.write(bytes(1 << 20))
    data = bytearray(stream.getvalue())
    central = data.rfind(b"PK\x01\x02")
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")
    assert "damaged" in refusal(tmp_path, bytes(data)) or "unpacks" in refusal(tmp_path, bytes(data))


def test_an_archive_of_countless_entries_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(limits.MAX_ENTRIES + 1):
            archive.writestr(f"{number}", b"")
    assert "entries" in refusal(tmp_path, stream.getvalue())


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(12))
    + "]>"
)


def test_an_entity_bomb_in_a_word_document_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_document())) as good, zipfile.ZipFile(stream, "w") as archive:
        for name in good.namelist():
            content = good.read(name)
            if name == "word/document.xml":
                content = LAUGHS.encode() + b"<w:document>&m;</w:document>"
            archive.writestr(name, content)
    assert "entities" in refusal(tmp_path, stream.getvalue())


def test_an_entity_bomb_in_an_epub_is_refused_and_in_a_chapter_not_expanded(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("META-INF/container.xml", LAUGHS + "<container>&m;</container>")
    assert "entities" in refusal(tmp_path, stream.getvalue())
    book = io.BytesIO(epub_of({"a": "<p>Text.</p>"}))
    with zipfile.ZipFile(book, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("OEBPS/a.xhtml", LAUGHS + "<html><body><p>Ha &m; ha</p></body></html>")
    assert len(read(tmp_path, book.getvalue()).text) < 40


def test_a_stream_bomb_in_a_pdf_is_refused(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(pdf_of([["Hello."]]))))
    squeezer = zlib.compressobj(9)
    packed = b"".join(squeezer.compress(b" " * (1 << 20)) for _ in range(64)) + squeezer.flush()
    content = pypdf.generic.StreamObject()
    content[pypdf.generic.NameObject("/Filter")] = pypdf.generic.NameObject("/FlateDecode")
    content._data = packed
    writer.pages[0][pypdf.generic.NameObject("/Contents")] = writer._add_object(content)
    stream = io.BytesIO()
    writer.write(stream)
    assert len(stream.getvalue()) < 200_000
    assert "unpacks" in refusal(tmp_path, stream.getvalue())


def test_a_pdf_whose_forms_multiply_is_not_drawn_to_the_end(tmp_path: Path) -> None:
    """Twelve forms, each drawing the next one ten times: 10^12 drawings in two kilobytes."""
    writer = pypdf.PdfWriter(clone_from=pypdf.PdfReader(io.BytesIO(pdf_of([["Hello."]]))))
    name = pypdf.generic.NameObject
    inner: pypdf.generic.IndirectObject | None = None
    for _ in range(12):
        form = pypdf.generic.StreamObject()
        form[name("/Type")], form[name("/Subtype")] = name("/XObject"), name("/Form")
        form[name("/BBox")] = pypdf.generic.ArrayObject([pypdf.generic.NumberObject(n) for n in (0, 0, 9, 9)])
        form._data = b"BT (x) Tj ET" if inner is None else b"/F Do " * 10
        if inner is not None:
            objects = pypdf.generic.DictionaryObject({name("/F"): inner})
            form[name("/Resources")] = pypdf.generic.DictionaryObject({name("/XObject"): objects})
        inner = writer._add_object(form)
    assert inner is not None
    page = writer.pages[0]
    page[name("/Resources")] = pypdf.generic.DictionaryObject(
        {name("/XObject"): pypdf.generic.DictionaryObject({name("/F"): inner})}
    )
    content = pypdf.generic.StreamObject()
    content._data = b"/F Do " * 10
    page[name("/Contents")] = writer._add_object(content)
    stream = io.BytesIO()
    writer.write(stream)
    assert "PDF" in refusal(tmp_path, stream.getvalue())


def test_reading_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(FileTooLargeError, match="takes longer to read than"):
        limits.Deadline(FileBounds(document_seconds=-1.0)).check()
    limits.Deadline(FileBounds(document_seconds=60.0)).check()
