"""Files as callers see them, with links that this server signs."""

import strawberry

from models.files import StoredFile
from schema.context import Info
from schema.fields import resolved
from schema.paging import Node
from schema.scalars import Long
from services.platform.file_links import file_name


@strawberry.type(
    description="A picture, clip, sound or text that was made or uploaded. Of each owner, the same content is one file."
)
class MediaFile(Node):
    row: strawberry.Private[StoredFile]
    name: str = strawberry.field(
        description="Its file name: of an upload the one it first came with, else one that says what it is; not unique."
    )
    source_url: str | None = strawberry.field(
        description="The external link that the content came from; such links expire."
    )
    content_type: str = strawberry.field(description="Its media type, e.g. image/png.")
    bytes: Long = strawberry.field(description="Its size.")
    width: int | None = strawberry.field(description="Pixels across, of pictures and clips.")
    height: int | None = strawberry.field(description="Pixels down, of pictures and clips.")
    duration_seconds: float | None = strawberry.field(description="The length of clips and sound.")
    sha256: str = strawberry.field(description="The SHA-256 of its content, in hexadecimal.")

    @resolved("A link signed by this server; it expires, and node returns the file with a fresh one.")
    def url(self, info: Info) -> str:
        return info.context.file_url(self.row)

    @staticmethod
    def from_row(row: StoredFile) -> "MediaFile":
        return MediaFile(
            row=row,
            id=strawberry.ID(row.global_id),
            name=file_name(row),
            source_url=row.source_url,
            content_type=row.content_type,
            bytes=Long(row.bytes),
            width=row.width,
            height=row.height,
            duration_seconds=row.duration_seconds,
            sha256=row.sha256,
        )

    @staticmethod
    def maybe(row: StoredFile | None) -> "MediaFile | None":
        return None if row is None else MediaFile.from_row(row)


@strawberry.type(description="An uploaded file.")
class UploadPayload:
    file: MediaFile = strawberry.field(description="The file as it was stored; inputs take its id as an upload id.")
