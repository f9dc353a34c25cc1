"""Edits: the cut film."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, FileRole, JobStatus
from models.films import Edit as EditRow
from schema.context import Info
from schema.fields import resolved
from schema.files import MediaFile
from schema.paging import Node
from schema.storyboards import status_of_target
from services.film.artifacts.reading import ArtifactKey, ArtifactView


@strawberry.type(description="The cut film with sound, music and subtitles.")
class Edit(Node):
    row: strawberry.Private[EditRow]
    created_at: datetime = strawberry.field(description="When it was requested.")

    async def _film(self, info: Info) -> ArtifactView:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.FILM, self.row.id))

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        return await status_of_target(info, self.row.id)

    @resolved("The film.")
    async def film(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._film(info)).file())

    @resolved("The subtitles as SubRip, timed to the voice.")
    async def subtitles(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._film(info)).file(FileRole.SUBTITLES))

    @resolved("The subtitles as WebVTT, for players in browsers; null of a film that was cut before there were any.")
    async def subtitles_vtt(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._film(info)).file(FileRole.SUBTITLES_VTT))

    @resolved("A picture for the film's cover.")
    async def poster(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._film(info)).file(FileRole.POSTER))

    @resolved("The film's music: from addBackgroundMusic, else composed.")
    async def background_music(self, info: Info) -> MediaFile | None:
        music = await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.MUSIC, self.row.id))
        return MediaFile.maybe(music.file())

    @resolved("The names of its sound effects.")
    async def audio_effects(self, info: Info) -> list[str]:
        return [str(effect) for effect in (await self._film(info)).data.get("effects", ())]

    @resolved("The film's length; null before it is cut.")
    async def duration_seconds(self, info: Info) -> float | None:
        film = await self._film(info)
        file = film.file()
        seconds = film.data.get("seconds", file.duration_seconds if file is not None else None)
        return None if seconds is None else float(seconds)

    @staticmethod
    def from_row(row: EditRow) -> "Edit":
        return Edit(row=row, id=strawberry.ID(row.global_id), created_at=row.created_at)
