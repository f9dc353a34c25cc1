"""The texts that workflows are made from."""

from collections.abc import Sequence

import anyio.to_thread
import structlog

from errors import JobFailure
from models.files import StoredFile
from models.scripts import Script
from services.platform.files import local_copy, ready_files
from services.platform.owned import owned

log = structlog.get_logger(__name__)

MAX_TEXT_BYTES = 64 * 1024
"Longer texts are only given as a file."


async def source_files_by_workflow_id(owner: str, workflow_ids: Sequence[int]) -> list[StoredFile | None]:
    """Returns for each workflow the file of its newest script's text; two statements."""
    newest: dict[int, int] = {}
    scripts = owned(Script, owner).filter(workflow_id__in=list(workflow_ids)).order_by("id")
    for workflow_id, file_id in await scripts.values_list("workflow_id", "source_file_id"):
        newest[int(workflow_id)] = int(file_id)
    files = await ready_files(owner, list(newest.values()))
    return [files.get(newest.get(workflow_id, 0)) for workflow_id in workflow_ids]


async def texts_by_file(files: Sequence[StoredFile]) -> list[str | None]:
    """Returns for each file its text; None where it is longer than MAX_TEXT_BYTES, or cannot be read now."""
    return [await _text(file) for file in files]


async def _text(file: StoredFile) -> str | None:
    if file.bytes > MAX_TEXT_BYTES:
        return None
    try:
        path = await local_copy(file)
        return await anyio.to_thread.run_sync(lambda: path.read_text("utf-8"))
    except (JobFailure, OSError) as error:
        log.warning("source.unreadable", sha256=file.sha256, error=str(error))
        return None
