"""Width x height in pixels in place of a resolution: "1280x720" is 720p at 16:9. Pure rules."""

import re
from collections.abc import Mapping
from dataclasses import replace

from models.enums import MediaKind
from providers.pooled import ModelInfo
from services.generation.generation_input import GenerationInput

_SIZE = re.compile(r"\s*([1-9]\d{1,4})\s*[xX×*]\s*([1-9]\d{1,4})\s*(?:px)?\s*")
_LINES = re.compile(r"([1-9]\d{2,3})p")
_NAMED = 4

Size = tuple[int, int]
"""Width and height in pixels."""


def size_in(text: str | None) -> Size | None:
    """The size that a text names as width x height; None if it names none."""
    found = _SIZE.fullmatch(text or "")
    return None if found is None else (int(found[1]), int(found[2]))


def sizes_of(model: ModelInfo) -> dict[Size, tuple[str, str]]:
    """The sizes that a model makes, with the ratio and the resolution of each: those that it lists, and of resolutions
    such as 720p, whose number is the shorter side, those of its ratios.
    """
    sizes = {(width, height): (ratio, resolution) for width, height, ratio, resolution in model.sizes}
    for resolution in model.resolutions:
        if (lines := _LINES.fullmatch(resolution)) is None:
            continue
        for ratio in model.ratios:
            sizes.setdefault(frame_of(ratio, int(lines[1])), (ratio, resolution))
    return sizes


def frame_of(ratio: str, shorter: int) -> Size:
    """The size in a ratio such as "16:9" with that shorter side; the longer one is even."""
    across, down = (int(term) for term in ratio.split(":"))
    longer = round(shorter * max(across, down) / min(across, down) / 2) * 2
    return (longer, shorter) if across >= down else (shorter, longer)


def named_in(sizes: Mapping[Size, tuple[str, str]], size: Size) -> tuple[str, str] | None:
    """(ratio, resolution) of a size. One pixel more or less is the same: 16:9 at 480 lines is 853.3 wide."""
    near = ((size[0] + more, size[1] + higher) for more in (0, 1, -1) for higher in (0, 1, -1))
    return next((sizes[each] for each in near if each in sizes), None)


def with_named_size(requested: GenerationInput, model: ModelInfo) -> GenerationInput:
    """The input with the ratio and the resolution of the size that it names as its resolution, or as its size for a
    model that takes no sizes of its own. A size that the model does not make stays where it is, and is a fault.
    """
    requested = _as_listed(requested, model)
    size = size_in(requested.resolution)
    if size is None and not model.takes_size:
        size = size_in(requested.size)
    if size is None:
        return requested
    named = named_in(sizes_of(model), size)
    if named is None:
        is_free = model.takes_size and not requested.size
        return replace(requested, size=f"{size[0]}x{size[1]}") if is_free else requested
    if conflict_of(requested, model) is not None:
        return requested
    kept = requested.size if model.takes_size else None
    return replace(requested, ratio=named[0], resolution=named[1], size=kept)


def conflict_of(requested: GenerationInput, model: ModelInfo) -> str | None:
    """The fault of a size whose ratio is not the one that was given too, as a sentence."""
    size = size_in(requested.resolution)
    named = None if size is None else named_in(sizes_of(model), size)
    has_frame = requested.kind is MediaKind.VIDEO and bool(requested.inputs)
    if named is None or has_frame or "ratio" in requested.defaulted or requested.ratio in (None, named[0]):
        return None
    return (
        f"resolution {requested.resolution} has the ratio {named[0]}, but ratio is {requested.ratio}; give one of them."
    )


def hint_for(size: Size, model: ModelInfo) -> str:
    """What to write in place of a size that the model does not make, as the end of a sentence; "" if nobody knows."""
    some = list(sizes_of(model).items())[:_NAMED]
    if some:
        listed = ", ".join(f"{width}x{height} ({ratio})" for (width, height), (ratio, _) in some)
        return f", or width x height of what it makes, such as {listed}"
    shorter = min(size)
    ratios = (ratio for ratio in model.ratios if size in (frame_of(ratio, shorter), frame_of(ratio, shorter + 1)))
    ratio = next(ratios, None)
    return "" if ratio is None else f', and give the ratio "{ratio}"'


def _as_listed(requested: GenerationInput, model: ModelInfo) -> GenerationInput:
    """With "720P" as the model's 720p, and "16：9" or "16/9" as its 16:9."""
    by_word = {resolution.lower(): resolution for resolution in model.resolutions}
    resolution = by_word.get((requested.resolution or "").strip().lower(), requested.resolution)
    ratio = re.sub(r"\s*[：/]\s*", ":", (requested.ratio or "").strip())
    return replace(requested, resolution=resolution, ratio=ratio if ratio in model.ratios else requested.ratio)
