"""Pictures as stored files, and as what builds hand in: what kind they are and how large, found out by their bytes."""

from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from media.pictures import recognise_picture
from models.enums import FileRole
from services.film.artifacts.context import MadeFile, Result
from services.platform.files import NewFile


async def picture_file(path: Path, name: str) -> NewFile:
    """A picture on the disk, ready to store. UnsupportedFileError where it is none that we take."""
    info = await anyio.to_thread.run_sync(lambda: recognise_picture(path.read_bytes()))
    return NewFile(path, info.content_type, name, width=info.width, height=info.height)


async def picture_result(paths: Sequence[Path], name: str) -> Result:
    """Pictures as a build's result: the first is the artifact's, all are its candidates."""
    files = [await picture_file(path, f"{name}{path.suffix or '.png'}") for path in paths]
    return Result(
        files=(
            MadeFile(files[0]),
            *(MadeFile(file, FileRole.CANDIDATE, position) for position, file in enumerate(files)),
        )
    )
