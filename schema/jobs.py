"""Jobs: one piece of asynchronous work each, and the one thing that has progress."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.enums import PRIORITY_RANKS, JobRole, JobStatus, JobType, Priority, Stage
from models.jobs import Job as JobRow
from schema.animatics import Animatic, Speech, load_speech
from schema.assets import Asset, AssetList
from schema.attempts import Attempt, UpstreamTask
from schema.context import Info
from schema.edits import Edit
from schema.errors import JobError
from schema.fields import resolved
from schema.files import MediaFile
from schema.paging import After, Connection, First, Node, child_connection
from schema.records import GenerationRecord, ImageRecord, VideoRecord, maybe_record
from schema.scripts import Script
from schema.storyboards import Storyboard
from schema.videos import Video
from services.queries.children import JOB_CHILDREN
from services.queries.waiting import is_waiting

if TYPE_CHECKING:
    from schema.batches import Batch
    from schema.workflows import Workflow

PRIORITIES = {rank: priority for priority, rank in PRIORITY_RANKS.items()}

JobResult = Annotated[
    ImageRecord | VideoRecord | Script | AssetList | Asset | Storyboard | Animatic | Speech | Video | Edit,
    strawberry.union("JobResult", description="What a job made."),
]


@strawberry.type(description="One piece of asynchronous work.")
class Job(Node):
    row: strawberry.Private[JobRow]
    type: JobType = strawberry.field(description="What it does.")
    status: JobStatus = strawberry.field(description="How far it is.")
    priority: Priority = strawberry.field(description="Which work goes first.")
    stage: Stage | None = strawberry.field(description="The stage that it belongs to.")
    progress: float = strawberry.field(description="From 0 to 1. Never goes back within one run.")
    error: JobError | None = strawberry.field(description="Why it failed, or why it is being tried again.")
    retry_count: int = strawberry.field(description="Times that retryJob, retryBatch or retryWorkflow ran it again.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When work on it began.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @resolved("What is happening, or what it waits for and until when, for people.")
    async def message(self, info: Info) -> str | None:
        if not is_waiting(self.row):
            return str(self.row.message) if self.row.message is not None else None
        return await info.context.loaders.waiting_by_job_id.load(self.row.id)

    @resolved("Each try on one account or provider, oldest first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        return [Attempt.from_row(row) for row in await info.context.loaders.attempts_by_job_id.load(self.row.id)]

    @resolved("The newest state told by upstream, where the job went there.")
    async def upstream(self, info: Info) -> UpstreamTask | None:
        rows = await info.context.loaders.attempts_by_job_id.load(self.row.id)
        return UpstreamTask.of_attempt(rows[-1]) if rows else None

    @resolved("What it made; null until it has succeeded, and for the parts of a stage.")
    async def result(self, info: Info) -> JobResult | None:
        return await load_result(info, self.row)

    @resolved("What this run produced, its parts' files included; never changes afterwards.")
    async def files(self, info: Info) -> list[MediaFile]:
        return [MediaFile.from_row(row) for row in await info.context.loaders.files_by_job_id.load(self.row.id)]

    @resolved("The record that it makes a picture or clip for.")
    async def record(self, info: Info) -> GenerationRecord | None:
        if self.row.record_id is None:
            return None
        return maybe_record(await info.context.loaders.record_by_id.load(self.row.record_id))

    @resolved("The caller's id for the storyboard that it makes a picture or clip for.")
    def storyboard_id(self) -> str | None:
        return str(self.row.params["storyboard_id"]) if self.row.role is JobRole.GENERATE else None

    @resolved("The batch that it is an item of; null where it is of none, or the batch was deleted.")
    async def batch(self, info: Info) -> Annotated["Batch", strawberry.lazy("schema.batches")] | None:
        from schema.batches import Batch

        if self.row.batch_id is None:
            return None
        row = await info.context.loaders.batch_by_id.load(self.row.batch_id)
        return None if row is None else Batch.from_row(row)

    @resolved("The workflow that it is part of.")
    async def workflow(self, info: Info) -> Annotated["Workflow", strawberry.lazy("schema.workflows")] | None:
        from schema.workflows import Workflow

        if self.row.workflow_id is None:
            return None
        row = await info.context.loaders.workflow_by_id.load(self.row.workflow_id)
        return None if row is None else Workflow.from_row(row)

    @resolved("The job that this one is a part of; null for one that somebody or a workflow started.")
    async def parent(self, info: Info) -> "Job | None":
        if self.row.parent_id is None:
            return None
        row = await info.context.loaders.job_by_id.load(self.row.parent_id)
        return None if row is None else Job.from_row(row)

    @resolved("Its parts (one picture, one clip …), oldest first.")
    async def children(
        self, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> Connection["Job"]:
        return await child_connection(info, JOB_CHILDREN, self.row.id, Job.from_row, first=first, after=after)

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


async def load_result(
    info: Info, job: JobRow
) -> ImageRecord | VideoRecord | Script | AssetList | Asset | Storyboard | Animatic | Speech | Video | Edit | None:
    """What a job that has succeeded made, by its type."""
    if job.role is JobRole.GENERATE and job.status is JobStatus.SUCCEEDED and job.record_id is not None:
        return maybe_record(await info.context.loaders.record_by_id.load(job.record_id))
    if job.role is not JobRole.STAGE or job.status is not JobStatus.SUCCEEDED:
        return None
    loaders = info.context.loaders
    if job.type is JobType.ASSETS:
        if (asset_id := job.params.get("only_asset_id")) is not None:
            asset = await loaders.asset_by_id.load(int(asset_id))
            return None if asset is None else Asset.from_row(asset)
        rows = await loaders.assets_by_script_id.load(job.target_id)
        return AssetList(assets=[Asset.from_row(row) for row in rows])
    if job.type is JobType.SPEECH:
        return await load_speech(info, int(job.params["only_part_id"]))
    if job.type is JobType.SCRIPT:
        script = await loaders.script_by_id.load(job.target_id)
        return None if script is None else Script.from_row(script)
    if job.type is JobType.STORYBOARD:
        storyboard = await loaders.storyboard_by_id.load(job.target_id)
        return None if storyboard is None else Storyboard.from_row(storyboard)
    if job.type is JobType.ANIMATIC:
        animatic = await loaders.animatic_by_id.load(job.target_id)
        return None if animatic is None else Animatic.from_row(animatic)
    if job.type is JobType.VIDEO:
        video = await loaders.video_by_id.load(job.target_id)
        return None if video is None else Video.from_row(video)
    if job.type is JobType.EDIT:
        edit = await loaders.edit_by_id.load(job.target_id)
        return None if edit is None else Edit.from_row(edit)
    return None


@strawberry.input(description="Which jobs to list; all conditions hold at once.")
class JobFilter:
    type: list[JobType] | None = strawberry.field(default=strawberry.UNSET, description="Of one of these types.")
    status: list[JobStatus] | None = strawberry.field(default=strawberry.UNSET, description="In one of these states.")
    batch_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Items of this batch, with those that newer ones replaced."
    )
    workflow_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Part of this workflow.")
    created_after: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Asked for after this time."
    )
    created_before: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Asked for before this time."
    )


@strawberry.type(description="The job that does what was asked for.")
class JobPayload:
    job: Job = strawberry.field(description="The job as it is now; jobProgress follows it.")
