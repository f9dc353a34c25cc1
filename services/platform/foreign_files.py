"""Reads files from strangers under the deployment's bounds: uploads, what links lead to, results of providers."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, TypeVarTuple

from media.bounds import FileBounds
from media.checking import ResultInfo, check_results
from media.documents import DocumentText, clean_text, read_document
from media.parsing import Reading, read_foreign
from media.pictures import PictureInfo, normalise_picture, recognise_picture
from media.probe import MediaInfo, probe
from media.recognising import Recognised, recognise_file
from settings import Settings, get_settings

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

NOBODY = ""
"""The owner of readings whose owner is not known where they are made."""
_CHECK_FACTOR = 4.0  # results may be a gigabyte of film


def bounds_of(settings: Settings) -> FileBounds:
    return FileBounds(
        picture_side=settings.max_picture_side,
        picture_pixels=settings.max_picture_pixels,
        film_side=settings.max_film_side,
        film_frame_rate=settings.max_film_frame_rate,
        media_seconds=settings.max_media_seconds,
        document_pages=settings.max_document_pages,
        document_seconds=settings.document_seconds,
        text_characters=settings.max_text_characters,
    )


async def in_parser(
    owner: str,
    function: Callable[[*Arguments], Result],
    *args: *Arguments,
    cpu_seconds: float | None = None,
) -> Result:
    """media.parsing.read_foreign under this deployment's settings. cpu_seconds: EKONTE_PARSER_SECONDS if not given."""
    settings = get_settings()
    reading = Reading(settings.parser_concurrency, settings.parser_memory_bytes, cpu_seconds or settings.parser_seconds)
    return await read_foreign(owner, reading, function, *args)


async def recognise(owner: str, path: Path) -> Recognised:
    """Raises UnsupportedFileError and FileTooLargeError with the reason."""
    settings = get_settings()
    seconds = settings.document_seconds + settings.parser_seconds
    return await in_parser(
        owner, recognise_file, path, bounds_of(settings), settings.max_upload_bytes, cpu_seconds=seconds
    )


async def picture_info(owner: str, path: Path) -> PictureInfo:
    return await in_parser(owner, recognise_picture, path, bounds_of(get_settings()))


async def normalised_picture(owner: str, path: Path, out: Path, max_side: int) -> PictureInfo:
    return await in_parser(owner, normalise_picture, path, out, max_side, bounds_of(get_settings()))


async def media_info(owner: str, path: Path) -> MediaInfo:
    return await in_parser(owner, probe, path, bounds_of(get_settings()))


async def result_infos(owner: str, paths: list[Path], kind: str) -> list[ResultInfo]:
    """media.checking.check_results. kind: IMAGE or VIDEO."""
    settings = get_settings()
    seconds = _CHECK_FACTOR * settings.parser_seconds
    return await in_parser(owner, check_results, paths, kind, bounds_of(settings), cpu_seconds=seconds)


async def document_text(owner: str, path: Path, max_bytes: int) -> DocumentText:
    settings = get_settings()
    # The reader gives up by itself before the kernel ends it, and says why.
    seconds = settings.document_seconds + settings.parser_seconds
    return await in_parser(owner, read_document, path, bounds_of(settings), max_bytes, cpu_seconds=seconds)


async def cleaned_text(owner: str, text: str) -> str:
    """media.documents.clean_text; for texts of any length, so not on the event loop."""
    return await in_parser(owner, clean_text, text, cpu_seconds=get_settings().document_seconds)
