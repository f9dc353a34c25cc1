"""Small files that take much: made to be refused by their bounds, or by those of the process that reads them."""

import io
import struct
import wave
import zipfile
import zlib

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word_table(rows: str, *, more: str = "") -> bytes:
    """A Word document of one table, with these rows."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
            'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{_WORD}"><w:body>{more}<w:tbl>{rows}</w:tbl></w:body></w:document>',
        )
    return stream.getvalue()


def wide_cell(columns: int) -> bytes:
    """A Word document with one cell that claims to span so many columns."""
    return word_table(
        f'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="{columns}"/></w:tcPr>'
        "<w:p><w:r><w:t>Once upon a time</w:t></w:r></w:p></w:tc></w:tr>"
    )


def png(width: int, height: int, *, bits: int = 1, colour: int = 0, is_whole: bool = True) -> bytes:
    """A PNG of zeros. bits for each channel; colour: PNG's colour type."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
    row = bytes(1 + (width * bits * channels + 7) // 8)
    packer, packed = zlib.compressobj(9), b""
    if is_whole:
        packed = b"".join(
            [*(packer.compress(row * 64) for _ in range(height // 64)), packer.compress(row * (height % 64))]
        )
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IDAT", packed + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def pdf(pages: int, content: bytes = b"", filters: bytes = b"") -> bytes:
    """A PDF whose pages share one content stream, in this filter."""
    kids = b" ".join(b"%d 0 R" % (number + 4) for number in range(pages))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content),
        *(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 3 0 R>>" for _ in range(pages)),
    ]
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, part in enumerate(parts, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, part))
    at = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, at))
    return out.getvalue()


def wav(rate: int, *, channels: int = 1, seconds: float = 0.01) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * channels * max(1, round(8000 * seconds))))
    data = bytearray(stream.getvalue())
    data[24:28] = struct.pack("<I", rate)
    return bytes(data)


def id3_before(data: bytes) -> bytes:
    """The data behind an empty ID3 tag, so that its first bytes are those of an MP3."""
    return b"ID3\x04\x00\x00\x00\x00\x00\x00" + data
