"""Names and types of generated files before they are stored."""

import mimetypes
from pathlib import Path

from media.checking import ResultInfo
from models.generation_requests import GenerationRequest
from services.platform.files import NewFile

_EXTENSIONS = {"image/jpeg": ".jpg", "image/webp": ".webp", "video/mp4": ".mp4"}


def new_result_file(
    path: Path, info: ResultInfo, request: GenerationRequest, number: int, link: str | None = None
) -> NewFile:
    """A result as a file to store, named after its storyboard. number: from 0. link: the source, if there is one."""
    extension = _EXTENSIONS.get(info.content_type) or mimetypes.guess_extension(info.content_type) or ""
    return NewFile(
        path,
        info.content_type,
        f"{request.storyboard_id[:80]}-{number + 1}{extension}",
        width=info.width,
        height=info.height,
        duration_seconds=info.duration_seconds,
        source_url=link,
    )
