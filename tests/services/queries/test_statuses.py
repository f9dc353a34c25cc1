import pytest

from models.artifacts import Artifact
from models.enums import JobStatus
from services.queries.statuses import LiveBuild, Making, Span, making_of, timetable, total_seconds

ERROR = {"code": "TIMEOUT", "message": "Too slow.", "retryable": True, "upstreamCode": None}
LIVE = LiveBuild(1, JobStatus.RUNNING, 0.25)


def artifact(**values: object) -> Artifact:
    return Artifact(id=1, owner="mira", kind="PICTURE", subject_id=2, **values)


@pytest.mark.parametrize(
    ("made", "live", "expected"),
    [
        (None, None, Making(JobStatus.PENDING, 0)),
        (None, LIVE, Making(JobStatus.RUNNING, 0.25)),
        (artifact(), None, Making(JobStatus.PENDING, 0)),
        (artifact(fingerprint="f"), None, Making(JobStatus.SUCCEEDED, 1)),
        (artifact(fingerprint="f"), LIVE, Making(JobStatus.RUNNING, 0.25)),
        (artifact(is_pinned=True), None, Making(JobStatus.SUCCEEDED, 1)),
        (artifact(fingerprint="f", failed_fingerprint="g", error=ERROR), None, Making(JobStatus.FAILED, 0, ERROR)),
        (artifact(failed_fingerprint="g", error=ERROR), LIVE, Making(JobStatus.RUNNING, 0.25)),
    ],
)
def test_how_far_an_artifact_is(made: Artifact | None, live: LiveBuild | None, expected: Making) -> None:
    assert making_of(made, live) == expected


def test_a_plan_is_the_shots_one_after_another() -> None:
    spans = timetable([(7, 2.0), (8, 3.0)], None)
    assert spans == {7: Span(0, 2), 8: Span(2, 3)}
    assert total_seconds(spans, None) == 5


def test_what_was_rendered_wins_over_the_plan() -> None:
    data = {"total_seconds": 4.5, "parts": [{"part_id": 7, "start_seconds": 0, "seconds": 2.5}]}
    spans = timetable([(7, 2.0), (8, 3.0)], data)
    assert spans == {7: Span(0, 2.5), 8: Span(2.5, 3)}
    assert total_seconds(spans, data) == 4.5
