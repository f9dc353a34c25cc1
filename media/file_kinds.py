"""Tells what a file is by its first bytes: the format of a picture, or in words what else it seems to be."""

HEAD_BYTES = 1024
"""As many first bytes as the functions here look at."""

# ISO/IEC 14496-12 brands. HEVC pictures and their sequences (23008-12, annex B); mif1, mif2, msf1 and miaf stand for
# pictures of any coding. AV1 pictures: AVIF 1.1, section 6.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = _HEVC_BRANDS | {b"mif1", b"mif2", b"msf1", b"miaf", b"heif"}
_MARKS = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or encrypted Office document"),
    (b"{\\rtf", "a rich text document"),
    (b"II*\x00", "a TIFF or camera raw picture"),
    (b"MM\x00*", "a TIFF or camera raw picture"),
    (b"8BPS", "a Photoshop picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"\xff\xfb", "an MP3 sound"),
    (b"ID3", "an MP3 sound"),
    (b"OggS", "an Ogg sound or film"),
    (b"fLaC", "a FLAC sound"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM film"),
    (b"FLV", "a Flash film"),
    (b"\x00\x00\x01\xba", "an MPEG film"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"\x00asm", "a program"),
)


def picture_kind(head: bytes) -> str | None:
    """The format that the first bytes (32 at least) are of, as Pillow calls it; None for what is no picture that is
    read. A container of the MP4 family is a picture where its brands say so, and film or sound where they do not.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "BMP"
    brands = _brands(head)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if head[8:12] in _HEIF_BRANDS or (brands & _HEIF_BRANDS and not brands & {b"isom", b"mp41", b"mp42", b"qt  "}):
        return "HEIF"
    return None


def _brands(head: bytes) -> frozenset[bytes]:
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return frozenset({head[8:12], *(head[at : at + 4] for at in range(16, end, 4))})


def is_markup(head: bytes) -> bool:
    """Whether a file begins as SVG, XML or HTML do."""
    return _start(head).startswith((b"<svg", b"<?xml", b"<!doctype", b"<html", b"<!--"))


def _start(head: bytes) -> bytes:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()


def kind_in_words(head: bytes) -> str | None:
    """What a file with these first bytes is, with its article ("a ZIP archive"); None where nobody can tell."""
    if (picture := picture_kind(head)) is not None:
        return f"{'an' if picture == 'AVIF' else 'a'} {shown_kind(picture)} picture"
    start = _start(head)
    if is_markup(head):
        if b"<svg" in start:
            return "an SVG drawing"
        return "a web page" if b"<html" in start or start.startswith(b"<!doctype html") else "an XML document"
    for mark, words in _MARKS:
        if head.startswith(mark):
            return words
    if head[:4] in (b"RIFF", b"RF64"):
        return {b"WAVE": "a WAV sound", b"AVI ": "an AVI film"}.get(head[8:12], "a sound, film or picture file")
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return "a Canon camera raw picture" if head[8:12] == b"crx " else "an MP4 or QuickTime film or sound"
    return "a text" if _is_text(head) else None


def shown_kind(kind: str) -> str:
    """The name of a format of `picture_kind` in messages."""
    return {"WEBP": "WebP", "HEIF": "HEIC"}.get(kind, kind)


def _is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters; the last character may be cut off."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return bool(text) and all(character.isprintable() or character in "\t\r\n\ufeff\u3000" for character in text)
