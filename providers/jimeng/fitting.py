"""Converts input pictures to upstream's limits: JPEG or PNG, at most 4096 pixels per side and 10 MB."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from providers.jimeng.faults import invalid
from providers.pooled import UpstreamFaultError

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_SIDE = 4096
MAX_SENT_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 150_000_000
FORMATS = ("JPEG", "PNG")
READ_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
QUALITIES = (92, 85, 75)
SHRINK = 0.8  # of each side, if no quality is small enough
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class FittedPicture:
    content: bytes
    width: int
    height: int


def fit_or_refuse(picture: Path) -> FittedPicture | str:
    """As fit_picture, for another process: the message in place of the error."""
    try:
        return fit_picture(picture)
    except UpstreamFaultError as fault:
        return fault.message


def fit_picture(picture: Path) -> FittedPicture:
    """Blocking; call it in a process of its own, as the picture is a stranger's. A file within the limits is returned
    unchanged.

    Raises UpstreamFaultError INVALID_INPUT if the file is not a picture, or exceeds 100 MB or 150 million pixels.
    """
    try:
        size = picture.stat().st_size
        if size > MAX_FILE_BYTES:
            raise invalid("The input picture has more than 100 MB.")
        with Image.open(picture, formats=READ_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise invalid("The input picture has more than 150 million pixels.")
            is_upright = image.getexif().get(ORIENTATION_TAG, 1) == 1
            if image.format in FORMATS and is_upright and max(image.size) <= MAX_SIDE and size <= MAX_SENT_BYTES:
                image.load()
                return FittedPicture(picture.read_bytes(), image.width, image.height)
            return _encoded(_prepared(image))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise invalid("The input picture cannot be read as a picture.") from None


def _prepared(image: Image.Image) -> Image.Image:
    """Applies the EXIF orientation, scales down to MAX_SIDE, and converts to RGB or RGBA."""
    upright = ImageOps.exif_transpose(image)
    upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return upright


def _encoded(image: Image.Image) -> FittedPicture:
    """Encodes as JPEG, or as PNG if there is transparency; reduces quality and size until it fits."""
    while True:
        for quality in QUALITIES:
            target = io.BytesIO()
            if image.mode == "RGBA":
                image.save(target, "PNG")
            else:
                image.save(target, "JPEG", quality=quality)
            if target.tell() <= MAX_SENT_BYTES:
                return FittedPicture(target.getvalue(), image.width, image.height)
            if image.mode == "RGBA":
                break
        smaller = (max(1, int(image.width * SHRINK)), max(1, int(image.height * SHRINK)))
        image = image.resize(smaller, Image.Resampling.LANCZOS)
