"""Animatics: the pictures in motion, with speech."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, FileRole, JobStatus, Stage
from models.films import Animatic as AnimaticRow
from models.films import AnimaticPart as PartRow
from schema.context import Info
from schema.fields import resolved
from schema.files import MediaFile
from schema.links import linked
from schema.paging import Connection, Node, child_connection, paged
from schema.storyboards import Shot, status_of_target
from services.film.artifacts.reading import ArtifactKey, ArtifactView, TargetKey
from services.platform.paging import PageRequest
from services.queries.children import ANIMATIC_PARTS
from services.queries.orders import SHOWN_SHOT_ORDERS
from services.queries.timetable import Span, timetable, total_seconds


async def _made(info: Info, kind: ArtifactKind, subject_id: int) -> ArtifactView:
    return await info.context.loaders.made_by_key.load(ArtifactKey(kind, subject_id))


async def _timetable(info: Info, animatic_id: int) -> tuple[dict[int, Span], ArtifactView]:
    planned = await info.context.loaders.planned_seconds_by_animatic_id.load(animatic_id)
    made = await _made(info, ArtifactKind.ANIMATIC, animatic_id)
    return timetable(planned, made.data), made


@strawberry.type(description="A shot in motion, with its speech.")
class AnimaticShot(Node):
    row: strawberry.Private[PartRow]

    @resolved("The shot; null where it is being deleted.")
    async def shot(self, info: Info) -> Shot | None:
        return await linked(info.context.loaders.shot_by_id, self.row.shot_id, Shot.from_row)

    @resolved("True where its motion or speech was made from another picture, time or words than the shot has now.")
    async def needs_regeneration(self, info: Info) -> bool:
        stale = await info.context.loaders.stale_by_target.load(TargetKey(Stage.ANIMATIC, self.row.animatic_id))
        return any((kind, self.row.id) in stale for kind in (ArtifactKind.MOTION, ArtifactKind.SPEECH))

    @resolved("Its picture in motion.")
    async def video(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await _made(info, ArtifactKind.MOTION, self.row.id)).file())

    @resolved("Its speech; null where it has no words.")
    async def audio(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await _made(info, ArtifactKind.SPEECH, self.row.id)).file())

    @resolved("When it starts; the planned time until the animatic is made.")
    async def start_seconds(self, info: Info) -> float:
        return (await self._span(info)).start_seconds

    @resolved("How long it is shown; the planned time until the animatic is made.")
    async def duration_seconds(self, info: Info) -> float:
        return (await self._span(info)).seconds

    async def _span(self, info: Info) -> Span:
        spans, _ = await _timetable(info, self.row.animatic_id)
        return spans.get(self.row.id) or Span(0.0, 0.0)

    @staticmethod
    def from_row(row: PartRow) -> "AnimaticShot":
        return AnimaticShot(row=row, id=strawberry.ID(row.global_id))


@strawberry.type(description="The words of a shot, spoken.")
class Speech:
    row: strawberry.Private[PartRow]
    audio: MediaFile | None = strawberry.field(description="The sound; null where its file was removed.")
    duration_seconds: float | None = strawberry.field(description="Its length; null where it is unknown.")

    @resolved("The shot whose words they are; null where it is being deleted.")
    async def shot(self, info: Info) -> Shot | None:
        return await linked(info.context.loaders.shot_by_id, self.row.shot_id, Shot.from_row)


async def load_speech(info: Info, part_id: int) -> Speech | None:
    part = await info.context.loaders.animatic_part_by_id.load(part_id)
    if part is None:
        return None
    made = await _made(info, ArtifactKind.SPEECH, part_id)
    file = made.file()
    seconds = made.data.get("seconds", None if file is None else file.duration_seconds)
    return Speech(row=part, audio=MediaFile.maybe(file), duration_seconds=None if seconds is None else float(seconds))


@strawberry.type(description="The storyboard in motion with speech: the film's timing, before clips are made.")
class Animatic(Node):
    row: strawberry.Private[AnimaticRow]
    created_at: datetime = strawberry.field(description="When it was requested.")

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        return await status_of_target(info, self.row.id)

    @resolved("True where it was put together from other parts than there are now.")
    async def needs_regeneration(self, info: Info) -> bool:
        stale = await info.context.loaders.stale_by_target.load(TargetKey(Stage.ANIMATIC, self.row.id))
        return (ArtifactKind.ANIMATIC, self.row.id) in stale

    @resolved("All shots in one clip, with sound.")
    async def video(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await _made(info, ArtifactKind.ANIMATIC, self.row.id)).file())

    @resolved("Its sound alone.")
    async def audio(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await _made(info, ArtifactKind.ANIMATIC, self.row.id)).file(FileRole.AUDIO))

    @paged("Its shots, in order of sequence.", SHOWN_SHOT_ORDERS)
    async def shots(self, info: Info, request: PageRequest) -> Connection[AnimaticShot] | None:
        return await child_connection(info, ANIMATIC_PARTS, self.row.id, request, AnimaticShot.from_row)

    @resolved("Its length; the planned one until it is made.")
    async def total_seconds(self, info: Info) -> float:
        spans, made = await _timetable(info, self.row.id)
        return total_seconds(spans, made.data)

    @staticmethod
    def from_row(row: AnimaticRow) -> "Animatic":
        return Animatic(row=row, id=strawberry.ID(row.global_id), created_at=row.created_at)


@strawberry.type(description="The changed animatic.")
class AnimaticPayload:
    animatic: Animatic = strawberry.field(description="The animatic as it is now.")
