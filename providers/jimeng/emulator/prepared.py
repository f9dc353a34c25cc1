"""Small stand-ins for results, for load tests: one for each shape and length, marked for each task afterwards."""

from pathlib import Path

from providers.base import ClipOrder
from providers.jimeng.emulator.drafts import Draft

PROMPT = "A girl with long red hair in a white shirt stands on a hill by the sea, daytime, cloudy sky"
_LONGER_SIDE = 160
_CLIP_FPS = 8


def name_of(draft: Draft, image_format: str) -> str:
    """The name of the prepared result for a draft; drafts with the same name share it."""
    width, height = size_of(draft)
    kind = image_format if draft.kind == "IMAGE" else f"mp4-{draft.seconds}"
    return f"small-{width}x{height}-{kind}"


def size_of(draft: Draft) -> tuple[int, int]:
    """The size of the prepared result: small, with even sides."""
    scale = _LONGER_SIDE / max(draft.width, draft.height)
    return max(2, round(draft.width * scale / 2) * 2), max(2, round(draft.height * scale / 2) * 2)


def clip_order(draft: Draft, picture: Path) -> ClipOrder:
    """A clip of the full duration with few and small frames."""
    width, height = size_of(draft)
    return ClipOrder(
        picture=picture,
        prompt=PROMPT,
        shot_type="MEDIUM",
        seconds=float(draft.seconds),
        width=width,
        height=height,
        fps=_CLIP_FPS,
        quality="DRAFT",
    )
