"""When each shot of an animatic is shown: as rendered, else as planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Span:
    """When a shot is shown in its animatic, in seconds from its start."""

    start_seconds: float
    seconds: float


def timetable(planned: Sequence[tuple[int, float]], data: Mapping[str, Any] | None) -> dict[int, Span]:
    """Returns the span of each part by its id: as rendered if `data` of the ANIMATIC artifact contains it, else as
    planned.

    planned: (part id, the shot's planned seconds) in order. A part without a rendered span starts at the end of the
    part before it.
    """
    rendered = {
        int(part["part_id"]): Span(float(part["start_seconds"]), float(part["seconds"]))
        for part in (data or {}).get("parts", ())
    }
    spans: dict[int, Span] = {}
    end = 0.0
    for part_id, seconds in planned:
        spans[part_id] = rendered.get(part_id) or Span(end, seconds)
        end = spans[part_id].start_seconds + spans[part_id].seconds
    return spans


def total_seconds(spans: Mapping[int, Span], data: Mapping[str, Any] | None) -> float:
    """Returns the length of an animatic in seconds: as rendered, else the sum of its spans."""
    rendered = (data or {}).get("total_seconds")
    return sum(span.seconds for span in spans.values()) if rendered is None else float(rendered)
