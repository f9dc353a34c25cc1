"""Edits: the cut film."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, FileRole, JobStatus, Stage
from models.films import Edit as EditRow
from schema.context import Info
from schema.fields import resolved
from schema.files import MediaFile
from schema.paging import Node
from schema.storyboards import status_of_target
from services.film.artifacts.reading import ArtifactKey, ArtifactView, TargetKey
from services.queries.film_length import length_warnings


@strawberry.type(description="The cut film with sound, music and subtitles.")
class Edit(Node):
    row: strawberry.Private[EditRow]
    created_at: datetime = strawberry.field(description="When it was requested.")

    async def _film(self, info: Info) -> ArtifactView:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.FILM, self.row.id))

    @resolved("The status of its newest job.")
    async def status(self, info: Info) -> JobStatus:
        return await status_of_target(info, self.row.id)

    @resolved("True where the film was cut from other clips, voices, music or options than there are now.")
    async def needs_regeneration(self, info: Info) -> bool:
        stale = await info.context.loaders.stale_by_target.load(TargetKey(Stage.EDIT, self.row.id))
        return (ArtifactKind.FILM, self.row.id) in stale

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
        return await self._seconds(info)

    async def _seconds(self, info: Info) -> float | None:
        film = await self._film(info)
        file = film.file()
        seconds = film.data.get("seconds", file.duration_seconds if file is not None else None)
        return None if seconds is None else float(seconds)

    @resolved("What became of the workflow's durationHintSeconds and targetShots, where the film is otherwise.")
    async def warnings(self, info: Info) -> list[str]:
        seconds, workflow_id = await self._seconds(info), self.row.workflow_id
        if seconds is None or workflow_id is None:
            return []
        script = await info.context.loaders.script_by_workflow_id.load(workflow_id)
        if script is None:
            return []
        length = await info.context.loaders.length_by_script_id.load(script.id)
        return length_warnings(script.options, length, seconds)

    @staticmethod
    def from_row(row: EditRow) -> "Edit":
        return Edit(row=row, id=strawberry.ID(row.global_id), created_at=row.created_at)
