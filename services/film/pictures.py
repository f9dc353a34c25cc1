"""Converts pictures on disk to files for storage and to build results; type and size are read from their bytes."""

from collections.abc import Sequence
from pathlib import Path

from models.enums import FileRole
from services.film.artifacts.context import MadeFile, Result
from services.platform.files import NewFile
from services.platform.foreign_files import picture_info


async def picture_file(owner: str, path: Path, name: str) -> NewFile:
    """Returns a picture on disk as a file to store. Raises UnsupportedFileError and FileTooLargeError, with the reason,
    for one that is not taken: what a provider returned is a stranger's file, too.
    """
    info = await picture_info(owner, path)
    return NewFile(path, info.content_type, name, width=info.width, height=info.height)


async def picture_result(owner: str, paths: Sequence[Path], name: str) -> Result:
    """Returns pictures as a build result: the first is the main file, all are candidates."""
    files = [await picture_file(owner, path, f"{name}{path.suffix or '.png'}") for path in paths]
    return Result(
        files=(
            MadeFile(files[0]),
            *(MadeFile(file, FileRole.CANDIDATE, position) for position, file in enumerate(files)),
        )
    )
