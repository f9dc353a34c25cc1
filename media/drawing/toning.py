"""Shifts the colours of a drawing towards those of reference pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from media.conversion import upright_rgb
from media.pictures import opened_picture

_SAMPLED = (64, 64)
_SHARE = 0.45  # of the way, so that the drawing's own light stays visible
_MOST_SPREAD = 1.6  # keeps a flat drawing from becoming gaudy


def tone_towards(picture: Image.Image, references: Sequence[Path]) -> Image.Image:
    """The drawing with its colours moved towards the mean and spread of the references' colours.

    After Reinhard et al., "Color Transfer between Images" (2001), in YCbCr, by lookup tables. Raises what
    opened_picture raises for a reference.
    """
    told = np.concatenate([_colours(_opened(path)) for path in references])
    own = _colours(picture.resize(_SAMPLED, Image.Resampling.BOX))
    tables: list[int] = []
    levels = np.arange(256, dtype=np.float64)
    for channel in range(3):
        spread = min(float(told[:, channel].std()) / max(float(own[:, channel].std()), 1.0), _MOST_SPREAD)
        moved = (levels - own[:, channel].mean()) * max(spread, 1 / _MOST_SPREAD) + told[:, channel].mean()
        share = _SHARE if channel else _SHARE / 2  # more of the hue than of the light: night stays night
        tables += np.clip(levels + (moved - levels) * share + 0.5, 0, 255).astype(int).tolist()
    return picture.convert("YCbCr").point(tables).convert("RGB")


def _opened(path: Path) -> Image.Image:
    with opened_picture(path) as opened:
        return upright_rgb(opened, 8 * max(_SAMPLED)).resize(_SAMPLED, Image.Resampling.BOX)


def _colours(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.convert("YCbCr"), dtype=np.float64).reshape(-1, 3)
