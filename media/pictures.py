"""External pictures: recognises them by their bytes, re-encodes, crops and fits them.

Only the decoder of the format that the first bytes are of is used: some of Pillow's (EPS, PDF) would start programs.
Every function is synchronous and must run in a worker process; unusable files raise UnsupportedFileError.
"""

import re
import struct
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from errors import EkonteError, FileTooLargeError, UnsupportedFileError
from media.bounds import BOUNDS, FileBounds, check_sides

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTENT_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind the first, as some cameras write
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}
_HEAD_BYTES = 1024
_PNG_COMPRESSION = 1
_POSTER_QUALITY = 90


@dataclass(frozen=True)
class PictureInfo:
    """Size in pixels as the picture is shown, after its EXIF orientation."""

    content_type: str
    width: int
    height: int


def picture_kind(head: bytes) -> str | None:
    """The format that the first bytes (32 at least) are of: "PNG" and so on, "HEIC" for one that is not read."""
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
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(_brands_end(head), len(head)), 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & {b"heic", b"heix", b"hevc", b"hevx", b"mif1", b"msf1"}:
            return "HEIC"
    return None


def _brands_end(head: bytes) -> int:
    return int.from_bytes(head[:4], "big")


def is_markup(head: bytes) -> bool:
    """Whether a file begins as SVG, XML or HTML do."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html"))


def _declared_size(head: bytes) -> tuple[int, int] | None:
    """The size that an extended WebP declares (RFC 9649, section 2.7), whose decoder takes memory for it at once."""
    if head[12:16] == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _check_size(size: tuple[int, int], bounds: FileBounds) -> None:
    check_sides("The picture", *size, side=bounds.picture_side, pixels=bounds.picture_pixels)


@contextmanager
def opened_picture(path: Path, bounds: FileBounds = BOUNDS) -> "Iterator[Image.Image]":
    """Opens the first frame of the picture; checks its size before anything is decoded.

    Raises UnsupportedFileError for what is no picture of a known format, or broken; FileTooLargeError for what is
    beyond the bounds.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if is_markup(head):
        raise UnsupportedFileError("SVG and other markup is not accepted as a picture; give a PNG, JPEG or WebP.")
    kind = picture_kind(head)
    if kind == "HEIC":
        raise UnsupportedFileError("The file is a HEIC or HEIF picture, which is not read; save it as JPEG or PNG.")
    if kind is None:
        raise UnsupportedFileError("The file is not a PNG, JPEG, WebP, GIF, BMP or AVIF picture.")
    if kind == "WEBP" and (declared := _declared_size(head)) is not None:
        _check_size(declared, bounds)
    try:
        with warnings.catch_warnings():
            # Pillow warns about large pictures at its own limit; only our limit applies.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=(kind,)) as picture:
                _check_size(picture.size, bounds)
                yield picture
    except Image.DecompressionBombError as error:  # Pillow's own bound, checked before ours
        told = re.search(r"\((\d+) pixels\)", str(error))
        raise FileTooLargeError(
            f"The picture has {int(told[1]) / 1e6 if told else 0:.6g} million pixels; at most "
            f"{bounds.picture_pixels / 1e6:g} million are allowed."
        ) from None
    except UnidentifiedImageError:
        raise UnsupportedFileError(f"The {kind} picture is broken: its head cannot be read.") from None
    except EkonteError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, struct.error) as error:
        # Errors of the decoders for broken data; a missing file or a full disk is not the picture's fault.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnsupportedFileError(f"The {kind} picture is broken or incomplete.") from error


def _upright_rgb(picture: Image.Image, max_side: int | None = None) -> Image.Image:
    """Turned as its EXIF orientation says, on white where it is transparent, in 8-bit RGB, without metadata; its longer
    side at most max_side, if given. It is made smaller first, so that no large copy is made.
    """
    if max_side is not None and max(picture.size) > max_side:
        picture.draft("RGB", (max_side, max_side))  # JPEG: decoded at a half, a quarter or an eighth
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode.startswith("I"):
        # 16 bits a channel: Pillow's own conversion would clip instead of scaling.
        picture = Image.fromarray((np.asarray(picture) // 257).clip(0, 255).astype(np.uint8))
    if max_side is not None and max(picture.size) > max_side:
        picture = _smaller(picture, max_side)
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        ground = Image.new("RGB", layered.size, (255, 255, 255))
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    bare = Image.new("RGB", picture.size)
    bare.paste(picture.convert("RGB"))
    return bare


def _smaller(picture: Image.Image, max_side: int) -> Image.Image:
    """With its longer side max_side long."""
    if picture.mode == "RGBA":
        pass  # converting would copy it
    elif picture.has_transparency_data:
        picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGB", "CMYK", "YCbCr"):  # modes that cannot be resampled
        picture = picture.convert("RGB")
    factor = max_side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def recognise_picture(path: Path, bounds: FileBounds = BOUNDS) -> PictureInfo:
    """Identifies a picture by its bytes and decodes it, so that a broken one is found now.

    Raises UnsupportedFileError for anything but PNG, JPEG, WebP, GIF, BMP and AVIF (so for SVG), for broken or
    truncated data; FileTooLargeError, with the value and the bound, for too many pixels.
    """
    with opened_picture(path, bounds) as picture:
        picture.load()
        content_type = _CONTENT_TYPES[picture.format or ""]
        width, height = picture.size
        if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            width, height = height, width
    return PictureInfo(content_type, width, height)


def normalise_picture(src: Path, out: Path, max_side: int, bounds: FileBounds = BOUNDS) -> PictureInfo:
    """Writes an RGB PNG without metadata, its longer side at most `max_side` pixels, and returns its size. Never
    enlarges.
    """
    with opened_picture(src, bounds) as picture:
        upright = _upright_rgb(picture, max_side)
    upright.save(out, "PNG", compress_level=_PNG_COMPRESSION)
    return PictureInfo("image/png", upright.width, upright.height)


def crop_grid(src: Path, rows: int, columns: int, outs: Sequence[Path]) -> None:
    """Cuts a grid picture into rows x columns PNGs of equal size, in reading order, to the pixel.

    Raises ValueError where `outs` are not rows x columns files, and UnsupportedFileError where the picture's size
    does not divide evenly; nothing is written then.
    """
    if rows < 1 or columns < 1 or len(outs) != rows * columns:
        raise ValueError(f"{len(outs)} files do not take a grid of {rows} x {columns}")
    with opened_picture(src) as picture:
        sheet = _upright_rgb(picture)
    if sheet.width % columns or sheet.height % rows:
        raise UnsupportedFileError(
            f"A picture of {sheet.width}x{sheet.height} pixels does not divide into {rows} rows and {columns} columns."
        )
    width, height = sheet.width // columns, sheet.height // rows
    for index, out in enumerate(outs):
        left, top = index % columns * width, index // columns * height
        sheet.crop((left, top, left + width, top + height)).save(out, "PNG", compress_level=_PNG_COMPRESSION)


def fit_picture(src: Path, out: Path, width: int, height: int) -> None:
    """Writes an RGB PNG of exactly width x height pixels: scaled to cover, the middle kept."""
    with opened_picture(src) as picture:
        upright = _upright_rgb(picture)
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    fitted.save(out, "PNG", compress_level=_PNG_COMPRESSION)


def make_poster(picture: Path, out: Path) -> None:
    """Writes the picture as a JPEG of quality 90 in its own size."""
    with opened_picture(picture) as opened:
        upright = _upright_rgb(opened)
    upright.save(out, "JPEG", quality=_POSTER_QUALITY, optimize=True)
