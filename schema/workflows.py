"""Workflows: a text that is turned into a film in six stages."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import strawberry

from models.enums import GridLayout, InputType, Priority, Quality, Stage, WorkflowStatus
from models.files import StoredFile
from models.workflows import Workflow as WorkflowRow
from models.workflows import WorkflowStage as StageRow
from schema.animatics import Animatic
from schema.assets import Asset, OnlyType, workflow_assets
from schema.callbacks import CallbackDelivery, deliveries_of
from schema.context import Info
from schema.edits import Edit
from schema.errors import JobError
from schema.fields import optional, resolved
from schema.files import MediaFile
from schema.jobs import PRIORITIES, Job
from schema.links import linked, linked_list
from schema.paging import Connection, Node, child_connection, paged
from schema.records import Project
from schema.scalars import JSON
from schema.scripts import Script
from schema.storyboards import Storyboard
from schema.videos import Video
from services.platform.paging import PageRequest
from services.queries.children import WORKFLOW_JOBS
from services.queries.film_length import length_warnings
from services.queries.orders import ASSET_ORDERS, JOB_ORDERS

CURRENT_STAGE = (
    "The stage that is running, has failed or was canceled, or is next: while paused between two stages, the one that "
    "resumeWorkflow goes on with. Null where all are done."
)


@strawberry.type(description="The workflow's options, with defaults filled in.")
class WorkflowOptions:
    text_provider: str = strawberry.field(description="Writes the script.")
    image_provider: str = strawberry.field(description="Draws.")
    video_provider: str = strawberry.field(description="Makes the clips.")
    speech_provider: str = strawberry.field(description="Speaks.")
    text_model: str | None = strawberry.field(description="The text provider's model; null: its default.")
    image_model: str | None = strawberry.field(description="The image provider's model; null: its default.")
    video_model: str | None = strawberry.field(description="The video provider's model; null: its default.")
    voice_id: str | None = strawberry.field(description="The narrator's; characters get others.")
    allow_fallback: bool = strawberry.field(description="Whether another provider may replace one that fails.")
    style: str | None = strawberry.field(description="The style of the pictures.")
    tone: str | None = strawberry.field(description="The narrative tone.")
    duration_hint_seconds: float | None = strawberry.field(description="About how long the film is to be.")
    language: str | None = strawberry.field(description="The film's language; null: the text's.")
    ratio: str = strawberry.field(description="Width to height, e.g. 16:9.")
    resolution: str = strawberry.field(description="The shorter side, e.g. 720p.")
    target_shots: int | None = strawberry.field(description="About how many shots there are to be.")
    grid_layout: GridLayout = strawberry.field(description="How many shots one picture holds.")
    shot_seconds_min: float = strawberry.field(description="No shot is shorter.")
    shot_seconds_max: float = strawberry.field(description="No shot is longer, unless its voice needs it.")
    quality: Quality = strawberry.field(description="The quality of clips and film, against speed.")
    subtitles: bool = strawberry.field(description="Whether the film has subtitles as a track and a file.")
    burn_subtitles: bool = strawberry.field(description="Whether subtitles are also drawn into the picture.")
    background_music: bool = strawberry.field(description="Whether there is music under the film.")
    music_style: str | None = strawberry.field(description="What the music is like.")
    credit_budget: int | None = strawberry.field(description="The workflow pauses before it would spend more.")
    pause_after: list[Stage] = strawberry.field(
        description="It pauses after each of these stages for review; resumeWorkflow continues."
    )
    preferences: JSON | None = strawberry.field(description="The caller's own data, as it was given.")

    @staticmethod
    def from_stored(stored: Mapping[str, Any]) -> "WorkflowOptions":
        options = {name: stored.get(name) for name in WorkflowOptions.__dataclass_fields__}
        options["grid_layout"] = GridLayout(stored["grid_layout"])
        options["quality"] = Quality(stored["quality"])
        options["pause_after"] = [Stage(stage) for stage in stored.get("pause_after") or ()]
        return WorkflowOptions(**options)  # type: ignore[arg-type]


@strawberry.type(description="The progress of a stage in the workflow's present run.")
class StageProgress(Node):
    row: strawberry.Private[StageRow]
    stage: Stage = strawberry.field(description="Which stage.")
    status: WorkflowStatus = strawberry.field(description="Its state.")
    progress: float = strawberry.field(description="From 0 to 1.")
    started_at: datetime | None = strawberry.field(description="When it was started.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    error: JobError | None = strawberry.field(description="Why it failed; null if it did not.")

    @resolved("The job that does it.")
    async def job(self, info: Info) -> Job | None:
        return await linked(info.context.loaders.job_by_id, self.row.job_id, Job.from_row)

    @staticmethod
    def from_row(row: StageRow) -> "StageProgress":
        return StageProgress(
            row=row,
            id=strawberry.ID(row.global_id),
            stage=row.stage,
            status=row.status,
            progress=row.progress,
            started_at=row.started_at,
            finished_at=row.finished_at,
            error=JobError.maybe(row.error),
        )


@strawberry.type(description="The text that a workflow is made from.")
class WorkflowSource:
    row: strawberry.Private[StoredFile]

    @resolved("The text; null where it is longer than 64 KB, and then only in the file.")
    async def text(self, info: Info) -> str | None:
        return await info.context.loaders.text_by_file.load(self.row)

    @resolved("The text as a file in UTF-8, whatever the file was that it was read from.")
    def file(self) -> MediaFile:
        return MediaFile.from_row(self.row)

    @staticmethod
    def from_row(row: StoredFile) -> "WorkflowSource":
        return WorkflowSource(row=row)


@strawberry.type(description="A text that is turned into a film in six stages.")
class Workflow(Node):
    row: strawberry.Private[WorkflowRow]
    name: str = strawberry.field(description="The caller's name for it.")
    input_type: InputType = strawberry.field(description="The kind of its input text.")
    status: WorkflowStatus = strawberry.field(description="Its status.")
    pause_reason: str | None = strawberry.field(
        description="Why the server paused it: its budget; null where a person did."
    )
    priority: Priority = strawberry.field(description="The scheduling priority of its jobs; setPriority changes it.")
    current_stage: Stage | None = strawberry.field(description=CURRENT_STAGE)
    progress: float = strawberry.field(description="From 0 to 1 over all stages. Never goes back within one run.")
    project: Project = strawberry.field(description="The caller's project.")
    error: JobError | None = strawberry.field(description="Why it failed; null if it did not.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @resolved("Its options, with defaults filled in.")
    def options(self) -> WorkflowOptions:
        return WorkflowOptions.from_stored(self.row.options)

    @resolved("The text that it is made from, as it was given inline or read from the file.")
    async def source(self, info: Info) -> WorkflowSource | None:
        return await linked(info.context.loaders.source_by_workflow_id, self.row.id, WorkflowSource.from_row)

    @resolved(
        "The estimated end, by the progress of its stages and by what such stages took before. Null where it has ended "
        "or is paused, or where nothing is known yet."
    )
    async def estimated_completion(self, info: Info) -> datetime | None:
        seconds = await info.context.loaders.seconds_left_by_workflow_id.load(self.row.id)
        return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)

    @resolved(
        "The known credits that its pictures and clips cost; 0 where nothing is made by a pool, null where nothing is"
        " known of what was spent."
    )
    async def credits_spent(self, info: Info) -> int | None:
        return (await info.context.loaders.credits_by_workflow_id.load(self.row.id)).known

    @resolved("Tasks of it whose cost is unknown, and not in creditsSpent.")
    async def credits_unknown_count(self, info: Info) -> int:
        return (await info.context.loaders.credits_by_workflow_id.load(self.row.id)).unknown_count

    @resolved("What became of durationHintSeconds and targetShots, where its newest script gives something else.")
    async def warnings(self, info: Info) -> list[str]:
        script = await info.context.loaders.script_by_workflow_id.load(self.row.id)
        if script is None:
            return []
        return length_warnings(script.options, await info.context.loaders.length_by_script_id.load(script.id))

    @resolved("Its callback deliveries, newest first, at most 100.")
    async def callback_deliveries(self, info: Info) -> list[CallbackDelivery]:
        return await deliveries_of(info, "workflow", self.row.id)

    @resolved("The six stages, in order.")
    async def stages(self, info: Info) -> list[StageProgress]:
        return await linked_list(info.context.loaders.stages_by_workflow_id, self.row.id, StageProgress.from_row)

    @resolved("Its newest script.")
    async def script(self, info: Info) -> Script | None:
        return await linked(info.context.loaders.script_by_workflow_id, self.row.id, Script.from_row)

    @paged("Its characters, props and scenes, newest first.", ASSET_ORDERS)
    async def assets(
        self, info: Info, request: PageRequest, type: OnlyType = strawberry.UNSET
    ) -> Connection[Asset] | None:
        return await workflow_assets(info, self.row.id, type, request)

    @resolved("Its newest storyboard.")
    async def storyboard(self, info: Info) -> Storyboard | None:
        return await linked(info.context.loaders.storyboard_by_workflow_id, self.row.id, Storyboard.from_row)

    @resolved("Its newest animatic.")
    async def animatic(self, info: Info) -> Animatic | None:
        return await linked(info.context.loaders.animatic_by_workflow_id, self.row.id, Animatic.from_row)

    @resolved("Its newest video.")
    async def video(self, info: Info) -> Video | None:
        return await linked(info.context.loaders.video_by_workflow_id, self.row.id, Video.from_row)

    @resolved("Its newest edit: the film.")
    async def edit(self, info: Info) -> Edit | None:
        return await linked(info.context.loaders.edit_by_workflow_id, self.row.id, Edit.from_row)

    @paged("The jobs of its stages, newest first; each lists its parts as children.", JOB_ORDERS)
    async def jobs(self, info: Info, request: PageRequest) -> Connection[Job] | None:
        return await child_connection(info, WORKFLOW_JOBS, self.row.id, request, Job.from_row)

    @staticmethod
    def from_row(row: WorkflowRow) -> "Workflow":
        return Workflow(
            row=row,
            id=strawberry.ID(row.global_id),
            name=row.name,
            input_type=row.input_type,
            status=row.status,
            pause_reason=row.pause_reason,
            priority=PRIORITIES.get(row.priority_rank, Priority.NORMAL),
            current_stage=row.current_stage,
            progress=row.progress,
            project=Project(project_id=row.project_id, name=row.project_name),
            error=JobError.maybe(row.error),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.input(description="Which workflows to list; all conditions hold at once.")
class WorkflowFilter:
    status: list[WorkflowStatus] | None = optional("In one of these states.")
    stage: Stage | None = optional("At this stage.")
    project_id: str | None = optional("Of this project.")
    name_contains: str | None = optional("With this text in the name; case does not matter.")


@strawberry.type(description="The created or changed workflow.")
class WorkflowPayload:
    workflow: Workflow = strawberry.field(description="The workflow as it is now; workflowEvents follows it.")
    warnings: list[str] = strawberry.field(
        description="Of createWorkflow and resumeWorkflow: how its creditBudget is kept where a price is unknown."
    )

    @staticmethod
    def of(row: WorkflowRow, warnings: Sequence[str] = ()) -> "WorkflowPayload":
        return WorkflowPayload(workflow=Workflow.from_row(row), warnings=list(warnings))
