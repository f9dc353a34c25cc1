"""Chooses a film's poster among its pictures by simple measures, and writes it as a JPEG."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from errors import EkonteError, JobErrorCode, JobFailure
from media.conversion import to_rgb, upright
from media.frames import read_picture, to_jpeg
from media.pictures import opened_picture
from media.rendering import Rendering

_SCORED_WIDTH = 320


def score_picture(picture: Image.Image) -> float:
    """The suitability of a picture as a poster, from 0 to about 1: detail, contrast, color, and neither dark nor pale.

    Colorfulness after Hasler and Süsstrunk, "Measuring colourfulness in natural images" (2003), equation 5.
    """
    height = max(1, round(_SCORED_WIDTH * picture.height / picture.width))
    rgb = np.asarray(to_rgb(picture).resize((_SCORED_WIDTH, height), Image.Resampling.BOX), np.float32)
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    edges = np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean()
    first, second = red - green, (red + green) / 2 - blue
    color = float(np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean()))
    detail = min(float(edges) / 14, 1.0)
    contrast = min(float(luma.std()) / 64, 1.0)
    exposure = 1 - min(abs(float(luma.mean()) - 120) / 120, 1.0)
    return 0.35 * detail + 0.2 * contrast + 0.2 * min(color / 70, 1.0) + 0.25 * exposure


def choose_poster(pictures: Sequence[Path]) -> int:
    """The index of the best picture; of equal ones the first. Pictures that cannot be opened are skipped.

    Blocks. Raises JobFailure INVALID_INPUT where there is none that opens.
    """
    best, best_score = -1, -1.0
    for number, path in enumerate(pictures):
        try:
            with opened_picture(path) as picture:
                score = score_picture(upright(picture, 4 * _SCORED_WIDTH))
        except (OSError, EkonteError):
            continue
        if score > best_score:
            best, best_score = number, score
    if best < 0:
        raise JobFailure(JobErrorCode.INVALID_INPUT, "There is no picture for a poster.", is_retryable=False)
    return best


def write_poster(pictures: Sequence[Path], out: Path, width: int, height: int) -> int:
    """Writes the best picture, cropped to width x height, as a JPEG; returns its index. Blocks: run it in a worker."""
    chosen = choose_poster(pictures)
    picture = read_picture(pictures[chosen], width, height, 1.0)
    out.write_bytes(to_jpeg(picture.resize((width, height), Image.Resampling.LANCZOS)))
    return chosen


async def make_poster(pictures: Sequence[Path], out: Path, width: int, height: int, rendering: Rendering) -> int:
    """write_poster in a worker that holds a render slot."""
    return await rendering.run(write_poster, list(pictures), out, width, height)
