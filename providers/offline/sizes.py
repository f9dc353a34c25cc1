"""The pixel sizes of the offline provider's ratios and resolutions."""

import math

from errors import JobErrorCode, JobFailure

IMAGE_RATIOS = ("1:1", "3:4", "4:3", "16:9", "9:16", "2:3", "3:2", "21:9")
IMAGE_SIDES = {"1k": 1024, "2k": 2048, "4k": 4096}
"The side of a square picture; other ratios have about the same number of pixels."
VIDEO_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
VIDEO_SIDES = {"720p": 720, "480p": 480, "1080p": 1080}
"The shorter side of a clip."

_LEAST_SIDE, _MOST_PIXELS = 64, 4096 * 4096
_MOST_ASPECT = 3.0


def image_size(ratio: str | None, resolution: str | None, size: str | None) -> tuple[int, int]:
    """Width and height, even, in exactly that ratio; or as `size` ("1024x576") says, made even.

    Raises JobFailure INVALID_INPUT for a size that is too small or too large to be drawn.
    """
    if size is not None:
        width, height = (int(part) // 2 * 2 for part in size.lower().split("x"))
        if min(width, height) < _LEAST_SIDE or width * height > _MOST_PIXELS:
            message = f"A picture of {size} cannot be drawn: sides have at least 64 pixels, all at most 16,777,216."
            raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False)
        return width, height
    across, down = _terms(ratio or IMAGE_RATIOS[0])
    side = IMAGE_SIDES.get(resolution or "", IMAGE_SIDES["1k"])
    unit = max(2, round(side / math.sqrt(across * down) / 2) * 2)
    return across * unit, down * unit


def clip_size(ratio: str | None, resolution: str | None, picture: tuple[int, int] | None = None) -> tuple[int, int]:
    """Width and height, even. picture: width and height of the first frame, whose ratio the clip then has."""
    across, down = picture or _terms(ratio or VIDEO_RATIOS[0])
    side = VIDEO_SIDES.get(resolution or "", VIDEO_SIDES["720p"])
    longer = round(side * min(max(across, down) / min(across, down), _MOST_ASPECT) / 2) * 2
    return (longer, side) if across >= down else (side, longer)


def _terms(ratio: str) -> tuple[int, int]:
    across, down = (int(term) for term in ratio.split(":"))
    shared = math.gcd(across, down)
    return across // shared, down // shared
