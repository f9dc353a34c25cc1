"""A small schema in the real application; as a script it serves, for tests of the process."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import strawberry
import structlog
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload
from strawberry.file_uploads.scalars import UploadDefinition
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from errors import BadInputError, ConflictError
from services.platform.identity import IDEMPOTENCY_KEY, Viewer
from services.platform.logs import configure_logging
from settings import Settings, get_settings
from web.app import create_app

SECRET_TEXT = "the password is swordfish"
log = structlog.get_logger(__name__)


@dataclass
class Context:
    viewer: Viewer
    request_id: str


@strawberry.type
class Me:
    owner: str
    name: str | None
    scopes: list[str]


@strawberry.type
class Leaf:
    text: str = "leaf"

    @strawberry.field
    def leaf(self) -> "Leaf":
        return Leaf()

    @strawberry.field
    def broken(self) -> str | None:
        raise BadInputError("That is not good.")


@strawberry.enum
class Colour(Enum):
    RED = "red"
    GREEN = "green"


@strawberry.input
class TintInput:
    colour: Colour


@strawberry.type
class Query:
    @strawberry.field
    def tint(self, input: TintInput) -> str:
        return input.colour.value

    @strawberry.field
    def paint(self, colour: Colour) -> str:
        return colour.value

    @strawberry.field
    def mix(self, colours: list[Colour]) -> str:
        return "-".join(colour.value for colour in colours)

    @strawberry.field
    def hello(self, name: str = "world") -> str:
        log.info("hello.asked", name=name)
        return f"hello {name}"

    @strawberry.field
    def me(self, info: Info[Context, None]) -> Me:
        viewer = info.context.viewer
        return Me(owner=viewer.id, name=viewer.name, scopes=list(viewer.scopes))

    @strawberry.field
    def context_number(self, info: Info[Context, None]) -> str:
        return str(id(info.context))

    @strawberry.field
    def request_id(self, info: Info[Context, None]) -> str:
        return info.context.request_id

    @strawberry.field
    def leaf(self) -> Leaf:
        return Leaf()

    @strawberry.field
    def leaves(self, first: int | None = None) -> list[Leaf]:
        return [Leaf() for _ in range(first or 20)]

    @strawberry.field
    async def waits(self) -> str:
        """Never answers, and logs when it is cancelled."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.info("waits.cancelled")
            raise
        return ""

    @strawberry.field
    def refused(self) -> str:
        raise BadInputError("That is not good.", path=["input", "items", 3])

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError(SECRET_TEXT)


@strawberry.type
class Mutation:
    calls = 0

    @strawberry.mutation
    def count(self) -> int:
        Mutation.calls += 1
        return Mutation.calls

    @strawberry.mutation
    async def takes(self, seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    @strawberry.mutation
    def idempotency_key(self) -> str | None:
        return IDEMPOTENCY_KEY.get()

    @strawberry.mutation
    async def upload(self, file: Upload) -> str:
        assert isinstance(file, UploadFile)
        digest, size = hashlib.sha256(), 0
        while chunk := await file.read(65536):
            digest.update(chunk)
            size += len(chunk)
        return f"{file.filename} {size} {digest.hexdigest()}"

    @strawberry.mutation
    async def uploads(self, files: list[Upload]) -> int:
        return len(files)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count_to(self, n: int) -> AsyncGenerator[int, None]:
        for number in range(1, n + 1):
            yield number

    @strawberry.subscription
    async def endless(self) -> AsyncGenerator[int, None]:
        number = 0
        while True:
            number += 1
            yield number
            await asyncio.sleep(0.05)

    @strawberry.subscription
    async def hurried(self) -> AsyncGenerator[int, None]:
        """Counts as fast as possible, while yielding to other tasks."""
        for number in range(1_000_000):
            yield number
            await asyncio.sleep(0)

    @strawberry.subscription
    async def idle(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError(SECRET_TEXT)

    @strawberry.subscription
    async def conflicts(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ConflictError("Somebody else was quicker.")


schema = strawberry.Schema(
    Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map={Upload: UploadDefinition}),
)


@dataclass
class LocalFile:
    content_type: str
    name: str
    path: Path | None
    content: bytes

    @property
    def bytes(self) -> int:
        return len(self.content)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    async def stream(self, start: int, end: int) -> AsyncIterator[Any]:
        for at in range(start, end, 1000):
            yield self.content[at : min(end, at + 1000)]


def tiny_app(
    settings: Settings, *, files: dict[str, LocalFile] | None = None, missing: dict[str, str | None] | None = None
) -> Starlette:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        yield

    async def open_file(file_id: str) -> LocalFile | None:
        return (files or {}).get(file_id)

    async def readiness() -> dict[str, str | None]:
        return {"database": None, "broker": None} if missing is None else missing

    return create_app(
        settings,
        schema=schema,
        build_context=lambda viewer, request_id: Context(viewer, request_id),
        lifespan=lifespan,
        open_file=open_file,
        readiness=readiness,
    )


if __name__ == "__main__":
    from services.platform.runtime import open_runtime
    from web.serving import serve

    configure_logging(get_settings())
    with open_runtime():
        serve(get_settings(), tiny_app)
