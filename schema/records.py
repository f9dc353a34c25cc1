"""Generation records: the request, where it ran, and its result."""

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.enums import JobStatus, MediaKind, Site
from models.generation import Attempt as AttemptRow
from models.generation import GenerationRecord as RecordRow
from models.generation import RecordVersion as VersionRow
from models.generation_parameters import PARAMETERS
from models.generation_requests import GenerationRequest
from models.jobs import Job as JobRow
from schema import enums as enums
from schema.accounts import Account
from schema.callbacks import CallbackDelivery, deliveries_of
from schema.context import Info
from schema.errors import JobError
from schema.fields import optional, resolved
from schema.files import MediaFile
from schema.generation_parameters import ClipAudio, ImageParameters, Reference, VideoParameters
from schema.links import linked, linked_list
from schema.paging import Connection, Node, child_connection, paged
from services.notifications.statistics.measures import generation_seconds, switch_count
from services.platform.paging import PageRequest
from services.queries.orders import RECORD_VERSION_ORDERS
from services.queries.records import RECORD_VERSIONS

if TYPE_CHECKING:
    from schema.jobs import Job

LazyJob = Annotated["Job", strawberry.lazy("schema.jobs")]


@strawberry.type(description="The caller's own project that a record belongs to.")
class Project:
    project_id: str = strawberry.field(description="The caller's id for it, as inputs take it.")
    name: str | None = strawberry.field(description="The caller's name for it.")


@strawberry.type(description="An earlier result of a record.")
class RecordVersion(Node):
    row: strawberry.Private[VersionRow]
    number: int = strawberry.field(description="From 1, in the order in which results were replaced.")
    prompt: str = strawberry.field(description="The prompt that it was generated from.")
    model: str = strawberry.field(description="The model that made it.")
    created_at: datetime = strawberry.field(description="When it became a version.")

    @resolved("The result.")
    async def files(self, info: Info) -> list[MediaFile]:
        return await linked_list(info.context.loaders.files_by_job_id, self.row.job_id, MediaFile.from_row)

    @staticmethod
    def from_row(row: VersionRow) -> "RecordVersion":
        return RecordVersion(
            row=row,
            id=strawberry.ID(row.global_id),
            number=row.number,
            prompt=row.prompt,
            model=row.model,
            created_at=row.created_at,
        )


@strawberry.interface(
    description="A request, where it ran, and its result. One per storyboard and kind: generating again overwrites it."
)
class GenerationRecord(Node):
    row: strawberry.Private[RecordRow]
    kind: MediaKind = strawberry.field(description="A picture or a clip.")
    project: Project = strawberry.field(description="The caller's project.")
    work_id: str = strawberry.field(description="The caller's id for the work.")
    storyboard_id: str = strawberry.field(description="The caller's id for the storyboard.")
    model: str = strawberry.field(description="The model of the newest request.")
    prompt: str = strawberry.field(description="The content to generate.")
    negative_prompt: str | None = strawberry.field(description="The content to avoid.")
    ratio: str | None = strawberry.field(
        description="Width to height, e.g. 16:9; null where another parameter decides."
    )
    resolution: str | None = strawberry.field(description="E.g. 2k; null where the model takes none.")
    input_images: list[str] = strawberry.field(description="Links and ids, as given.")
    safety_check: bool = strawberry.field(description="Whether a content check was requested.")
    callback_url: str | None = strawberry.field(description="Where the callback of its newest job is sent.")
    reused: bool = strawberry.field(description="True where the result was reused from an earlier request.")
    created_at: datetime = strawberry.field(description="When the storyboard was first generated.")
    updated_at: datetime = strawberry.field(description="When the record last changed.")

    async def _job(self, info: Info) -> JobRow | None:
        job_id = self.row.current_job_id or self.row.shown_job_id
        return None if job_id is None else await info.context.loaders.job_by_id.load(job_id)

    async def _attempts(self, info: Info, job_id: int | None) -> tuple[AttemptRow, ...]:
        return () if job_id is None else await info.context.loaders.attempts_by_job_id.load(job_id)

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        job = await self._job(info)
        return JobStatus.PENDING if job is None else job.status

    @resolved("Why its newest job failed; null if it did not.")
    async def error(self, info: Info) -> JobError | None:
        job = await self._job(info)
        return JobError.maybe(job.error) if job is not None and job.status is JobStatus.FAILED else None

    @resolved("The result; an earlier request's until the newest has succeeded.")
    async def files(self, info: Info) -> list[MediaFile]:
        return await linked_list(info.context.loaders.files_by_job_id, self.row.shown_job_id, MediaFile.from_row)

    @resolved("The file that later stages use: the first, until another is chosen.")
    async def chosen_file(self, info: Info) -> MediaFile | None:
        if self.row.shown_job_id is None:
            return None
        rows = await info.context.loaders.files_by_job_id.load(self.row.shown_job_id)
        chosen = [row for row in rows if row.id == self.row.chosen_file_id] or list(rows)
        return MediaFile.from_row(chosen[0]) if chosen else None

    @resolved("The site of its newest job's last attempt.")
    async def site(self, info: Info) -> Site | None:
        attempts = await self._attempts(info, self.row.current_job_id)
        return attempts[-1].site if attempts else None

    @resolved("How often its newest job changed account or site.")
    async def switch_count(self, info: Info) -> int:
        return switch_count(await self._attempts(info, self.row.current_job_id))

    @resolved("How long its result took, from the first attempt to the end.")
    async def generation_seconds(self, info: Info) -> float | None:
        if self.row.shown_job_id is None:
            return None
        job = await info.context.loaders.job_by_id.load(self.row.shown_job_id)
        return generation_seconds(job, await self._attempts(info, self.row.shown_job_id))

    @resolved("The account of its newest job's last attempt.")
    async def account(self, info: Info) -> Account | None:
        attempts = await self._attempts(info, self.row.current_job_id)
        account_id = attempts[-1].account_id if attempts else None
        return await linked(info.context.loaders.past_account_by_id, account_id, Account.from_row)

    @resolved("The account of its newest job's first attempt.")
    async def original_account(self, info: Info) -> Account | None:
        attempts = await self._attempts(info, self.row.current_job_id)
        account_id = attempts[0].account_id if attempts else None
        return await linked(info.context.loaders.past_account_by_id, account_id, Account.from_row)

    @resolved("The known credit cost of all its jobs; null where nothing is known.")
    async def credits_spent(self, info: Info) -> int | None:
        return (await info.context.loaders.credits_by_record_id.load(self.row.id)).known

    @resolved("Tasks of its jobs whose cost is unknown, and not in creditsSpent.")
    async def credits_unknown_count(self, info: Info) -> int:
        return (await info.context.loaders.credits_by_record_id.load(self.row.id)).unknown_count

    @paged("Earlier results, newest first; generating again never destroys one.", RECORD_VERSION_ORDERS)
    async def versions(self, info: Info, request: PageRequest) -> Connection[RecordVersion] | None:
        return await child_connection(info, RECORD_VERSIONS, self.row.id, request, RecordVersion.from_row)

    @resolved("Its callback deliveries, newest first, at most 100.")
    async def callback_deliveries(self, info: Info) -> list[CallbackDelivery]:
        return await deliveries_of(info, "record", self.row.id)

    @resolved("Its newest job.")
    async def job(self, info: Info) -> LazyJob | None:
        from schema.jobs import Job

        job = await self._job(info)
        return None if job is None else Job.from_row(job)


@strawberry.type(description="A picture that was generated for a storyboard.")
class ImageRecord(GenerationRecord, ImageParameters):
    pass


@strawberry.type(description="A clip that was generated for a storyboard.")
class VideoRecord(GenerationRecord, VideoParameters):
    pass


# The request parameters that each type shows.
_NAMES = {
    kind: [field.name for field in fields(kind) if field.name in PARAMETERS] for kind in (ImageRecord, VideoRecord)
}


def record_from_row(row: RecordRow) -> ImageRecord | VideoRecord:
    """The record as the type of its kind."""
    kind = ImageRecord if row.kind is MediaKind.IMAGE else VideoRecord
    request = GenerationRequest.from_json(row.params)
    values: dict[str, Any] = {
        **{name: getattr(request, name) for name in _NAMES[kind] if name != "references"},
        "prompt": row.prompt,
        "input_images": [image.given for image in request.inputs],
        "safety_check": request.safety_check is True,
    }
    if kind is VideoRecord:
        seconds = request.duration_seconds
        values |= {
            "duration_seconds": None if seconds is None else float(seconds),
            "clip_audio": ClipAudio.maybe(request.audio),
            "references": [Reference.of(reference) for reference in request.references],
        }
    return kind(
        row=row,
        id=strawberry.ID(row.global_id),
        kind=row.kind,
        project=Project(project_id=row.project_id, name=row.project_name),
        work_id=row.work_id,
        storyboard_id=row.storyboard_id,
        model=row.model,
        callback_url=row.callback_url,
        reused=row.is_reused,
        created_at=row.created_at,
        updated_at=row.updated_at,
        **values,
    )


def maybe_record(row: RecordRow | None) -> ImageRecord | VideoRecord | None:
    return None if row is None else record_from_row(row)


@strawberry.type(description="A storyboard with its newest record.")
class StoryboardRecord:
    storyboard_id: str = strawberry.field(description="The storyboard id, as requested.")
    record: GenerationRecord | None = strawberry.field(description="Its record; null where there is none.")


@strawberry.type(description="The changed record.")
class RecordPayload:
    record: GenerationRecord = strawberry.field(description="The record as it is now.")

    @staticmethod
    def of(row: RecordRow) -> "RecordPayload":
        return RecordPayload(record=record_from_row(row))


@strawberry.input(description="Which records to list; all conditions hold at once.")
class RecordFilter:
    kind: MediaKind | None = optional("Pictures or clips.")
    work_id: str | None = optional("Of this work.")
    project_id: str | None = optional("Of this project.")
    storyboard_ids: list[str] | None = optional("Of one of these storyboards, at most 1000.")
    batch_id: strawberry.ID | None = optional("Items of this batch.")
    status: list[JobStatus] | None = optional("Whose newest job is in one of these states.")
    model: str | None = optional("Of this model.")
    prompt_contains: str | None = optional("With this text in the prompt; case does not matter.")
    created_after: datetime | None = optional("First generated after this time.")
    created_before: datetime | None = optional("First generated before this time.")
