"""Data shared by all shots of a script: people and looks, props, style and durations."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.offline.writing.people import Cast


@dataclass(frozen=True)
class Design:
    """Data shared by all shots of a script. The style is in words; looks are by person."""

    cast: Cast
    looks: Mapping[str, tuple[str, ...]]
    props: tuple[str, ...]
    style: str | None
    tone: str | None
    min_seconds: float
    max_seconds: float
