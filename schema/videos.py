"""Videos: a clip for each shot."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, JobStatus, Stage
from models.films import Video as VideoRow
from models.films import VideoSegment as SegmentRow
from schema.context import Info
from schema.errors import JobError
from schema.fields import resolved
from schema.files import MediaFile
from schema.links import linked
from schema.paging import Connection, Node, child_connection, paged
from schema.storyboards import Shot, status_of_target
from services.film.artifacts.reading import ArtifactKey, ArtifactView, TargetKey
from services.platform.paging import PageRequest
from services.queries.children import VIDEO_SEGMENTS
from services.queries.orders import SHOWN_SHOT_ORDERS


@strawberry.type(description="The clip of a shot.")
class VideoSegment(Node):
    row: strawberry.Private[SegmentRow]

    async def _made(self, info: Info) -> ArtifactView:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.CLIP, self.row.id))

    @resolved("The shot that it shows; null where it is being deleted.")
    async def shot(self, info: Info) -> Shot | None:
        return await linked(info.context.loaders.shot_by_id, self.row.shot_id, Shot.from_row)

    @resolved("The status of the clip.")
    async def status(self, info: Info) -> JobStatus:
        return (await self._made(info)).state.status

    @resolved("True where the clip was made from another picture, prompt or time than the shot has now.")
    async def needs_regeneration(self, info: Info) -> bool:
        stale = await info.context.loaders.stale_by_target.load(TargetKey(Stage.VIDEO, self.row.video_id))
        return (ArtifactKind.CLIP, self.row.id) in stale

    @resolved("From 0 to 1.")
    async def progress(self, info: Info) -> float:
        return (await self._made(info)).state.progress

    @resolved("The clip.")
    async def video(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._made(info)).file())

    @resolved("Its length; the shot's, until it is made; null where the shot is being deleted.")
    async def duration_seconds(self, info: Info) -> float | None:
        seconds = (await self._made(info)).data.get("seconds")
        if seconds is not None:
            return float(seconds)
        shot = await info.context.loaders.shot_by_id.load(self.row.shot_id)
        return None if shot is None else shot.duration_seconds

    @resolved("Why the clip failed; null if it did not.")
    async def error(self, info: Info) -> JobError | None:
        return JobError.maybe((await self._made(info)).state.error)

    @staticmethod
    def from_row(row: SegmentRow) -> "VideoSegment":
        return VideoSegment(row=row, id=strawberry.ID(row.global_id))


@strawberry.type(description="A clip for each shot of an animatic.")
class Video(Node):
    row: strawberry.Private[VideoRow]
    created_at: datetime = strawberry.field(description="When it was requested.")

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        return await status_of_target(info, self.row.id)

    @resolved("Of its newest job, from 0 to 1.")
    async def progress(self, info: Info) -> float:
        job = await info.context.loaders.newest_job_by_target_id.load(self.row.id)
        return 0.0 if job is None else job.progress

    @resolved("How many clips it has.")
    async def total_segments(self, info: Info) -> int:
        return await info.context.loaders.children(VIDEO_SEGMENTS).count_by_key.load((self.row.id, None))

    @resolved("How many clips are made.")
    async def completed_segments(self, info: Info) -> int:
        return await info.context.loaders.made_clips_by_video_id.load(self.row.id)

    @paged("Its clips, in order of sequence.", SHOWN_SHOT_ORDERS)
    async def segments(self, info: Info, request: PageRequest) -> Connection[VideoSegment] | None:
        return await child_connection(info, VIDEO_SEGMENTS, self.row.id, request, VideoSegment.from_row)

    @staticmethod
    def from_row(row: VideoRow) -> "Video":
        return Video(row=row, id=strawberry.ID(row.global_id), created_at=row.created_at)
