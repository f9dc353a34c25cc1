import pytest

from models.artifacts import Artifact
from models.enums import JobStatus
from services.film.artifacts.state import BuildState, LiveBuild, build_state

ERROR = {"code": "TIMEOUT", "message": "Too slow.", "retryable": True, "upstreamCode": None}
LIVE = LiveBuild(1, JobStatus.RUNNING, 0.25)


def artifact(**values: object) -> Artifact:
    return Artifact(id=1, owner="mira", kind="PICTURE", subject_id=2, **values)


@pytest.mark.parametrize(
    ("made", "live", "expected"),
    [
        (None, None, BuildState(JobStatus.PENDING, 0)),
        (None, LIVE, BuildState(JobStatus.RUNNING, 0.25)),
        (artifact(), None, BuildState(JobStatus.PENDING, 0)),
        (artifact(fingerprint="f"), None, BuildState(JobStatus.SUCCEEDED, 1)),
        (artifact(fingerprint="f"), LIVE, BuildState(JobStatus.RUNNING, 0.25)),
        (artifact(is_pinned=True), None, BuildState(JobStatus.SUCCEEDED, 1)),
        (artifact(fingerprint="f", failed_fingerprint="g", error=ERROR), None, BuildState(JobStatus.FAILED, 0, ERROR)),
        (artifact(failed_fingerprint="g", error=ERROR), LIVE, BuildState(JobStatus.RUNNING, 0.25)),
    ],
)
def test_how_far_an_artifact_is(made: Artifact | None, live: LiveBuild | None, expected: BuildState) -> None:
    assert build_state(made, live) == expected
