import pytest

from models.artifacts import Artifact
from models.enums import JobStatus
from services.film.artifacts.state import LiveBuild, Making, making_of

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
