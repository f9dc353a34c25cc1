"""States that are not stored but follow from artifacts and the jobs that make them: pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.artifacts import Artifact
from models.enums import JobStatus


@dataclass(frozen=True)
class LiveBuild:
    """The job that is making an artifact now; there is at most one."""

    job_id: int
    status: JobStatus
    progress: float


@dataclass(frozen=True)
class Making:
    """How far an artifact is. `error`, as stored, is only there while the status is FAILED."""

    status: JobStatus
    progress: float
    error: Mapping[str, Any] | None = None


def making_of(artifact: Artifact | None, live: LiveBuild | None) -> Making:
    """A live build's state; else how the last one failed; else whether there is anything."""
    if live is not None:
        return Making(live.status, live.progress)
    if artifact is not None:
        if artifact.error is not None and artifact.failed_fingerprint is not None:
            return Making(JobStatus.FAILED, 0.0, artifact.error)
        if artifact.fingerprint is not None or artifact.is_pinned:
            return Making(JobStatus.SUCCEEDED, 1.0)
    return Making(JobStatus.PENDING, 0.0)


@dataclass(frozen=True)
class Span:
    """When a shot is shown in its animatic, in seconds from its start."""

    start_seconds: float
    seconds: float


def timetable(planned: Sequence[tuple[int, float]], data: Mapping[str, Any] | None) -> dict[int, Span]:
    """By part id its span: as rendered where `data` of the ANIMATIC artifact tells it, else as planned.

    planned: (part id, the shot's planned seconds) in order. A part that came after the rendering follows the one
    before it.
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
    """The length of an animatic: as rendered, else the sum of what is planned."""
    rendered = (data or {}).get("total_seconds")
    return sum(span.seconds for span in spans.values()) if rendered is None else float(rendered)
