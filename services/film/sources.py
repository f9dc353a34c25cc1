"""Reads a script's source text from the request, an uploaded file, or a link."""

import shutil
import tempfile
from pathlib import Path

import anyio.to_thread

from errors import BadInputError, EkonteError, FileTooLargeError, UnsupportedFileError, not_found
from media.documents import clean_text
from models.enums import FileState
from models.files import StoredFile
from models.ids import parse_global_id
from services.film.content_kinds import HINTS, ContentKind, content_kind, link_in
from services.platform import foreign_files
from services.platform.files import NewFile, local_copy, store_file
from services.platform.links import REQUEST_SECONDS, fetch_link
from settings import get_settings

SHORT_CHARACTERS = 20_000


class scratch_folder:  # noqa: N801
    """An empty temporary folder below the data folder, removed at exit: `async with scratch_folder() as path`."""

    async def __aenter__(self) -> Path:
        base = get_settings().data_dir / "scratch"
        await anyio.to_thread.run_sync(lambda: base.mkdir(parents=True, exist_ok=True))
        self._path = Path(await anyio.to_thread.run_sync(lambda: tempfile.mkdtemp(prefix="request-", dir=base)))
        return self._path

    async def __aexit__(self, *_: object) -> None:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(self._path, ignore_errors=True))


def check_one_source(content: str | None, file: str | None) -> None:
    """Raises BadInputError unless exactly one of the two is given, and for a content that is no text."""
    if content is None and file is None:
        raise BadInputError("No text was given. Set inputContent or inputFile.", path=["input", "inputContent"])
    if content is not None and file is not None:
        raise BadInputError("Set inputContent or inputFile, not both.", path=["input", "inputContent"])
    if content is not None and not content.strip():
        raise BadInputError("The text is empty.", path=["input", "inputContent"])
    hint = HINTS.get(content_kind(content)) if content is not None else None
    if hint is not None:
        raise BadInputError(hint, path=["input", "inputContent"])


async def store_source(owner: str, content: str | None, file: str | None) -> StoredFile:
    """Stores the text as a UTF-8 file; a content that is nothing but a link is fetched.

    Raises BadInputError, NotFoundError, UnsupportedFileError, FileTooLargeError.
    """
    check_one_source(content, file)
    async with scratch_folder() as folder:
        if content is None:
            text = await _read_file(owner, file or "", folder, "inputFile")
        elif content_kind(content) is ContentKind.LINK:
            text = await _read_file(owner, link_in(content), folder, "inputContent")
        else:
            text = await _checked_content(owner, content)
        out = folder / "source.txt"
        await anyio.to_thread.run_sync(lambda: out.write_text(text, "utf-8", newline=""))
        return await store_file(owner, NewFile(out, "text/plain", "story.txt"), is_limited=True)


async def _checked_content(owner: str, content: str) -> str:
    most = get_settings().max_text_characters
    if len(content) > most:
        raise FileTooLargeError(
            f"The text has {len(content)} characters; at most {most} are allowed.", path=["input", "inputContent"]
        )
    if len(content.encode("utf-8", "replace")) > get_settings().max_upload_bytes:
        raise FileTooLargeError(
            f"The text has more than {get_settings().max_upload_bytes} bytes.", path=["input", "inputContent"]
        )
    text = await _cleaned(owner, content)
    if not text.strip():
        raise BadInputError("The text is empty.", path=["input", "inputContent"])
    return text


async def _cleaned(owner: str, content: str) -> str:
    """Short texts are cleaned at once, since a process would take longer; long ones not on the event loop."""
    if len(content) <= SHORT_CHARACTERS:
        return clean_text(content)
    return await foreign_files.cleaned_text(owner, content)


async def _read_file(owner: str, file: str, folder: Path, field: str) -> str:
    """The text of a link or an upload. field: where the caller named it."""
    limit = get_settings().max_upload_bytes
    if file.lower().startswith(("http://", "https://")):
        try:
            fetched = await fetch_link(
                file,
                max_bytes=limit,
                allowed_private_hosts=get_settings().allowed_private_hosts,
                into=folder / "fetched",
                total_seconds=REQUEST_SECONDS,
            )
        except BadInputError as error:
            raise BadInputError(error.message, path=["input", field]) from error
        path = fetched.path
    else:
        path = await local_copy(await own_upload(owner, file, "input", field))
    try:
        document = await foreign_files.document_text(owner, path, limit)
    except (UnsupportedFileError, FileTooLargeError) as error:
        raise type(error)(error.message, path=["input", field]) from error
    return document.text


async def own_upload(owner: str, file_id: str, *path: str) -> StoredFile:
    """Returns the owner's file. Raises BadInputError for an invalid id, NotFoundError if the file does not exist."""
    parsed = parse_global_id(file_id)
    if parsed is None or parsed[0] != "StoredFile":
        raise BadInputError(
            "Use an http(s) link or the id of an upload; a file of your own machine is uploaded first.", path=path
        )
    row = await StoredFile.get_or_none(id=parsed[1], owner=owner, state=FileState.READY)
    if row is None:
        error: EkonteError = not_found("upload", path)
        raise error
    return row
