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

from PIL import Image, ImageOps, UnidentifiedImageError

from errors import EkonteError, FileTooLargeError, UnsupportedFileError
from media.bounds import BOUNDS, FileBounds, check_sides
from media.conversion import upright_rgb
from media.file_kinds import HEAD_BYTES, kind_in_words, picture_kind, shown_kind
from media.heif import register_heif_reader

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
    "HEIF": "image/heic",
}
_TAKEN = "PNG, JPEG, WebP, GIF, BMP, AVIF or HEIC"
_OTHERS = (struct.error, RuntimeError)  # RuntimeError: of libheif
_PNG_COMPRESSION = 1
_POSTER_QUALITY = 90


@dataclass(frozen=True)
class PictureInfo:
    """Size in pixels as the picture is shown, after its EXIF orientation."""

    content_type: str
    width: int
    height: int


def _declared_size(head: bytes) -> tuple[int, int] | None:
    """The size that an extended WebP declares (RFC 9649, section 2.7), whose decoder takes memory for it at once."""
    if head[12:16] == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _check_size(size: tuple[int, int], bounds: FileBounds) -> None:
    check_sides("The picture", *size, side=bounds.picture_side, pixels=bounds.picture_pixels)


def _no_picture(head: bytes) -> str:
    words = kind_in_words(head) if head else "empty"
    return f"The file is {words}, not a {_TAKEN} picture." if words else f"The file is not a {_TAKEN} picture."


@contextmanager
def opened_picture(path: Path, bounds: FileBounds = BOUNDS) -> "Iterator[Image.Image]":
    """Opens the first frame of the picture; checks its size before anything is decoded.

    Raises UnsupportedFileError for what is no picture of a known format, or broken; FileTooLargeError for what is
    beyond the bounds.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = picture_kind(head)
    if kind is None:
        raise UnsupportedFileError(_no_picture(head))
    if kind == "HEIF":
        register_heif_reader()
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
        raise UnsupportedFileError(f"The {shown_kind(kind)} picture is broken: its head cannot be read.") from None
    except EkonteError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, *_OTHERS) as error:
        # Errors of the decoders for broken data; a missing file or a full disk is not the picture's fault.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnsupportedFileError(f"The {shown_kind(kind)} picture is broken or incomplete.") from error


def recognise_picture(path: Path, bounds: FileBounds = BOUNDS) -> PictureInfo:
    """Identifies a picture by its bytes and decodes it, so that a broken one is found now.

    Raises UnsupportedFileError for anything but PNG, JPEG, WebP, GIF, BMP, AVIF and HEIC (so for SVG), for broken or
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
        upright = upright_rgb(picture, max_side)
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
        sheet = upright_rgb(picture)
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
        upright = upright_rgb(picture)
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    fitted.save(out, "PNG", compress_level=_PNG_COMPRESSION)


def make_poster(picture: Path, out: Path) -> None:
    """Writes the picture as a JPEG of quality 90 in its own size."""
    with opened_picture(picture) as opened:
        upright = upright_rgb(opened)
    upright.save(out, "JPEG", quality=_POSTER_QUALITY, optimize=True)
