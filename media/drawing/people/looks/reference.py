"""Takes the colours of a character from a reference picture."""

import colorsys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from media.conversion import upright_rgb
from media.drawing.colour import Colour, luminance
from media.drawing.people.look import Look
from media.pictures import opened_picture


def dressed_from(look: Look, reference: Path) -> Look:
    """The same character in the colours of a picture: hair from the top's dark tones, clothes from the lower part."""
    with opened_picture(reference) as opened:
        picture = upright_rgb(opened, 512).resize((48, 48), Image.Resampling.BOX)
    upper = _dominant(picture.crop((12, 0, 36, 16)))
    lower = _dominant(picture.crop((10, 22, 38, 48)))
    hair = min(upper, key=luminance)
    vivid = sorted(lower, key=lambda colour: colorsys.rgb_to_hls(*(c / 255 for c in colour))[2], reverse=True)
    return replace(look, hair=hair, top=lower[0], trim=vivid[0] if vivid[0] != lower[0] else vivid[-1])


def _dominant(picture: Image.Image, count: int = 4) -> list[Colour]:
    """The main colours, most frequent first."""
    reduced = picture.quantize(count, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.asarray(reduced.getpalette() or [], dtype=int).reshape(-1, 3)
    ranked = sorted(reduced.getcolors() or [], reverse=True)
    return [(int(palette[i][0]), int(palette[i][1]), int(palette[i][2])) for _, i in ranked if isinstance(i, int)]
