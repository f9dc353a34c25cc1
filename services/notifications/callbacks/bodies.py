"""The JSON bodies of callbacks, as pure functions. Names are in snake_case, as studios' receivers expect them.

A body refers to a file by its id (`link(file_id)`); delivery replaces it by a signed link (`with_links`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.enums import JobStatus

FILE = "$file"
SUCCESS = "success"
FAILED = "failed"
CANCELED = "canceled"
SKIPPED = "skipped"

STATUS_NAMES = {JobStatus.SUCCEEDED: SUCCESS, JobStatus.FAILED: FAILED, JobStatus.CANCELED: CANCELED}

Body = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """The result of one storyboard. error: as stored in the job."""

    storyboard_id: str
    status: str
    file_ids: Sequence[int] = ()
    error: Mapping[str, Any] | None = None


def batch_body(
    event: str, batch_id: str, project_id: str, work_id: str, total: int, results: Sequence[Result], at: datetime
) -> Body:
    """The body of a batch event. total: all requested items. Its success_rate excludes skipped items; it is 1 if all
    were skipped.
    """
    counts = Counter(result.status for result in results)
    tried = total - counts[SKIPPED]
    return {
        "type": event,
        "event": event,
        "batch_id": batch_id,
        "project_id": project_id,
        "work_id": work_id,
        "summary": {
            "total": total,
            "success": counts[SUCCESS],
            "failed": counts[FAILED],
            "success_rate": round(counts[SUCCESS] / tried, 4) if tried else 1.0,
        },
        "results": [_result(result) for result in results],
        "timestamp": moment(at),
    }


def record_body(
    event: str, record_id: str, job_id: str, kind: str, project_id: str, work_id: str, result: Result, at: datetime
) -> Body:
    """The body of a record event. kind: IMAGE or VIDEO."""
    return {
        "type": event,
        "event": event,
        "record_id": record_id,
        "job_id": job_id,
        "kind": kind,
        "project_id": project_id,
        "work_id": work_id,
        **_result(result),
        "timestamp": moment(at),
    }


def workflow_body(
    event: str,
    workflow_id: str,
    name: str,
    status: str,
    film: Mapping[str, int | None],
    error: Mapping[str, Any] | None,
    at: datetime,
) -> Body:
    """The body of a workflow event. film: file ids by role (film, subtitles …); empty if there is no film."""
    return {
        "type": event,
        "event": event,
        "workflow_id": workflow_id,
        "name": name,
        "status": status,
        "urls": {role: None if file_id is None else link(file_id) for role, file_id in film.items()},
        "error": error_body(error),
        "timestamp": moment(at),
    }


def _result(result: Result) -> Body:
    return {
        "storyboard_id": result.storyboard_id,
        "status": result.status,
        "urls": [link(file_id) for file_id in dict.fromkeys(result.file_ids)],
        "error": error_body(result.error),
    }


def error_body(error: Mapping[str, Any] | None) -> Body | None:
    if error is None:
        return None
    return {
        "code": error.get("code"),
        "message": error.get("message"),
        "retryable": bool(error.get("retryable")),
        "upstream_code": error.get("upstreamCode"),
    }


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---------------------------------------------------------------- links


def link(file_id: int) -> Body:
    return {FILE: file_id}


def file_ids_in(body: Any) -> set[int]:
    """The ids of all files that a body refers to."""
    if isinstance(body, Mapping):
        if body.keys() == {FILE}:
            return {int(body[FILE])}
        return set().union(*(file_ids_in(value) for value in body.values()))
    if isinstance(body, list):
        return set().union(*(file_ids_in(value) for value in body))
    return set()


def with_links(body: Any, urls: Mapping[int, str]) -> Any:
    """The body with file references replaced by URLs. A deleted file is dropped from a list and null elsewhere."""
    if isinstance(body, Mapping):
        if body.keys() == {FILE}:
            return urls.get(int(body[FILE]))
        return {name: with_links(value, urls) for name, value in body.items()}
    if isinstance(body, list):
        return [with_links(value, urls) for value in body if not _is_gone(value, urls)]
    return body


def _is_gone(value: Any, urls: Mapping[int, str]) -> bool:
    return isinstance(value, Mapping) and value.keys() == {FILE} and int(value[FILE]) not in urls
