"""Current states of rows, read once per change and process for any number of followers.

A follower requests the current state after a change event. Requests share a read that is scheduled but has not
started; a read that has started may miss the change, so the next one is scheduled. A read queries versions first and
then loads only states whose (id, version) nobody in this process still references.
"""

import asyncio
import weakref
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from models.database import execute
from models.enums import ENDED_JOB_STATUSES, ENDED_WORKFLOW_STATUSES, STAGES, JobStatus
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.platform.owned import places
from services.platform.runtime import runtime


class State(Protocol):
    """A row as followers see it. It is shared by all followers and must not be changed."""

    @property
    def id(self) -> int: ...

    @property
    def version(self) -> int: ...

    @property
    def owner(self) -> str: ...

    @property
    def is_ended(self) -> bool: ...


@dataclass(frozen=True, eq=False)
class JobState:
    id: int
    version: int
    owner: str
    is_ended: bool
    job: Job


def deleted_job(seen: JobState) -> JobState | None:
    """The last state of a job that was deleted with its workflow, which had canceled it; None where it had ended."""
    if seen.is_ended:
        return None
    job = copy(seen.job)
    job.status, job.message = JobStatus.CANCELED, "It was deleted with its workflow."
    job.finished_at = datetime.now(UTC)
    return replace(seen, is_ended=True, job=job)


@dataclass(frozen=True, eq=False)
class WorkflowRows:
    id: int
    version: int
    owner: str
    is_ended: bool
    workflow: Workflow
    stages: tuple[WorkflowStage, ...]
    jobs: Mapping[int, Job]
    "The stages' jobs by id."
    is_deleted: bool = False


def deleted_workflow(seen: WorkflowRows) -> WorkflowRows:
    """The last state of a workflow that was deleted."""
    return replace(seen, is_ended=True, is_deleted=True)


S = TypeVar("S", bound=State)


class Present(Generic[S]):
    """The current states of one kind of row. Belongs to one event loop."""

    def __init__(self, table: str, load: Callable[[Sequence[int]], Awaitable[list[S]]]) -> None:
        self._table = table
        self._load = load
        self._cache: weakref.WeakValueDictionary[tuple[int, int], S] = weakref.WeakValueDictionary()
        self._scheduled: tuple[set[int], asyncio.Task[dict[int, S]]] | None = None
        self._read_lock = asyncio.Lock()

    async def states(self, owner: str, ids: Iterable[int]) -> dict[int, S]:
        """Returns the owner's states by id, not older than this call; missing ids and other owners' are left out."""
        wanted = list(ids)
        if self._scheduled is None:
            requested: set[int] = set()
            task = asyncio.create_task(self._read(requested))
            task.add_done_callback(_retrieve_error)
            self._scheduled = requested, task
        requested, task = self._scheduled
        requested.update(wanted)
        states = await asyncio.shield(task)
        return {row_id: states[row_id] for row_id in wanted if row_id in states and states[row_id].owner == owner}

    async def _read(self, requested: set[int]) -> dict[int, S]:
        async with self._read_lock:
            self._scheduled = None
            ids = sorted(requested)
            found = await execute(f"SELECT id, version FROM {self._table} WHERE id IN ({places(ids)})", *ids)
            cached = [self._cache.get((row["id"], row["version"])) for row in found]
            states = {state.id: state for state in cached if state is not None}
            if missing := [row["id"] for row in found if row["id"] not in states]:
                for state in await self._load(missing):
                    states[state.id] = self._cache.setdefault((state.id, state.version), state)
            return states


def _retrieve_error(task: asyncio.Task[object]) -> None:
    """Marks the task's error as retrieved: all requesters may have been canceled, and asyncio would log a warning."""
    if not task.cancelled():
        task.exception()


async def _load_jobs(ids: Sequence[int]) -> list[JobState]:
    return [
        JobState(job.id, job.version, job.owner, job.status in ENDED_JOB_STATUSES, job)
        for job in await Job.filter(id__in=list(ids))
    ]


async def _load_workflows(ids: Sequence[int]) -> list[WorkflowRows]:
    """Reads workflows before stages: the stages are at least as new, so no end appears before its last stage's end."""
    workflows = await Workflow.filter(id__in=list(ids))
    stages: dict[int, list[WorkflowStage]] = defaultdict(list)
    for stage in await WorkflowStage.filter(workflow_id__in=list(ids)):
        stages[stage.workflow_id].append(stage)
    job_ids = [stage.job_id for of_workflow in stages.values() for stage in of_workflow if stage.job_id is not None]
    jobs = {job.id: job for job in await Job.filter(id__in=job_ids)} if job_ids else {}
    return [_rows(workflow, stages[workflow.id], jobs) for workflow in workflows]


def _rows(workflow: Workflow, stages: list[WorkflowStage], jobs: Mapping[int, Job]) -> WorkflowRows:
    return WorkflowRows(
        id=workflow.id,
        version=workflow.version,
        owner=workflow.owner,
        is_ended=workflow.status in ENDED_WORKFLOW_STATUSES,
        workflow=workflow,
        stages=tuple(sorted(stages, key=lambda stage: STAGES.index(stage.stage))),
        jobs={stage.job_id: jobs[stage.job_id] for stage in stages if stage.job_id in jobs},
    )


class PresentJobs(Present[JobState]):
    """Jobs of all owners, for this process's followers."""

    def __init__(self) -> None:
        super().__init__("job", _load_jobs)


class PresentWorkflows(Present[WorkflowRows]):
    """Workflows of all owners, for this process's followers."""

    def __init__(self) -> None:
        super().__init__("workflow", _load_workflows)


def present_jobs() -> Present[JobState]:
    return runtime().state(PresentJobs)


def present_workflows() -> Present[WorkflowRows]:
    return runtime().state(PresentWorkflows)
