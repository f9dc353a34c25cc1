"""The interface between a stage and the planner."""

from collections.abc import Mapping
from typing import Protocol

from errors import JobErrorCode, JobFailure
from models.enums import ArtifactKind, JobType, Stage
from models.jobs import Job
from services.film.artifacts.context import Builder
from services.film.artifacts.graph import Node


class NotPreparedError(JobFailure):
    """The rows that a stage's artifacts belong to do not exist yet: its job, or an earlier one, has not started."""

    def __init__(self) -> None:
        message = "An earlier stage has not started yet. Run the earlier stages first."
        super().__init__(JobErrorCode.INVALID_INPUT, message, is_retryable=True)


class StageWork(Protocol):
    stage: Stage
    job_type: JobType

    @property
    def builders(self) -> Mapping[ArtifactKind, Builder]:
        """The builder of each artifact kind of the stage."""

    async def prepare(self, job: Job) -> None:
        """Creates the rows that the stage's artifacts belong to, if they do not exist. Runs in a transaction."""

    async def nodes(self, target_id: int) -> list[Node]:
        """Returns all artifacts that the target needs, with their states. Raises NotPreparedError before `prepare`."""

    async def finish(self, job: Job) -> None:
        """Runs in the transaction in which the stage job succeeds."""
