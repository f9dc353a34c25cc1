"""Jobs: one piece of asynchronous work each, with progress."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.enums import PRIORITY_RANKS, JobRole, JobStatus, JobType, Priority, Stage
from models.jobs import Job as JobRow
from schema.attempts import Attempt, UpstreamTask
from schema.context import Info
from schema.errors import JobError
from schema.fields import optional, resolved
from schema.files import MediaFile
from schema.job_results import JobResult, load_result, load_target
from schema.links import linked, linked_list
from schema.paging import Connection, Node, child_connection, paged
from schema.records import GenerationRecord, record_from_row
from services.platform.paging import PageRequest
from services.queries.children import JOB_CHILDREN
from services.queries.orders import PART_ORDERS
from services.queries.waiting import is_waiting

if TYPE_CHECKING:
    from schema.batches import Batch
    from schema.workflows import Workflow

PRIORITIES = {rank: priority for priority, rank in PRIORITY_RANKS.items()}


@strawberry.type(description="One piece of asynchronous work.")
class Job(Node):
    row: strawberry.Private[JobRow]
    type: JobType = strawberry.field(description="The type of work.")
    status: JobStatus = strawberry.field(description="Its status.")
    priority: Priority = strawberry.field(description="The scheduling priority; setPriority changes it.")
    stage: Stage | None = strawberry.field(description="The stage that it belongs to.")
    progress: float = strawberry.field(description="From 0 to 1. Never goes back within one run.")
    error: JobError | None = strawberry.field(description="Why it failed, or why it is being retried.")
    retry_count: int = strawberry.field(description="Times that retryJob, retryBatch or retryWorkflow ran it again.")
    created_at: datetime = strawberry.field(description="When it was requested.")
    started_at: datetime | None = strawberry.field(description="When it was started.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @resolved("What it is doing, or what it waits for and until when, as human-readable text.")
    async def message(self, info: Info) -> str | None:
        if not is_waiting(self.row):
            return str(self.row.message) if self.row.message is not None else None
        return await info.context.loaders.waiting_by_job_id.load(self.row.id)

    @resolved(
        "Its place among the caller's waiting pictures or clips, from 1: by priority, moves to the front and age, and "
        "batches take turns. Jobs that wait for other accounts count, too. Null where it does not wait for an account, "
        "or its batch or workflow is paused."
    )
    async def position(self, info: Info) -> int | None:
        return await info.context.loaders.position_by_job_id.load(self.row.id) if is_waiting(self.row) else None

    @resolved("Its attempts on accounts or providers, oldest first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        return await linked_list(info.context.loaders.attempts_by_job_id, self.row.id, Attempt.from_row)

    @resolved("The newest state that upstream reported; null where the job was not submitted.")
    async def upstream(self, info: Info) -> UpstreamTask | None:
        rows = await info.context.loaders.attempts_by_job_id.load(self.row.id)
        return UpstreamTask.of_attempt(rows[-1]) if rows else None

    @resolved("Its result; null until it has succeeded, and for the parts of a stage.")
    async def result(self, info: Info) -> JobResult | None:
        return await load_result(info, self.row)

    @resolved(
        "What it makes or changes, from its beginning on: the script, storyboard, video … of a stage, the record of a "
        "picture or clip, the shot, asset … of a part. Null where that was deleted."
    )
    async def target(self, info: Info) -> Node | None:
        return await load_target(info, self.row)

    @resolved("The files that this run produced, including its parts' files; never changes afterwards.")
    async def files(self, info: Info) -> list[MediaFile]:
        return await linked_list(info.context.loaders.files_by_job_id, self.row.id, MediaFile.from_row)

    @resolved("The record that it generates.")
    async def record(self, info: Info) -> GenerationRecord | None:
        return await linked(info.context.loaders.record_by_id, self.row.record_id, record_from_row)

    @resolved("The caller's id for the storyboard that it generates for.")
    def storyboard_id(self) -> str | None:
        return str(self.row.params["storyboard_id"]) if self.row.role is JobRole.GENERATE else None

    @resolved("The batch that it belongs to; null where there is none, or the batch was deleted.")
    async def batch(self, info: Info) -> Annotated["Batch", strawberry.lazy("schema.batches")] | None:
        from schema.batches import Batch

        return await linked(info.context.loaders.batch_by_id, self.row.batch_id, Batch.from_row)

    @resolved("The workflow that it is part of.")
    async def workflow(self, info: Info) -> Annotated["Workflow", strawberry.lazy("schema.workflows")] | None:
        from schema.workflows import Workflow

        return await linked(info.context.loaders.workflow_by_id, self.row.workflow_id, Workflow.from_row)

    @resolved("The job that this one is part of; null for one that the caller or a workflow started.")
    async def parent(self, info: Info) -> "Job | None":
        return await linked(info.context.loaders.job_by_id, self.row.parent_id, Job.from_row)

    @paged("Its parts (one picture, one clip …), oldest first.", PART_ORDERS)
    async def children(self, info: Info, request: PageRequest) -> Connection["Job"] | None:
        return await child_connection(info, JOB_CHILDREN, self.row.id, request, Job.from_row)

    @staticmethod
    def from_row(row: JobRow) -> "Job":
        return Job(
            row=row,
            id=strawberry.ID(row.global_id),
            type=row.type,
            status=row.status,
            priority=PRIORITIES.get(row.priority_rank, Priority.NORMAL),
            stage=row.stage,
            progress=row.progress,
            error=JobError.maybe(row.error),
            retry_count=row.retry_count,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


@strawberry.input(description="Which jobs to list; all conditions hold at once.")
class JobFilter:
    type: list[JobType] | None = optional("Of one of these types.")
    status: list[JobStatus] | None = optional("In one of these states.")
    batch_id: strawberry.ID | None = optional("Items of this batch, including those that newer ones replaced.")
    workflow_id: strawberry.ID | None = optional("Part of this workflow.")
    created_after: datetime | None = optional("Requested after this time.")
    created_before: datetime | None = optional("Requested before this time.")


@strawberry.type(description="The job that does the requested work.")
class JobPayload:
    job: Job = strawberry.field(description="The job as it is now; jobProgress follows it.")

    @staticmethod
    def of(row: JobRow) -> "JobPayload":
        return JobPayload(job=Job.from_row(row))
