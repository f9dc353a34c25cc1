"""What all shots of a script share: its people with their looks, its things, its style and its lengths."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.offline.writing.people import Cast


@dataclass(frozen=True)
class Design:
    """What all shots of a script share: cast, looks by person, props, the style in words."""

    cast: Cast
    looks: Mapping[str, tuple[str, ...]]
    props: tuple[str, ...]
    style: str | None
    tone: str | None
    min_seconds: float
    max_seconds: float
