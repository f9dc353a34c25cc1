"""Assets: the characters, props and scenes that shots show."""

from datetime import datetime

import strawberry

from models.enums import ArtifactKind, AssetType, JobStatus
from models.scripts import Asset as AssetRow
from schema.context import Info
from schema.errors import JobError
from schema.fields import resolved
from schema.files import MediaFile
from schema.paging import Node
from services.film.artifacts.reading import ArtifactKey, Made


@strawberry.type(description="Somebody, a thing or a place; shots that show it are composed from its design image.")
class Asset(Node):
    row: strawberry.Private[AssetRow]
    type: AssetType = strawberry.field(description="Character, prop or scene.")
    name: str = strawberry.field(description="The name that the text uses.")
    description: str = strawberry.field(description="What it is like, from the text.")
    prompt: str = strawberry.field(description="What its design image is drawn from.")
    voice_id: str | None = strawberry.field(description="The voice that speaks a character.")
    created_at: datetime = strawberry.field(description="When the script named it.")

    async def _made(self, info: Info) -> Made:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.DESIGN, self.row.id))

    @resolved("How far the design image is.")
    async def status(self, info: Info) -> JobStatus:
        return (await self._made(info)).making.status

    @resolved("How it looks.")
    async def design_image(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._made(info)).file())

    @resolved("A picture that a person gave to design it by.")
    async def reference_image(self, info: Info) -> MediaFile | None:
        if self.row.reference_file_id is None:
            return None
        return MediaFile.maybe(await info.context.loaders.file_by_id.load(self.row.reference_file_id))

    @resolved("Why the design image failed, where it did.")
    async def error(self, info: Info) -> JobError | None:
        return JobError.maybe((await self._made(info)).making.error)

    @staticmethod
    def from_row(row: AssetRow) -> "Asset":
        return Asset(
            row=row,
            id=strawberry.ID(row.global_id),
            type=row.type,
            name=row.name,
            description=row.description,
            prompt=row.prompt,
            voice_id=row.voice_id,
            created_at=row.created_at,
        )


@strawberry.type(description="The assets that a job made.")
class AssetList:
    assets: list[Asset] = strawberry.field(description="In the script's order.")


@strawberry.type(description="The changed asset.")
class AssetPayload:
    asset: Asset = strawberry.field(description="The asset as it is now.")
