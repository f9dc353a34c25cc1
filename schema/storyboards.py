"""Storyboards and their shots."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, FileRole, GridLayout, JobStatus, ShotType
from models.storyboards import Shot as ShotRow
from models.storyboards import Storyboard as StoryboardRow
from schema.assets import Asset
from schema.context import Info
from schema.errors import JobError
from schema.fields import resolved
from schema.files import MediaFile
from schema.links import linked, linked_list
from schema.paging import Connection, Node, child_connection, paged
from schema.records import ImageRecord, record_from_row
from services.film.artifacts.reading import ArtifactKey, ArtifactView
from services.platform.paging import PageRequest
from services.queries.children import SHOTS
from services.queries.orders import SHOT_ORDERS


@strawberry.type(description="One picture of the film with its words.")
class Shot(Node):
    row: strawberry.Private[ShotRow]
    sequence: int = strawberry.field(description="Its place in the storyboard, from 1.")
    title: str = strawberry.field(description="A short title for lists.")
    prompt: str = strawberry.field(description="What the picture shows.")
    shot_type: ShotType = strawberry.field(description="The distance and viewpoint of the camera.")
    narration: str | None = strawberry.field(description="What the narrator says.")
    dialogue: str | None = strawberry.field(description="What the speaker says, after the narrator.")
    speaker: str | None = strawberry.field(description="Who says the dialogue.")
    bgm_hint: str | None = strawberry.field(description="The mood of the music.")
    scene_number: int | None = strawberry.field(description="The scene of the script that it belongs to.")
    duration_seconds: float = strawberry.field(description="How long it is shown, unless its voice needs more.")

    async def _made(self, info: Info) -> ArtifactView:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.PICTURE, self.row.id))

    @resolved("The status of the picture.")
    async def status(self, info: Info) -> JobStatus:
        return (await self._made(info)).state.status

    @resolved("True after editShot, until the shot is generated again.")
    async def needs_regeneration(self, info: Info) -> bool:
        return self.row.id in await info.context.loaders.stale_shots_by_storyboard_id.load(self.row.storyboard_id)

    @resolved("The uncropped picture; for a grid, the grid that it was cut from.")
    async def image(self, info: Info) -> MediaFile | None:
        if self.row.is_single:
            return MediaFile.maybe((await self._made(info)).file())
        loaders = info.context.loaders
        storyboard = await loaders.storyboard_by_id.load(self.row.storyboard_id)
        if storyboard is None or storyboard.grid_layout is GridLayout.SINGLE:
            return MediaFile.maybe((await self._made(info)).file())
        slot = (self.row.sequence - 1) // storyboard.grid_layout.side**2
        grid = await loaders.made_by_key.load(ArtifactKey(ArtifactKind.GRID, storyboard.id, slot))
        return MediaFile.maybe(grid.file())

    @resolved("The picture that later stages use.")
    async def cropped_image(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._made(info)).file())

    @resolved("All pictures generated for the shot.")
    async def candidates(self, info: Info) -> list[MediaFile]:
        return [MediaFile.from_row(row) for row in (await self._made(info)).files.get(FileRole.CANDIDATE, ())]

    @resolved("The assets that the shot shows.")
    async def assets(self, info: Info) -> list[Asset]:
        rows = await info.context.loaders.asset_by_id.load_many([int(asset_id) for asset_id in self.row.asset_ids])
        return [Asset.from_row(row) for row in rows if row is not None]

    @resolved("The record of its picture in the pool; null where no pool made it.")
    async def record(self, info: Info) -> ImageRecord | None:
        record = await linked(info.context.loaders.picture_record_by_shot_id, self.row.id, record_from_row)
        return record if isinstance(record, ImageRecord) else None

    @resolved("Why the picture failed; null if it did not.")
    async def error(self, info: Info) -> JobError | None:
        return JobError.maybe((await self._made(info)).state.error)

    @staticmethod
    def from_row(row: ShotRow) -> "Shot":
        return Shot(
            row=row,
            id=strawberry.ID(row.global_id),
            sequence=row.sequence,
            title=row.title,
            prompt=row.prompt,
            shot_type=row.shot_type,
            narration=row.narration,
            dialogue=row.dialogue,
            speaker=row.speaker,
            bgm_hint=row.bgm_hint,
            scene_number=row.scene_number,
            duration_seconds=row.duration_seconds,
        )


@strawberry.type(description="A picture for each shot of a script.")
class Storyboard(Node):
    row: strawberry.Private[StoryboardRow]
    grid_layout: GridLayout = strawberry.field(description="How many shots one picture holds.")
    created_at: datetime = strawberry.field(description="When it was requested.")

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        return await status_of_target(info, self.row.id)

    @resolved("The pictures that hold several shots, in order; empty where each shot has its own.")
    async def grid_images(self, info: Info) -> list[MediaFile]:
        return await linked_list(info.context.loaders.grid_files_by_storyboard_id, self.row.id, MediaFile.from_row)

    @paged("In order of sequence.", SHOT_ORDERS)
    async def shots(self, info: Info, request: PageRequest) -> Connection[Shot] | None:
        return await child_connection(info, SHOTS, self.row.id, request, Shot.from_row)

    @resolved("How many shots it has.")
    async def shots_count(self, info: Info) -> int:
        return await info.context.loaders.children(SHOTS).count_by_key.load((self.row.id, None))

    @resolved("How many shots have a picture.")
    async def completed_shots(self, info: Info) -> int:
        return await info.context.loaders.made_pictures_by_storyboard_id.load(self.row.id)

    @staticmethod
    def from_row(row: StoryboardRow) -> "Storyboard":
        return Storyboard(
            row=row, id=strawberry.ID(row.global_id), grid_layout=row.grid_layout, created_at=row.created_at
        )


async def status_of_target(info: Info, target_id: int) -> JobStatus:
    """The status of the newest job whose target it is."""
    job = await info.context.loaders.newest_job_by_target_id.load(target_id)
    return JobStatus.PENDING if job is None else job.status


@strawberry.type(description="The changed shot.")
class ShotPayload:
    shot: Shot = strawberry.field(description="The shot as it is now.")

    @staticmethod
    def of(row: ShotRow) -> "ShotPayload":
        return ShotPayload(shot=Shot.from_row(row))
