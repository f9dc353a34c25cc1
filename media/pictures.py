"""External pictures: recognises them by their bytes, re-encodes, crops and fits them.

Every function is synchronous and must run in a worker process; unusable files raise UnsupportedFileError.
"""

import io
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from errors import UnsupportedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIXELS = 64_000_000

_CONTENT_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind the first, as some cameras write
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}
# No other decoder is tried: some of Pillow's (EPS, PDF) would start external programs.
_FORMATS = tuple(kind for kind in _CONTENT_TYPES if kind != "MPO")  # MPO is opened as JPEG
_PNG_COMPRESSION = 1
_POSTER_QUALITY = 90


@dataclass(frozen=True)
class PictureInfo:
    """Size in pixels as the picture is shown, after its EXIF orientation."""

    content_type: str
    width: int
    height: int


@contextmanager
def _opened(source: Path | io.BytesIO) -> "Iterator[Image.Image]":
    """Opens the first frame of the picture; checks its size before anything is decoded."""
    try:
        with warnings.catch_warnings():
            # Pillow warns about large pictures at its own limit; only our limit applies.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(source, formats=_FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise UnsupportedFileError(
                        f"The picture has {width}x{height} pixels; at most "
                        f"{MAX_PIXELS // 10**6} megapixels are allowed."
                    )
                picture.load()
                yield picture
    except Image.DecompressionBombError:
        raise UnsupportedFileError(
            f"The picture is too large; at most {MAX_PIXELS // 1_000_000} megapixels are allowed."
        ) from None
    except UnidentifiedImageError:
        raise UnsupportedFileError("The file is not a PNG, JPEG, WebP, GIF, BMP or AVIF picture.") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        # Errors of the decoders for broken data; a missing file or a full disk is not the picture's fault.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnsupportedFileError("The picture is broken or incomplete.") from None


def _upright_rgb(picture: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says, on white where it is transparent, in 8-bit RGB, without metadata."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I"):
        # 16 bits a channel: Pillow's own conversion would clip instead of scaling.
        turned = Image.fromarray((np.asarray(turned).astype(np.uint32) // 257).clip(0, 255).astype(np.uint8))
    if turned.has_transparency_data:
        layered = turned.convert("RGBA")
        ground = Image.new("RGB", layered.size, (255, 255, 255))
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    bare = Image.new("RGB", turned.size)
    bare.paste(turned.convert("RGB"))
    return bare


def recognise_picture(data: bytes) -> PictureInfo:
    """Identifies a picture by its bytes and decodes it, so that a broken one is found now.

    Raises UnsupportedFileError for anything but PNG, JPEG, WebP, GIF, BMP and AVIF (so for SVG), for broken or
    truncated data, and above 64 megapixels.
    """
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        raise UnsupportedFileError("SVG and other markup is not accepted as a picture; give a PNG, JPEG or WebP.")
    with _opened(io.BytesIO(data)) as picture:
        content_type = _CONTENT_TYPES[picture.format or ""]
        width, height = picture.size
        if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            width, height = height, width
    return PictureInfo(content_type, width, height)


def normalise_picture(src: Path, out: Path, max_side: int) -> None:
    """Writes an RGB PNG without metadata, its longer side at most `max_side` pixels; never enlarges."""
    with _opened(src) as picture:
        upright = _upright_rgb(picture)
    if max(upright.size) > max_side:
        factor = max_side / max(upright.size)
        size = (max(1, round(upright.width * factor)), max(1, round(upright.height * factor)))
        upright = upright.resize(size, Image.Resampling.LANCZOS)
    upright.save(out, "PNG", compress_level=_PNG_COMPRESSION)


def crop_grid(src: Path, rows: int, columns: int, outs: Sequence[Path]) -> None:
    """Cuts a grid picture into rows x columns PNGs of equal size, in reading order, to the pixel.

    Raises ValueError where `outs` are not rows x columns files, and UnsupportedFileError where the picture's size
    does not divide evenly; nothing is written then.
    """
    if rows < 1 or columns < 1 or len(outs) != rows * columns:
        raise ValueError(f"{len(outs)} files do not take a grid of {rows} x {columns}")
    with _opened(src) as picture:
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
    with _opened(src) as picture:
        upright = _upright_rgb(picture)
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    fitted.save(out, "PNG", compress_level=_PNG_COMPRESSION)


def make_poster(picture: Path, out: Path) -> None:
    """Writes the picture as a JPEG of quality 90 in its own size."""
    with _opened(picture) as opened:
        upright = _upright_rgb(opened)
    upright.save(out, "JPEG", quality=_POSTER_QUALITY, optimize=True)
