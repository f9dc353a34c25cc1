"""What a stage is to the planner."""

from collections.abc import Mapping
from typing import Protocol

from errors import JobErrorCode, JobFailure
from models.enums import ArtifactKind, JobType, Stage
from models.jobs import Job
from services.film.artifacts.context import Builder
from services.film.artifacts.graph import Node


class NotPreparedError(JobFailure):
    """The rows that a stage's artifacts hang on are not there yet: its job, or one before it, has not begun."""

    def __init__(self) -> None:
        message = "What this is made from has not begun yet: run the stages before it first."
        super().__init__(JobErrorCode.INVALID_INPUT, message, is_retryable=True)


class StageWork(Protocol):
    stage: Stage
    job_type: JobType

    @property
    def makers(self) -> Mapping[ArtifactKind, Builder]:
        """How each kind of artifact of the stage is made."""

    async def prepare(self, job: Job) -> None:
        """Writes the rows that the stage's artifacts hang on, where they are not there yet. In a transaction."""

    async def nodes(self, target_id: int) -> list[Node]:
        """All that the target should have, with the state of what it has. NotPreparedError before `prepare`."""

    async def finish(self, job: Job) -> None:
        """Runs in the transaction in which the stage job succeeds."""
