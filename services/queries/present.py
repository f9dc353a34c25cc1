"""Present states for followers: read once for each change in this process, however many follow it.

A follower that was told of a change asks for the present state. Whoever asks while a reading is planned but has not
begun shares it; one that has begun may have missed the change, so the next is planned. A reading looks at versions
first and then loads only states whose (id, version) nobody in this process holds.
"""

import asyncio
import weakref
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from models.database import execute
from models.enums import ENDED_JOB_STATUSES, ENDED_WORKFLOW_STATUSES, STAGES
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.platform.owned import places
from services.platform.runtime import runtime


class State(Protocol):
    """A row as followers see it. Shared by all of them: nobody changes it."""

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


S = TypeVar("S", bound=State)


class Present(Generic[S]):
    """The present states of one kind of row. Belongs to one event loop."""

    def __init__(self, table: str, load: Callable[[Sequence[int]], Awaitable[list[S]]]) -> None:
        self._table = table
        self._load = load
        self._held: weakref.WeakValueDictionary[tuple[int, int], S] = weakref.WeakValueDictionary()
        self._planned: tuple[set[int], asyncio.Task[dict[int, S]]] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def states(self, owner: str, ids: Iterable[int]) -> dict[int, S]:
        """The owner's states among `ids`, not older than this call."""
        wanted = list(ids)
        if self._planned is None:
            asked: set[int] = set()
            task = asyncio.create_task(self._read(asked))
            task.add_done_callback(_take_error)
            self._planned = asked, task
        asked, task = self._planned
        asked.update(wanted)
        states = await asyncio.shield(task)
        return {row_id: states[row_id] for row_id in wanted if row_id in states and states[row_id].owner == owner}

    async def _read(self, asked: set[int]) -> dict[int, S]:
        async with self._one_at_a_time:
            self._planned = None
            ids = sorted(asked)
            found = await execute(f"SELECT id, version FROM {self._table} WHERE id IN ({places(ids)})", *ids)
            held = [self._held.get((row["id"], row["version"])) for row in found]
            states = {state.id: state for state in held if state is not None}
            if missing := [row["id"] for row in found if row["id"] not in states]:
                for state in await self._load(missing):
                    states[state.id] = self._held.setdefault((state.id, state.version), state)
            return states


def _take_error(task: asyncio.Task[object]) -> None:
    """Everybody who asked may be gone by now; then nobody else would look at the error."""
    if not task.cancelled():
        task.exception()


async def _load_jobs(ids: Sequence[int]) -> list[JobState]:
    return [
        JobState(job.id, job.version, job.owner, job.status in ENDED_JOB_STATUSES, job)
        for job in await Job.filter(id__in=list(ids))
    ]


async def _load_workflows(ids: Sequence[int]) -> list[WorkflowRows]:
    """The workflow first: its stages are then at least as new, and no end is told before the stages that led to it."""
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
