"""Makes copies of a picture or clip distinct by adding metadata, without re-encoding."""

import struct
import zlib

_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_KEYWORD = b"Source\x00"


def mark(content: bytes, text: str) -> bytes:
    """Adds the text to a PNG, WebP or MP4 as metadata. Raises ValueError for other files."""
    if content.startswith(b"\x89PNG") and content.endswith(_PNG_END):
        return content[: -len(_PNG_END)] + _png_chunk(b"tEXt", _KEYWORD + text.encode("latin-1")) + _PNG_END
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _marked_webp(content, text)
    if content[4:8] == b"ftyp":
        return content + struct.pack(">I4s", 8 + len(text), b"free") + text.encode("latin-1")
    raise ValueError("only PNG, WebP and MP4 can be marked")


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _marked_webp(content: bytes, text: str) -> bytes:
    """Adds a chunk, padded to an even length; readers skip unknown chunks."""
    data = text.encode("latin-1")
    chunk = b"MARK" + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)
    body = content[8:] + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body
