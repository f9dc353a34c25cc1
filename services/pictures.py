"""Pictures as stored files: what kind they are and how large, found out by their bytes."""

from pathlib import Path

import anyio.to_thread

from media.pictures import recognise_picture
from services.files import NewFile


async def picture_file(path: Path, name: str) -> NewFile:
    """A picture on the disk, ready to store. UnsupportedFileError where it is none that we take."""
    info = await anyio.to_thread.run_sync(lambda: recognise_picture(path.read_bytes()))
    return NewFile(path, info.content_type, name, width=info.width, height=info.height)
