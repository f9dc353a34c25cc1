"""Assets: the characters, props and scenes that shots show."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.enums import ArtifactKind, AssetType, JobStatus, Stage
from models.scripts import Asset as AssetRow
from schema.context import Info
from schema.errors import JobError
from schema.fields import given, resolved
from schema.files import MediaFile
from schema.links import linked
from schema.paging import Connection, Node, child_connection
from services.film.artifacts.reading import ArtifactKey, ArtifactView, TargetKey
from services.platform.paging import PageRequest
from services.queries.children import WORKFLOW_ASSETS


@strawberry.type(description="A character, prop or scene; shots that show it are composed from its design image.")
class Asset(Node):
    row: strawberry.Private[AssetRow]
    type: AssetType = strawberry.field(description="Character, prop or scene.")
    name: str = strawberry.field(description="The name that the text uses.")
    description: str = strawberry.field(description="Its description in the text.")
    prompt: str = strawberry.field(description="The prompt of its design image.")
    voice_id: str | None = strawberry.field(description="The voice that speaks a character.")
    created_at: datetime = strawberry.field(description="When the script introduced it.")

    async def _made(self, info: Info) -> ArtifactView:
        return await info.context.loaders.made_by_key.load(ArtifactKey(ArtifactKind.DESIGN, self.row.id))

    @resolved("The status of the design image.")
    async def status(self, info: Info) -> JobStatus:
        return (await self._made(info)).state.status

    @resolved("True where the design image shows another prompt or reference than the asset has now.")
    async def needs_regeneration(self, info: Info) -> bool:
        stale = await info.context.loaders.stale_by_target.load(TargetKey(Stage.ASSETS, self.row.script_id))
        return (ArtifactKind.DESIGN, self.row.id) in stale

    @resolved("Its design image.")
    async def design_image(self, info: Info) -> MediaFile | None:
        return MediaFile.maybe((await self._made(info)).file())

    @resolved("The reference picture that a person uploaded for its design.")
    async def reference_image(self, info: Info) -> MediaFile | None:
        return await linked(info.context.loaders.file_by_id, self.row.reference_file_id, MediaFile.from_row)

    @resolved("Why the design image failed; null if it did not.")
    async def error(self, info: Info) -> JobError | None:
        return JobError.maybe((await self._made(info)).state.error)

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


OnlyType = Annotated[AssetType | None, strawberry.argument(description="Only this type.")]


async def workflow_assets(
    info: Info, workflow_id: int, only_type: AssetType | None, request: PageRequest
) -> Connection[Asset]:
    """A page of a workflow's assets, newest first. only_type: None or UNSET for all types."""
    only = given(only_type)
    return await child_connection(
        info, WORKFLOW_ASSETS, workflow_id, request, Asset.from_row, None if only is None else only.value
    )


@strawberry.type(description="The assets that a job made.")
class AssetList:
    assets: list[Asset] = strawberry.field(description="In the script's order.")


@strawberry.type(description="The changed asset.")
class AssetPayload:
    asset: Asset = strawberry.field(description="The asset as it is now.")
