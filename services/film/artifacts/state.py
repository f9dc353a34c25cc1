"""The build state of an artifact, derived from its row and its live build."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.artifacts import Artifact
from models.enums import JobStatus


@dataclass(frozen=True)
class LiveBuild:
    """The job that is building an artifact now; there is at most one."""

    job_id: int
    status: JobStatus
    progress: float


@dataclass(frozen=True)
class BuildState:
    """The build state of an artifact. `error` is the stored error, and None unless the status is FAILED."""

    status: JobStatus
    progress: float
    error: Mapping[str, Any] | None = None


def build_state(artifact: Artifact | None, live: LiveBuild | None) -> BuildState:
    """Returns the state of the live build; without one FAILED if the last build failed, SUCCEEDED if the artifact was
    built or pinned, and PENDING otherwise.
    """
    if live is not None:
        return BuildState(live.status, live.progress)
    if artifact is not None:
        if artifact.error is not None and artifact.failed_fingerprint is not None:
            return BuildState(JobStatus.FAILED, 0.0, artifact.error)
        if artifact.fingerprint is not None or artifact.is_pinned:
            return BuildState(JobStatus.SUCCEEDED, 1.0)
    return BuildState(JobStatus.PENDING, 0.0)
