"""Converts pictures on disk to files for storage and to build results; type and size are read from their bytes."""

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from media.pictures import recognise_picture
from models.enums import FileRole
from services.film.artifacts.context import MadeFile, Result
from services.platform.files import NewFile


async def picture_file(path: Path, name: str) -> NewFile:
    """Returns a picture on disk as a file to store. Raises UnsupportedFileError for an unsupported format."""
    info = await anyio.to_thread.run_sync(lambda: recognise_picture(path.read_bytes()))
    return NewFile(path, info.content_type, name, width=info.width, height=info.height)


async def picture_result(paths: Sequence[Path], name: str) -> Result:
    """Returns pictures as a build result: the first is the main file, all are candidates."""
    files = [await picture_file(path, f"{name}{path.suffix or '.png'}") for path in paths]
    return Result(
        files=(
            MadeFile(files[0]),
            *(MadeFile(file, FileRole.CANDIDATE, position) for position, file in enumerate(files)),
        )
    )
