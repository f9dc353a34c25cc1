"""Converts input pictures to upstream's limits: JPEG or PNG, at most 4096 pixels per side and 10 MB."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from errors import EkonteError
from media.bounds import FileBounds
from media.conversion import to_rgb, to_rgba, upright
from media.pictures import opened_picture
from providers.jimeng.faults import invalid
from providers.pooled import UpstreamFaultError

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_SIDE = 4096
MAX_SENT_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 150_000_000
FORMATS = ("JPEG", "PNG")
READ_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")  # of the emulator; what is sent is JPEG or PNG
SENT_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
"""What every reader of JPEG and PNG shows alike: not CMYK, nor 16-bit grey."""
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
        with opened_picture(picture, FileBounds(picture_side=MAX_PIXELS, picture_pixels=MAX_PIXELS)) as image:
            is_upright = image.getexif().get(ORIENTATION_TAG, 1) == 1
            is_plain = image.format in FORMATS and image.mode in SENT_MODES
            if is_plain and is_upright and max(image.size) <= MAX_SIDE and size <= MAX_SENT_BYTES:
                image.load()
                return FittedPicture(picture.read_bytes(), image.width, image.height)
            return _encoded(_prepared(image))
    except EkonteError as error:
        raise invalid(f"The input picture cannot be used. {error.message}") from None
    except OSError:
        raise invalid("The input picture cannot be read as a picture.") from None


def _prepared(image: Image.Image) -> Image.Image:
    """Upright, at most MAX_SIDE a side, in RGB, or in RGBA where it has transparency."""
    turned = upright(image, MAX_SIDE)
    return to_rgba(turned) if turned.has_transparency_data else to_rgb(turned)


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
