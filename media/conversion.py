"""The one conversion of pictures of any mode to 8-bit RGB and RGBA: upright, in their own light, on white.

Pillow's own conversion clips what has 16 bits a channel instead of scaling it, so that such a picture turns white.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

WHITE = (255, 255, 255)


def has_eight_bits(picture: Image.Image) -> bool:
    """Whether the picture's channels have 8 bits or fewer."""
    return not picture.mode.startswith(("I", "F"))


def to_eight_bits(picture: Image.Image) -> Image.Image:
    """A picture of mode I, I;16 or F as L, or as LA where one of its greys counts as transparent; others as they are.

    16-bit greys are divided by 257, which is exact at both ends. F has no range of its own: up to 1 it is taken for a
    share, up to 255 for 8 bits, beyond for 16.
    """
    if has_eight_bits(picture):
        return picture
    values: NDArray[Any] = np.asarray(picture)
    if picture.mode == "F":
        values = np.nan_to_num(values.astype(np.float64))
        greatest = float(values.max(initial=0.0))
        levels = values * 255 if greatest <= 1 else values if greatest <= 255 else values / 257
    else:
        levels = values.astype(np.float64) / 257
    grey = Image.fromarray(np.clip(levels + 0.5, 0, 255).astype(np.uint8))
    clear = picture.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    opaque = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
    return Image.merge("LA", (grey, opaque))


def to_rgba(picture: Image.Image) -> Image.Image:
    """The picture as 8-bit RGBA; the same object where it is that already."""
    shallow = to_eight_bits(picture)
    return shallow if shallow.mode == "RGBA" else shallow.convert("RGBA")


def to_rgb(picture: Image.Image, ground: tuple[int, int, int] = WHITE) -> Image.Image:
    """The picture as 8-bit RGB, laid on `ground` where it is transparent, without metadata. Always a new object."""
    shallow = to_eight_bits(picture)
    bare = Image.new("RGB", shallow.size, ground)
    if shallow.has_transparency_data:
        layered = to_rgba(shallow)
        bare.paste(layered, mask=layered.getchannel("A"))
    else:
        bare.paste(shallow.convert("RGB"))
    return bare


def upright(picture: Image.Image, max_side: int | None = None) -> Image.Image:
    """The opened picture turned as its EXIF orientation says, with 8 bits, its longer side at most `max_side` if given.

    It is made smaller before it is converted any further, so that no large copy is made. May change `picture`.
    """
    if max_side is not None and max(picture.size) > max_side:
        picture.draft("RGB", (max_side, max_side))  # JPEG: decoded at a half, a quarter or an eighth
    ImageOps.exif_transpose(picture, in_place=True)
    picture = to_eight_bits(picture)
    if max_side is not None and max(picture.size) > max_side:
        picture = _smaller(picture, max_side)
    return picture


def upright_rgb(picture: Image.Image, max_side: int | None = None) -> Image.Image:
    """`upright`, then `to_rgb`."""
    return to_rgb(upright(picture, max_side))


def _smaller(picture: Image.Image, max_side: int) -> Image.Image:
    if picture.mode == "RGBA":
        pass  # converting would copy it
    elif picture.has_transparency_data:
        picture = to_rgba(picture)
    elif picture.mode not in ("L", "RGB", "CMYK", "YCbCr"):  # modes that cannot be resampled
        picture = picture.convert("RGB")
    factor = max_side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
